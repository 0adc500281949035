import { described, oneOf, wrongKind, wrongValue } from "../errors.js";

/**
 * The JSON that Keras saves for a loss, a metric or a function. `module` and `registered_name` are
 * optional.
 */
export interface Serialized {
  /** The Python module of a class of Keras, such as `"keras.losses"`. */
  readonly module?: string | null;
  /** The name of the class or function. */
  readonly class_name: string;
  /** The result of `getConfig`, or the name of a function; `null` is the same as none. */
  readonly config?: object | string | null;
  /** `"package>Name"` for a registered class. */
  readonly registered_name?: string | null;
}

/** A class that creates its instances from a config. */
interface Configurable<Item> {
  new (): Item;
  fromConfig(config: object): Item;
}

type AnyFunction = (...args: never[]) => unknown;

/** Classes and functions by their Keras names, `"Name"` or `"package>Name"`. */
export type CustomObjects<Item> = Readonly<Record<string, Configurable<Item> | AnyFunction>>;

/** The object that an identifier names. */
export type Found<Item> = Item | AnyFunction;

const isClass = <Item>(value: unknown): value is Configurable<Item> =>
  typeof value === "function" && "fromConfig" in value;

/** The package of objects that Keras does not have, in the names under which they are saved. */
const ownPackage = "maxmargin";
const ownPrefix = `${ownPackage}>`;

/** The names under which Keras saves the objects of a module. */
export interface Module {
  readonly name: string;
  /** The class that turns a function into an item. */
  readonly wrapper: string;
}

/** Finds, saves and loads the objects of one of Keras's modules, and our own beside them. */
export class Registry<Item extends { getConfig(): object }> {
  readonly #module: Module;
  readonly #isItem: (value: unknown) => value is Item;
  readonly #objects: CustomObjects<Item>;
  readonly #ownNames: readonly string[];

  /** @param ownNames - the names of the objects that Keras does not have. */
  constructor(
    module: Module,
    isItem: (value: unknown) => value is Item,
    objects: CustomObjects<Item>,
    ownNames: readonly string[],
  ) {
    this.#module = module;
    this.#isItem = isItem;
    this.#objects = objects;
    this.#ownNames = ownNames;
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
      return this.#ownNames.includes(class_name)
        ? { module: ownPackage, class_name, config, registered_name: ownPrefix + class_name }
        : { module: this.#module.name, class_name, config, registered_name: null };
    }
    const name = names.find((name) => this.#objects[name] === object);
    if (name === undefined || isClass(object)) {
      throw wrongKind("object", this.#expected(), described(object));
    }
    return {
      module: "builtins",
      class_name: "function",
      config: name,
      registered_name: this.#ownNames.includes(name) ? ownPrefix + name : "function",
    };
  }

  /** Loads an object. An unknown name is returned unchanged, as in Keras. */
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
    if (found === undefined && class_name === this.#module.wrapper)
      return this.#unwrapped(config, custom);
    return isClass<Item>(found)
      ? found.fromConfig((config ?? {}) as object)
      : (found ?? class_name);
  }

  /**
   * Finds the first name among the custom objects, otherwise the last one among the module's own.
   */
  #find(
    names: readonly unknown[],
    customObjects: CustomObjects<Item>,
  ): Configurable<Item> | AnyFunction | undefined {
    const strings = names.filter((name): name is string => typeof name === "string");
    const custom = strings.find((name) => Object.hasOwn(customObjects, name));
    if (custom !== undefined) return customObjects[custom];
    // A registered class is not the class of the same name in this module.
    const registered = strings.find((name) => name.includes(">"));
    const own = strings.at(-1) as string;
    const isOwn = registered === ownPrefix + own && this.#ownNames.includes(own);
    if (registered !== undefined && !isOwn) {
      throw wrongValue("customObjects", `one named ${JSON.stringify(registered)}`, "none");
    }
    return Object.hasOwn(this.#objects, own) ? this.#objects[own] : undefined;
  }

  /**
   * Unwraps a function in Keras's wrapper: returns an instance of the class with the name of the
   * function.
   */
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

/** Returns the names of a saved function, its own last; undefined for anything else. */
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
