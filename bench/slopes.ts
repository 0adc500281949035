/** Gradients of mean losses in plain JavaScript: the fastest loops that we could find, and the usual way. */
import type { Values } from "./baselines.js";
import type { Loss } from "./cases.js";

/** Labels are -1/1, one-hot or class ids. Writes to `out`, or returns an array of its own. */
export type Gradient = (
  loss: Loss,
  y: Values,
  p: Values,
  width: number,
  factors: Values | undefined,
  out: Float32Array,
) => ArrayLike<number>;

/** Twice max(0, t). Here as in hinge a branch would cost four times as much. */
const twice = (t: number) => t + Math.abs(t);

function writeRow(
  loss: Loss,
  y: Values,
  p: Values,
  from: number,
  to: number,
  factor: number,
  out: Float32Array,
): void {
  if (loss === "hinge") {
    for (let i = from; i < to; i++) out[i] = -factor * y[i] * +(1 - y[i] * p[i] >= 0);
  } else if (loss === "squaredHinge") {
    for (let i = from; i < to; i++) out[i] = -factor * y[i] * twice(1 - y[i] * p[i]);
  } else {
    writeCategoricalRow(y, p, from, to, factor, out);
  }
}

function writeCategoricalRow(
  y: Values,
  p: Values,
  from: number,
  to: number,
  factor: number,
  out: Float32Array,
): void {
  let pos = 0;
  let neg = -Infinity;
  let ties = 0;
  for (let i = from; i < to; i++) {
    const own = y[i] * p[i];
    const other = (1 - y[i]) * p[i];
    pos += own;
    if (other > neg) {
      neg = other;
      ties = 1;
    } else if (other === neg) {
      ties++;
    }
  }
  const slope = neg - pos + 1 >= 0 ? factor : 0;
  for (let i = from; i < to; i++) {
    const rest = 1 - y[i];
    out[i] = slope * ((rest * p[i] === neg ? rest / ties : 0) - y[i]);
  }
}

const loop: Gradient = (loss, y, p, width, factors, out) => {
  const rows = p.length / width;
  const divisor = rows * (loss === "categoricalHinge" ? 1 : width);
  if (factors === undefined && loss !== "categoricalHinge") {
    writeRow(loss, y, p, 0, p.length, 1 / divisor, out);
    return out;
  }
  for (let row = 0; row < rows; row++) {
    const factor = (factors === undefined ? 1 : factors[row]) / divisor;
    writeRow(loss, y, p, row * width, (row + 1) * width, factor, out);
  }
  return out;
};

function slopesOfRow(loss: Loss, y: ArrayLike<number>, p: Values): number[] {
  if (loss === "hinge") {
    return Array.from(p, (value, i) => (1 - y[i] * value >= 0 ? -y[i] : 0) / p.length);
  }
  if (loss === "squaredHinge") {
    return Array.from(p, (value, i) => (-2 * y[i] * Math.max(0, 1 - y[i] * value)) / p.length);
  }
  const others = Array.from(p, (value, i) => (1 - y[i]) * value);
  const neg = Math.max(...others);
  const pos = Array.from(p, (value, i) => y[i] * value).reduce((a, b) => a + b, 0);
  if (neg - pos + 1 < 0) return others.map(() => 0);
  const ties = others.filter((other) => other === neg).length;
  return others.map((other, i) => (other === neg ? (1 - y[i]) / ties : 0) - y[i]);
}

const idiomatic: Gradient = (loss, y, p, width, factors, out) => {
  const rows = p.length / width;
  for (let row = 0; row < rows; row++) {
    const at = [row * width, (row + 1) * width] as const;
    const slopes = slopesOfRow(loss, y.subarray(...at), p.subarray(...at));
    out.set(
      slopes.map((slope) => (slope * (factors === undefined ? 1 : factors[row])) / rows),
      at[0],
    );
  }
  return out;
};

export const gradients = { loop, idiomatic };
