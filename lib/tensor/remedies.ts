// Suggests the code to write instead of a value that cannot be read, by the methods that it has.

/** Methods that return readable values, the best first. */
const methods = [
  ...["toTypedArray", "dataSync", "toArray", "to2DArray", "arraySync", "tolist", "toNumber"],
];

const has = (value: object, method: string) =>
  typeof (value as Record<string, unknown>)[method] === "function";

/** Whether a vector holds float16, of which its array has the bits. */
const isHalf = (value: { readonly type?: unknown }) => String(value.type) === "Float16";

const tagOf = (value: object) => Object.prototype.toString.call(value).slice(8, -1);

/** Returns what to do about a value that cannot be read; undefined if it is unknown. */
export function remedyOf(value: unknown): string | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const code = codeFor(value);
  const { nullCount } = value as { readonly nullCount?: unknown };
  // The arrays of Arrow hold 0 instead.
  return code !== undefined && typeof nullCount === "number" && nullCount > 0
    ? `replace its nulls, then ${code}`
    : code;
}

/** Returns the code that gets at the values of an object; undefined if the object is unknown. */
function codeFor(value: object): string | undefined {
  if (has(value, "then")) return "await it";
  if (/^(Shared)?ArrayBuffer$/.test(tagOf(value))) return "write new Float32Array(buffer)";
  if (tagOf(value) === "DataView") {
    return "write new Float32Array(view.buffer, view.byteOffset, view.byteLength / 4)";
  }
  if (has(value, "data")) return "write tensor(await t.data(), t.shape), or dataSync()";
  if (has(value, "getChild") && "numCols" in value) {
    return 'write table.getChild("column").toArray()';
  }
  if (has(value, "getChunk")) return "write await get(array)";
  const method = methods.find((name) => has(value, name));
  if (method === "toArray" && isHalf(value))
    return 'write tensor(v.toArray(), [v.length], "float16")';
  if (method !== undefined) return `write its ${method}()`;
  if (has(value, "getColumn")) return 'write frame.getColumn("column").toTypedArray()';
  const values = ["values", "value"].find((name) => {
    const own = (value as Record<string, unknown>)[name];
    return ArrayBuffer.isView(own) || Array.isArray(own);
  });
  if (values !== undefined && "shape" in value)
    return `write { data: t.${values}, shape: t.shape }`;
  if (values !== undefined) return `write its ${values}`;
  if ("data" in value) return "a shape is missing: write { data, shape }";
  return Symbol.iterator in value && tagOf(value) !== "Map" ? "write [...values]" : undefined;
}

/**
 * Returns advice for a value that cannot be read.
 *
 * @param expected - the advice for unknown objects.
 */
export const remedyFor = (value: unknown, expected: string) => remedyOf(value) ?? expected;
