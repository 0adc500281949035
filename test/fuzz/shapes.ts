// Shapes by their rules, as docs/semantics.md states them, and in none of the library's ways.

export type Shape = readonly number[];

export const sizeOf = (shape: Shape) => shape.reduce((size, dimension) => size * dimension, 1);

export const sameShape = (a: Shape, b: Shape) => a.join() === b.join();

/** numpy's rule; undefined if the shapes do not fit. */
export function broadcast(a: Shape, b: Shape): Shape | undefined {
  const rank = Math.max(a.length, b.length);
  const padded = (shape: Shape) => [...Array<number>(rank - shape.length).fill(1), ...shape];
  const [left, right] = [padded(a), padded(b)];
  const fits = left.every((n, axis) => n === right[axis] || n === 1 || right[axis] === 1);
  return fits ? left.map((n, axis) => (n === 1 ? right[axis] : n)) : undefined;
}

/** Keras's rule for two ranks that differ by one where the longer shape ends in 1. */
export function withSameRank(a: Shape, b: Shape): [Shape, Shape] {
  if (a.length < b.length) {
    const [left, right] = withSameRank(b, a);
    return [right, left];
  }
  if (a.length !== b.length + 1 || a.at(-1) !== 1) return [a, b];
  return b.length === 1 ? [a, [...b, 1]] : [a.slice(0, -1), b];
}

/** Values of one shape as those of another that they broadcast to. */
export function broadcastTo(
  values: ArrayLike<number>,
  own: Shape,
  shape: Shape,
): ArrayLike<number> {
  if (sameShape(own, shape)) return values;
  return Float64Array.from({ length: sizeOf(shape) }, (_, i) => {
    let at = 0;
    let rest = i;
    let stride = 1;
    for (let back = 1; back <= own.length; back++) {
      const dimension = own[own.length - back];
      const index = rest % shape[shape.length - back];
      rest = Math.floor(rest / shape[shape.length - back]);
      if (dimension !== 1) at += index * stride;
      stride *= dimension;
    }
    return values[at];
  });
}
