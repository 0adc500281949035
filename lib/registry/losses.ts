import type { CategoricalHinge, categoricalHinge } from "../losses/categorical-hinge.js";
import type { CrammerSinger, crammerSinger } from "../losses/crammer-singer.js";
import type { Hinge, hinge } from "../losses/hinge.js";
import { definitions, ownNames } from "../losses/list.js";
import { Loss } from "../losses/loss.js";
import type { ModifiedHuber, modifiedHuber } from "../losses/modified-huber.js";
import type { SquaredHinge, squaredHinge } from "../losses/squared-hinge.js";
import type { WestonWatkins, westonWatkins } from "../losses/weston-watkins.js";
import { type CustomObjects, type Found, Registry, type Serialized } from "./registry.js";

/** Any of the losses. */
export type AnyLoss = Loss;

const losses = new Registry<AnyLoss>(
  { name: "keras.losses", wrapper: "LossFunctionWrapper" },
  (value): value is AnyLoss => value instanceof Loss,
  Object.fromEntries(
    definitions.flatMap((definition) => [
      [definition.Loss.name, definition.Loss],
      [definition.spec.name, definition.function],
    ]),
  ) as CustomObjects<AnyLoss>,
  ownNames,
);

/**
 * Finds a loss by Keras's identifiers, or by the names of the losses that Keras does not have.
 *
 * @param identifier - `"hinge"`, `"squared_hinge"`, `"categorical_hinge"`, `"modified_huber"`,
 *   `"crammer_singer"` or `"weston_watkins"` for a function; `"Hinge"` and so on, or such a class, for
 *   a new instance;
 *   `{ class_name, config }` as for {@link deserialize}; a loss or a function, which is returned
 *   unchanged; null.
 * @returns a function, an instance, or null for null.
 * @throws TypeError or RangeError if it is none of these, or its config is invalid.
 * @example
 * ```ts
 * import { get, Hinge, hinge } from "maxmargin";
 *
 * get("hinge") === hinge; //=> true
 * const loss = get({ class_name: "Hinge", config: { reduction: "sum" } });
 * loss instanceof Hinge && loss.reduction; //=> "sum"
 * ```
 * @see Keras, `keras.losses.get`
 */
export function get(identifier: "hinge"): typeof hinge;
export function get(identifier: "squared_hinge"): typeof squaredHinge;
export function get(identifier: "categorical_hinge"): typeof categoricalHinge;
export function get(identifier: "modified_huber"): typeof modifiedHuber;
export function get(identifier: "crammer_singer"): typeof crammerSinger;
export function get(identifier: "weston_watkins"): typeof westonWatkins;
export function get(identifier: "Hinge"): Hinge;
export function get(identifier: "SquaredHinge"): SquaredHinge;
export function get(identifier: "CategoricalHinge"): CategoricalHinge;
export function get(identifier: "ModifiedHuber"): ModifiedHuber;
export function get(identifier: "CrammerSinger"): CrammerSinger;
export function get(identifier: "WestonWatkins"): WestonWatkins;
export function get<L extends AnyLoss | null>(identifier: L): L;
export function get(identifier: unknown): Found<AnyLoss> | null;
export function get(identifier: unknown): Found<AnyLoss> | null {
  return losses.get(identifier);
}

/**
 * Saves a loss as Keras does.
 *
 * @param loss - a loss, or one of the functions.
 * @returns an object that {@link deserialize} and `keras.losses.deserialize` accept, also as JSON.
 * @throws TypeError if it is something else.
 * @example
 * ```ts
 * import { Hinge, serialize } from "maxmargin";
 *
 * serialize(new Hinge()).config; //=> { name: "hinge", reduction: "sum_over_batch_size" }
 * ```
 * @see Keras, `keras.losses.serialize`
 */
export function serialize(loss: Found<AnyLoss>): Serialized {
  return losses.serialize(loss);
}

/**
 * Loads a loss that this library or Keras saved.
 *
 * @param config - the result of {@link serialize} or of Keras's own, `{ class_name, config }`, a
 *   name, or null. Its `dtype` can be a policy that Keras has saved, and its class Keras's
 *   `LossFunctionWrapper` of one of the functions.
 * @param customObjects - other classes, with a static `fromConfig`, and functions, by their names:
 *   `"Name"`, or `"package>Name"` for classes registered by Keras's `register_keras_serializable`.
 * @returns a loss or a function; an unknown name is returned unchanged, and null for null.
 * @throws TypeError or RangeError if the config is invalid, or a registered class is not among the
 *   custom objects.
 * @example
 * ```ts
 * import { deserialize, Hinge, serialize } from "maxmargin";
 *
 * const saved = JSON.stringify(serialize(new Hinge({ reduction: "sum" })));
 * const loss = deserialize(JSON.parse(saved));
 * loss instanceof Hinge && loss.reduction; //=> "sum"
 * ```
 * @see Keras, `keras.losses.deserialize`
 */
export function deserialize(
  config: Serialized | string | null,
  customObjects: CustomObjects<AnyLoss> | null = null,
): Found<AnyLoss> | string | null {
  return losses.deserialize(config, customObjects);
}
