import { described, wrongKind, wrongValue } from "./errors.js";
import { categoricalHinge, hinge, squaredHinge } from "./functional.js";
import { CategoricalHinge, Hinge, Loss, SquaredHinge } from "./losses.js";

/** What Keras saves of a loss or a metric, or of a function; `module` and `registered_name` may lack. */
export interface Serialized {
  readonly module?: string | null;
  readonly class_name: string;
  /** What `getConfig` gives, or the name of a function. */
  readonly config?: object | string;
  readonly registered_name?: string | null;
}

/** A class that makes its instances from a config. */
interface Configurable<Item> {
  new (): Item;
  fromConfig(config: object): Item;
}

type AnyFunction = (...args: never[]) => unknown;

/** Classes and functions by the names that Keras gives them. */
export type CustomObjects<Item> = Readonly<Record<string, Configurable<Item> | AnyFunction>>;

/** What an identifier stands for. */
export type Found<Item> = Item | AnyFunction;

const isClass = <Item>(value: unknown): value is Configurable<Item> =>
  typeof value === "function" && "fromConfig" in value;

/** Finds, saves and loads the objects of one of Keras's modules. */
export class Registry<Item extends { getConfig(): object }> {
  readonly #module: string;
  readonly #isItem: (value: unknown) => value is Item;
  readonly #objects: CustomObjects<Item>;

  constructor(
    module: string,
    isItem: (value: unknown) => value is Item,
    objects: CustomObjects<Item>,
  ) {
    this.#module = module;
    this.#isItem = isItem;
    this.#objects = objects;
  }

  get(identifier: unknown): Found<Item> | null {
    if (identifier === null) return null;
    const found =
      typeof identifier === "string"
        ? this.#find(identifier, {})
        : isSerialized(identifier)
          ? this.deserialize(identifier, {})
          : identifier;
    if (isClass<Item>(found)) return new found();
    if (typeof found === "function" || this.#isItem(found)) return found as Found<Item>;
    const wrong = typeof identifier === "string" || found !== identifier ? wrongValue : wrongKind;
    throw wrong("identifier", this.#expected(), described(found ?? identifier));
  }

  serialize(object: unknown): Serialized {
    const names = Object.keys(this.#objects);
    if (this.#isItem(object)) {
      const own = names.find((name) => this.#objects[name] === object.constructor);
      const class_name = own ?? object.constructor.name;
      const config = object.getConfig();
      return { module: this.#module, class_name, config, registered_name: null };
    }
    const name = names.find((name) => this.#objects[name] === object);
    if (name === undefined || isClass(object)) {
      throw wrongKind("object", this.#expected(), described(object));
    }
    return {
      module: "builtins",
      class_name: "function",
      config: name,
      registered_name: "function",
    };
  }

  /** A name that nothing has comes back as it is, as from Keras. */
  deserialize(saved: unknown, customObjects: CustomObjects<Item>): Found<Item> | string | null {
    if (saved === null) return null;
    if (typeof saved === "string") {
      const found = this.#find(saved, customObjects);
      return isClass<Item>(found) ? new found() : (found ?? saved);
    }
    if (!isSerialized(saved)) {
      throw wrongKind("config", "a name or { class_name, config }", described(saved));
    }
    const { class_name, config = {} } = saved;
    if (class_name === "function" && typeof config === "string") {
      return this.deserialize(config, customObjects);
    }
    const found = this.#find(class_name, customObjects);
    return isClass<Item>(found) ? found.fromConfig(config as object) : (found ?? class_name);
  }

  #find(
    name: string,
    customObjects: CustomObjects<Item>,
  ): Configurable<Item> | AnyFunction | undefined {
    for (const objects of [customObjects, this.#objects]) {
      if (Object.hasOwn(objects, name)) return objects[name];
    }
    return undefined;
  }

  #expected(): string {
    const names = Object.keys(this.#objects).map((name) => JSON.stringify(name));
    return `one of ${names.join(", ")}, such an object, or what serialize gives`;
  }
}

function isSerialized(value: unknown): value is Serialized {
  return (
    typeof value === "object" &&
    value !== null &&
    typeof (value as { class_name?: unknown }).class_name === "string"
  );
}

/** Any of the losses. */
export type AnyLoss = Loss;

const losses = new Registry<AnyLoss>(
  "keras.losses",
  (value): value is AnyLoss => value instanceof Loss,
  {
    Hinge,
    SquaredHinge,
    CategoricalHinge,
    hinge,
    squared_hinge: squaredHinge,
    categorical_hinge: categoricalHinge,
  },
);

/**
 * Finds a loss by Keras's identifiers.
 *
 * @param identifier - `"hinge"`, `"squared_hinge"` or `"categorical_hinge"` for a function; `"Hinge"`,
 *   `"SquaredHinge"` or `"CategoricalHinge"`, or such a class, for a new instance; `{ class_name, config }` as
 *   for {@link deserialize}; a loss or a function, which is returned as it is; null.
 * @returns a function, an instance, or null for null.
 * @throws TypeError or RangeError if it is none of these, or its config is not one.
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
export function get(identifier: "Hinge"): Hinge;
export function get(identifier: "SquaredHinge"): SquaredHinge;
export function get(identifier: "CategoricalHinge"): CategoricalHinge;
export function get<L extends AnyLoss | null>(identifier: L): L;
export function get(identifier: unknown): Found<AnyLoss> | null;
export function get(identifier: unknown): Found<AnyLoss> | null {
  return losses.get(identifier);
}

/**
 * Saves a loss as Keras does.
 *
 * @param loss - a loss, or one of the three functions.
 * @returns JSON that {@link deserialize} and `keras.losses.deserialize` take.
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
 * @param config - what {@link serialize} or Keras's own gives, `{ class_name, config }`, a name, or null.
 * @param customObjects - other classes, with a static `fromConfig`, and functions by their names.
 * @returns a loss or a function; a name that nothing has comes back as it is, and null for null.
 * @throws TypeError or RangeError if the config is not one.
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
  customObjects: CustomObjects<AnyLoss> = {},
): Found<AnyLoss> | string | null {
  return losses.deserialize(config, customObjects);
}
