import type { Tensor } from "maxmargin";

/** A matrix the way most JavaScript programs hold it, as an array of rows. */
export function toRows({ data, shape: [rows, width] }: Tensor): number[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from(data.subarray(row * width, (row + 1) * width), Number),
  );
}
