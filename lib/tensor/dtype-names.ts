// The names of dtypes in other libraries. A name can mean several dtypes: the array decides which.
import type { Dtype } from "./dtypes.js";

const byDtype: Readonly<Record<Dtype | "uint64", string>> = {
  bool: "bool bool_ bool8 boolean b1 ?",
  int8: "int8 i1 i8 s8 byte char b",
  uint8: "uint8 uint8_clamped uint8clamped uint8c u1 u8 ubyte uchar byte char buffer binary B",
  int16: "int16 i2 i16 s16 short h",
  uint16: "uint16 u2 u16 ushort H",
  int32: "int32 i4 i32 s32 int intc integer i l",
  uint32: "uint32 u4 u32 uint uintc I L",
  int64: "int64 i8 i64 s64 int int_ integer long longlong bigint bigint64 q l",
  uint64: "uint64 u8 u64 uint ulong ulonglong bigint biguint64 Q L",
  float16: "float16 f2 f16 fp16 half e",
  bfloat16: "bfloat16 bf16 brain16",
  float32: "float32 f4 f32 fp32 float single f",
  float64: "float64 f8 f64 fp64 float float_ double d",
};

const dtypesByName = new Map<string, Dtype[]>();
for (const [dtype, names] of Object.entries(byDtype)) {
  for (const name of names.split(" ")) {
    const known = dtypesByName.get(name) ?? [];
    // Tensors store unsigned 64-bit integers as signed ones.
    known.push(dtype === "uint64" ? "int64" : (dtype as Dtype));
    dtypesByName.set(name, known);
  }
}

/** Names that describe how values are stored, but not their dtype. */
const silent = new Set(["array", "generic", "number", "numeric", "object"]);

/** Whether a name leaves the dtype open. */
export const saysNothing = (name: string) => silent.has(name.toLowerCase());

/**
 * Prefixes and suffixes: numpy's byte orders, the names of modules, C's `_t`, the name of a typed
 * array.
 */
const decorations = /^(?:[<=|>!@]|(?:torch|np|numpy|tf|jnp|mx|dtypes?)\.|dt_)|(?:array|_t)$/gi;

const bare = (name: string) => {
  // The form of onnx, "tensor(float16)".
  const inner = /^tensor\((.*)\)$/.exec(name)?.[1] ?? name;
  const plain = inner.replace(decorations, "");
  // Case matters in names of one letter: "b" is int8 and "B" uint8.
  return plain.length === 1 ? plain : plain.toLowerCase();
};

/** Returns the dtypes that a name can mean; none for an unknown name. */
export const dtypesNamed = (name: string): readonly Dtype[] => dtypesByName.get(bare(name)) ?? [];

const isLittleEndian = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
const foreignOrder = isLittleEndian ? /^[>!]/ : /^</;

/** Whether a name states another byte order than the one of this machine. */
export const isSwapped = (name: string) => foreignOrder.test(name) && !/1$|^.[bB?]$/.test(name);

/** Whether a string looks like the name of a dtype, known or not, such as "int4" or "complex64". */
export const looksLikeDtype = (name: string) =>
  dtypesNamed(name).length > 0 ||
  /^[<>|=]?[a-z]+_?\d+(?:_\w+)?$/i.test(name) ||
  /^(string|str|complex)/i.test(name);
