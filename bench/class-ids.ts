/**
 * Losses and gradients of class ids in plain JavaScript: the fastest loops that we could find, and the
 * usual way.
 */
import { type Baseline, larger, mean, sum, twice, type Values, wide } from "./baselines.js";
import type { Loss } from "./cases.js";
import type { Gradient } from "./slopes.js";

/** The loss of the predictions from one index to another, with the place of the row's class. */
type LossOfRow = (p: Values, from: number, to: number, own: number) => number;

/** Without a branch, as for one-hot labels: the maximum must be finite. */
function raisedNarrow(max: number, p: Values, from: number, to: number): number {
  let raised = max;
  for (let i = from; i < to; i++) raised = larger(raised, p[i]);
  return raised;
}

function raisedWide(max: number, p: Values, from: number, to: number): number {
  let raised = max;
  for (let i = from; i < to; i++) if (p[i] > raised) raised = p[i];
  return raised;
}

type Raised = typeof raisedWide;

/** The least that the maximum can be: 0 for the row's own class, or any of the others. */
const startOf = (loss: Loss, p: Values, from: number, own: number) =>
  loss === "categoricalHinge" ? 0 : p[own === from ? from + 1 : from];

const lossOfMax =
  (loss: Loss, raised: Raised): LossOfRow =>
  (p, from, to, own) => {
    const before = raised(startOf(loss, p, from, own), p, from, own);
    return Math.max(0, raised(before, p, own + 1, to) - p[own] + 1);
  };

/** Adds the row's own class too, and takes it away again, instead of a branch. */
const westonWatkins: LossOfRow = (p, from, to, own) => {
  const violation = 1 - p[own];
  let a = 0;
  let b = 0;
  let i = from;
  for (; i <= to - 2; i += 2) {
    a += twice(violation + p[i]);
    b += twice(violation + p[i + 1]);
  }
  if (i < to) a += twice(violation + p[i]);
  return ((a + b - twice(violation + p[own])) * 0.5) / (to - from);
};

export function loopOfIds(loss: Loss): Baseline {
  const lossOf = (width: number) =>
    loss === "westonWatkins"
      ? westonWatkins
      : lossOfMax(loss, width < wide ? raisedNarrow : raisedWide);
  return {
    mean(ids, p, width) {
      const lossOfRow = lossOf(width);
      let total = 0;
      for (let row = 0, i = 0; row < ids.length; row++, i += width) {
        total += lossOfRow(p, i, i + width, i + ids[row]);
      }
      return total / ids.length;
    },
    rows(ids, p, width) {
      const lossOfRow = lossOf(width);
      const losses = new Float32Array(ids.length);
      for (let row = 0, i = 0; row < ids.length; row++, i += width) {
        losses[row] = lossOfRow(p, i, i + width, i + ids[row]);
      }
      return losses;
    },
  };
}

function writeRowOfMax(
  loss: Loss,
  p: Values,
  [from, to, own]: readonly [number, number, number],
  factor: number,
  out: Float32Array,
): void {
  let max = loss === "categoricalHinge" ? 0 : -Infinity;
  let ties = loss === "categoricalHinge" ? 1 : 0;
  for (let i = from; i < to; i++) {
    if (i === own) continue;
    if (p[i] > max) {
      max = p[i];
      ties = 1;
    } else if (p[i] === max) {
      ties++;
    }
  }
  const slope = max - p[own] + 1 >= 0 ? factor : 0;
  const share = slope / ties;
  for (let i = from; i < to; i++) out[i] = p[i] === max ? share : 0;
  out[own] = -slope;
}

function writeRowOfSum(
  p: Values,
  [from, to, own]: readonly [number, number, number],
  factor: number,
  out: Float32Array,
): void {
  const violation = 1 - p[own];
  let count = 0;
  for (let i = from; i < to; i++) {
    const isViolated = +(violation + p[i] >= 0);
    count += isViolated;
    out[i] = factor * isViolated;
  }
  // The row's own class was counted too.
  out[own] = -factor * (count - 1);
}

const loop: Gradient = (loss, ids, p, width, factors, out) => {
  const rows = ids.length;
  for (let row = 0, i = 0; row < rows; row++, i += width) {
    const factor = (factors === undefined ? 1 : factors[row]) / rows;
    const place = [i, i + width, i + ids[row]] as const;
    if (loss === "westonWatkins") writeRowOfSum(p, place, factor / width, out);
    else writeRowOfMax(loss, p, place, factor, out);
  }
  return out;
};

// ---- Idiomatic JavaScript

const without = (p: Values, id: number) => Array.from(p).filter((_, j) => j !== id);

function lossOfIds(loss: Loss, id: number, p: Values): number {
  const violations = without(p, id).map((other) => 1 - p[id] + other);
  if (loss === "westonWatkins") {
    return sum(violations.map((violation) => Math.max(0, violation))) / p.length;
  }
  const own = loss === "categoricalHinge" ? [1 - p[id]] : [];
  return Math.max(0, ...own, ...violations);
}

function slopesOfIds(loss: Loss, id: number, p: Values): number[] {
  if (loss === "westonWatkins") {
    const slopes = Array.from(p, (score, j) => +(j !== id && 1 - p[id] + score >= 0) / p.length);
    return slopes.map((slope, j) => (j === id ? -sum(slopes) : slope));
  }
  const others = Array.from(p, (score, j) =>
    j !== id ? score : loss === "categoricalHinge" ? 0 : -Infinity,
  );
  const max = Math.max(...others);
  if (1 - p[id] + max < 0) return others.map(() => 0);
  const ties = others.filter((other) => other === max).length;
  return others.map((other, j) => (j === id ? -1 : other === max ? 1 / ties : 0));
}

export function idiomaticOfIds(loss: Loss): Baseline {
  const rows: Baseline["rows"] = (ids, p, width) =>
    Array.from(ids, (id, row) => lossOfIds(loss, id, p.subarray(row * width, (row + 1) * width)));
  return { rows, mean: (...batch) => mean(rows(...batch) as number[]) };
}

const idiomatic: Gradient = (loss, ids, p, width, factors, out) => {
  for (const [row, id] of ids.entries()) {
    const slopes = slopesOfIds(loss, id, p.subarray(row * width, (row + 1) * width));
    const factor = (factors === undefined ? 1 : factors[row]) / ids.length;
    out.set(
      slopes.map((slope) => slope * factor),
      row * width,
    );
  }
  return out;
};

export const gradientsOfIds = { loop, idiomatic };
