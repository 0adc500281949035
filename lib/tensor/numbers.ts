// Stores JavaScript numbers as data of a dtype.

import { wrongValue } from "../errors.js";
import { resultsOf } from "./cast.js";
import { type Dtype, isFloat, type TensorData } from "./dtypes.js";

/** The arrays of integer dtypes, and the least and greatest number that each holds. */
const integers: Readonly<
  Record<string, readonly [new (n: number) => TensorData, least: number, greatest: number]>
> = {
  bool: [Uint8Array, 0, 1],
  int8: [Int8Array, -(2 ** 7), 2 ** 7 - 1],
  uint8: [Uint8Array, 0, 2 ** 8 - 1],
  int16: [Int16Array, -(2 ** 15), 2 ** 15 - 1],
  uint16: [Uint16Array, 0, 2 ** 16 - 1],
  int32: [Int32Array, -(2 ** 31), 2 ** 31 - 1],
  uint32: [Uint32Array, 0, 2 ** 32 - 1],
  // The greatest double below 2 ** 63.
  int64: [BigInt64Array, -(2 ** 63), 2 ** 63 - 1024],
};

/**
 * Stores numbers in a dtype: rounded for a float dtype, unchanged for integers and bool.
 *
 * @param path - their name in messages.
 * @throws RangeError if an integer dtype cannot hold one of them.
 */
export function dataOfNumbers(dtype: Dtype, numbers: ArrayLike<number>, path: string): TensorData {
  if (isFloat(dtype)) return resultsOf(dtype, numbers);
  const [Kind, least, greatest] = integers[dtype] as (typeof integers)[string];
  const data = new Kind(numbers.length);
  const isBig = dtype === "int64";
  for (let i = 0; i < numbers.length; i++) {
    const number = numbers[i] as number;
    if (!Number.isInteger(number) || number < least || number > greatest) {
      throw wrongValue(`${path}[${i}]`, `a number that ${dtype} holds`, `${number}`);
    }
    data[i] = (isBig ? BigInt(number) : number) as never;
  }
  return data;
}
