import type { Tensor } from "maxmargin";

/** A matrix the way most JavaScript programs hold it, as an array of rows; a vector is a column. */
export function toRows({ data, shape: [rows, width = 1] }: Tensor): number[][] {
  return Array.from({ length: rows }, (_, row) =>
    Array.from(data.subarray(row * width, (row + 1) * width), Number),
  );
}
