import { described, wrongKind, wrongValue } from "./errors.js";

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
