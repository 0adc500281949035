// What to write instead of a value that is no tensor, by what its library offers.

/** Methods that return values which can be read, the best first. */
const methods = ["toTypedArray", "dataSync", "toArray", "to2DArray", "arraySync", "tolist"];

const has = (value: object, method: string) =>
  typeof (value as Record<string, unknown>)[method] === "function";

const tagOf = (value: object) => Object.prototype.toString.call(value).slice(8, -1);

/** What a program can write to get at the values of an object; undefined if nothing is known of it. */
function remedyOf(value: object): string | undefined {
  if (has(value, "then")) return "await it";
  if (/^(Shared)?ArrayBuffer$/.test(tagOf(value))) return "write new Float32Array(buffer)";
  if (tagOf(value) === "DataView") {
    return "write new Float32Array(view.buffer, view.byteOffset, view.byteLength / 4)";
  }
  if (has(value, "data")) return "write tensor(await t.data(), t.shape), or dataSync()";
  if (has(value, "getChild") && "numCols" in value) {
    return 'write table.getChild("column").toArray()';
  }
  if (has(value, "getColumn")) return 'write frame.getColumn("column").toTypedArray()';
  const method = methods.find((name) => has(value, name));
  if (method !== undefined) return `write its ${method}()`;
  const values = ["values", "value"].find((name) => {
    const own = (value as Record<string, unknown>)[name];
    return ArrayBuffer.isView(own) || Array.isArray(own);
  });
  if (values !== undefined && "shape" in value)
    return `write { data: t.${values}, shape: t.shape }`;
  if (values !== undefined) return `write its ${values}`;
  if ("data" in value) return "a shape is missing: write { data, shape }";
  return has(value, "next") || tagOf(value) === "Set" ? "write [...values]" : undefined;
}

/**
 * What to write instead of a value that is no tensor.
 *
 * @param expected - what to say if nothing is known of it.
 */
export const remedyFor = (value: unknown, expected: string) =>
  (typeof value === "object" && value !== null ? remedyOf(value) : undefined) ?? expected;
