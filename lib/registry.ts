import { described, oneOf, wrongKind, wrongValue } from "./errors.js";
import { categoricalHinge, hinge, squaredHinge } from "./functional.js";
import { CategoricalHinge, Hinge, Loss, SquaredHinge } from "./losses.js";

/** What Keras saves of a loss or a metric, or of a function; `module` and `registered_name` may lack. */
export interface Serialized {
  readonly module?: string | null;
  readonly class_name: string;
  /** What `getConfig` gives, or the name of a function; `null` is as good as none. */
  readonly config?: object | string | null;
  /** Of a class that was registered, `"package>Name"`. */
  readonly registered_name?: string | null;
}

/** A class that makes its instances from a config. */
interface Configurable<Item> {
  new (): Item;
  fromConfig(config: object): Item;
}

type AnyFunction = (...args: never[]) => unknown;

/** Classes and functions by the names that Keras gives them, `"Name"` or `"package>Name"`. */
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
  readonly #wrapper: string;

  /** @param wrapper - the name of Keras's class that makes an item of any function. */
  constructor(
    module: string,
    isItem: (value: unknown) => value is Item,
    objects: CustomObjects<Item>,
    wrapper: string,
  ) {
    this.#module = module;
    this.#isItem = isItem;
    this.#objects = objects;
    this.#wrapper = wrapper;
  }

  get(identifier: unknown): Found<Item> | null {
    if (identifier === null) return null;
    const found =
      typeof identifier === "string"
        ? this.#find([identifier], {})
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
  deserialize(
    saved: unknown,
    customObjects: CustomObjects<Item> | null,
  ): Found<Item> | string | null {
    const custom = checkedObjects<Item>(customObjects);
    if (saved === null) return null;
    if (typeof saved !== "string" && !isSerialized(saved)) {
      throw wrongKind("config", "a name or { class_name, config }", described(saved));
    }
    const functionNames = typeof saved === "string" ? [saved] : namesOfFunction(saved);
    if (functionNames !== undefined) {
      const found = this.#find(functionNames, custom);
      return isClass<Item>(found) ? new found() : (found ?? (functionNames.at(-1) as string));
    }
    const { class_name, registered_name, config } = saved as Serialized;
    const found = this.#find([registered_name, class_name], custom);
    if (found === undefined && class_name === this.#wrapper) return this.#unwrapped(config, custom);
    return isClass<Item>(found)
      ? found.fromConfig((config ?? {}) as object)
      : (found ?? class_name);
  }

  /** Finds the first name that is a custom one, or the last one among the module's own. */
  #find(
    names: readonly unknown[],
    customObjects: CustomObjects<Item>,
  ): Configurable<Item> | AnyFunction | undefined {
    const strings = names.filter((name): name is string => typeof name === "string");
    const custom = strings.find((name) => Object.hasOwn(customObjects, name));
    if (custom !== undefined) return customObjects[custom];
    // What a package has registered is not what has the same name here.
    const registered = strings.find((name) => name.includes(">"));
    if (registered !== undefined) {
      throw wrongValue("customObjects", `one named ${JSON.stringify(registered)}`, "none");
    }
    const own = strings.at(-1) as string;
    return Object.hasOwn(this.#objects, own) ? this.#objects[own] : undefined;
  }

  /** Makes what Keras's wrapper of one of the functions is: an item of the class with the function's name. */
  #unwrapped(saved: unknown, customObjects: CustomObjects<Item>): Item {
    const { fn, ...config } = (saved ?? {}) as { fn?: unknown };
    const names = isSerialized(fn) ? namesOfFunction(fn) : [fn];
    const functions = Object.keys(this.#objects).filter((name) => name === name.toLowerCase());
    const name = functions.find((name) => name === names?.at(-1));
    if (name === undefined || this.#find(names ?? [], customObjects) !== this.#objects[name]) {
      throw wrongValue("config.fn", oneOf(functions), described(name ?? fn));
    }
    const className = name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
    return (this.#objects[className] as Configurable<Item>).fromConfig(config);
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

/** The names of a function that Keras has saved, its own last; undefined of anything else. */
function namesOfFunction({
  class_name,
  registered_name,
  config,
}: Serialized): readonly unknown[] | undefined {
  if (class_name !== "function") return undefined;
  if (typeof config === "string") return [registered_name, config];
  throw wrongKind("config.config", "the name of a function", described(config));
}

function checkedObjects<Item>(objects: unknown): CustomObjects<Item> {
  if (objects === null) return {};
  if (typeof objects !== "object" || Symbol.iterator in objects) {
    throw wrongKind("customObjects", "an object of classes and functions", described(objects));
  }
  for (const [name, value] of Object.entries(objects)) {
    if (typeof value !== "function") {
      throw wrongKind(
        `customObjects[${JSON.stringify(name)}]`,
        "a class or a function",
        described(value),
      );
    }
  }
  return objects as CustomObjects<Item>;
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
  "LossFunctionWrapper",
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
 * @param config - what {@link serialize} or Keras's own gives, `{ class_name, config }`, a name, or null. Its `dtype` may be
 *   a policy as Keras saves it, and its class Keras's `LossFunctionWrapper` of one of the three functions.
 * @param customObjects - other classes, with a static `fromConfig`, and functions, by their names: `"Name"`, or
 *   `"package>Name"` for what Keras's `register_keras_serializable` has named.
 * @returns a loss or a function; a name that nothing has comes back as it is, and null for null.
 * @throws TypeError or RangeError if the config is not one, or a class that was registered is not among the custom ones.
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
