import { wrongValue } from "../errors.js";

type Shape = readonly number[];

const shown = (shape: Shape) => `[${shape.join(", ")}]`;

export const sizeOf = (shape: Shape) => shape.reduce((size, dimension) => size * dimension, 1);

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dimension, axis) => dimension === b[axis]);
}

/**
 * The shape that two shapes have in common by numpy's rule: aligned at the last axis, a dimension of 1, or
 * one that lacks, takes the other's size.
 */
export function broadcastShape(a: Shape, b: Shape, argument: string, other: string): Shape {
  const rank = Math.max(a.length, b.length);
  const shape: number[] = [];
  for (let axis = 0; axis < rank; axis++) {
    const left = a[axis - rank + a.length] ?? 1;
    const right = b[axis - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw wrongValue(argument, `a shape that broadcasts with ${other}, ${shown(b)}`, shown(a));
    }
    shape.push(left === 1 ? right : left);
  }
  return shape;
}

/**
 * Keras's rule for two ranks that differ by one where the longer shape ends in 1: a rank-1 shape gets
 * another axis of 1, and otherwise the longer one loses its own.
 */
export function withSameRank(a: Shape, b: Shape): [Shape, Shape] {
  const fixed = (longer: Shape, shorter: Shape): [Shape, Shape] | undefined => {
    if (longer.length !== shorter.length + 1 || longer.at(-1) !== 1) return undefined;
    return shorter.length === 1 ? [longer, [...shorter, 1]] : [longer.slice(0, -1), shorter];
  };
  const swapped = fixed(b, a);
  return fixed(a, b) ?? (swapped ? [swapped[1], swapped[0]] : [a, b]);
}

/** Where the values of an operand lie while an index runs through a larger shape in row-major order. */
export class Walk {
  readonly #shape: Shape;
  readonly #strides: number[];
  readonly #index: number[];
  offset = 0;

  constructor(own: Shape, shape: Shape) {
    this.#shape = shape;
    this.#index = new Array<number>(shape.length).fill(0);
    this.#strides = new Array<number>(shape.length).fill(0);
    let stride = 1;
    for (let axis = own.length - 1; axis >= 0; axis--) {
      const dimension = own[axis] as number;
      if (dimension !== 1) this.#strides[axis + shape.length - own.length] = stride;
      stride *= dimension;
    }
  }

  /** Moves `offset` to the next index. */
  next(): void {
    for (let axis = this.#shape.length - 1; axis >= 0; axis--) {
      this.offset += this.#strides[axis] as number;
      this.#index[axis] = (this.#index[axis] as number) + 1;
      if (this.#index[axis] !== this.#shape[axis]) return;
      this.offset -= (this.#strides[axis] as number) * (this.#index[axis] as number);
      this.#index[axis] = 0;
    }
  }
}
