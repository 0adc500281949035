// Values that do not lie in memory in row-major order.
import type { Tensor } from "maxmargin";
import type { Place } from "./operands.js";
import { type Shape, sizeOf } from "./shapes.js";

type Data = Tensor["data"];

/** Values with their axes in another order, some of them backwards, and gaps between the values. */
export interface Scattered {
  readonly data: Data;
  readonly shape: Shape;
  readonly strides: readonly number[];
  readonly offset: number;
}

/** Row-major values, written elsewhere: how follows from the place, so that a program shows it. */
export function scattered(values: Data, shape: Shape, { before, behind }: Place): Scattered {
  const gap = 1 + (behind % 3);
  const strides = new Array<number>(shape.length).fill(1);
  let step = gap;
  let offset = before;
  for (let i = 0; i < shape.length; i++) {
    const axis = (i + before) % shape.length;
    const isBackwards = (behind >> (i + 1)) % 2 === 1;
    strides[axis] = isBackwards ? -step : step;
    if (isBackwards) offset += Math.max(0, shape[axis] - 1) * step;
    step *= shape[axis];
  }
  const length = before + sizeOf(shape) * gap + behind;
  const data = new (values.constructor as new (length: number) => Data)(length);
  new Uint8Array(data.buffer).fill(255);
  for (let i = 0; i < values.length; i++) {
    let left = i;
    let place = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      place += (left % shape[axis]) * strides[axis];
      left = Math.floor(left / shape[axis]);
    }
    data[place] = values[i];
  }
  return { data, shape, strides, offset };
}
