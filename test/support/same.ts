import type { Tensor } from "maxmargin";
import { expect } from "vitest";

const bytes = ({ data: { buffer, byteOffset, byteLength } }: Tensor) =>
  Buffer.from(buffer, byteOffset, byteLength);

/** Equal to the last bit: numbers, or the data of tensors. */
export function expectSame(value: number | Tensor, expected: number | Tensor): void {
  if (typeof value === "number" || typeof expected === "number") {
    expect(value).toBe(expected);
  } else {
    expect(value.shape).toEqual(expected.shape);
    expect(value.dtype).toBe(expected.dtype);
    expect(bytes(value).equals(bytes(expected))).toBe(true);
  }
}
