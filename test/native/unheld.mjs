// Jobs in the background whose arrays nobody else holds, and a collection while they compute. The addon is called by itself:
// the library would hold the arrays' buffers. scripts/sanitize.mjs runs it, with --expose-gc.
import assert from "node:assert";
import { createRequire } from "node:module";
import { backend } from "maxmargin";

const { background } = createRequire(import.meta.url)(backend().binary);
const n = 1_000_000;
const width = 4;
/** The code of float32, of which everything is, for each operand; the loss is hinge. */
const code = 10;
const newFrame = () =>
  Float64Array.of(
    (code << 3) | (code << 7) | (code << 11),
    width,
    code | (code << 4),
    1,
    0,
    0,
    0,
    0,
  );
const filled = (length, value) => new Float32Array(length).fill(value);

/** Every loss is 2, and so is every weight. */
const operands = () => [filled(n, 1), filled(n, -1)];
const columns = () => [filled(n / width, 2), filled(n / width, 1)];
const jobs = {
  total: { right: 2 * n, start: (frame) => background.total(frame, ...operands()) },
  weightedTotal: {
    right: (4 * n) / width,
    start: (frame) => background.weightedTotal(frame, ...operands(), ...columns()),
  },
  gradient: {
    right: (4 * n) / width,
    start: (frame) =>
      background.gradient(frame, ...operands(), filled(n, 0), filled(n / width, 0), ...columns()),
  },
};

for (let round = 0; round < 2; round++) {
  for (const [name, { right, start }] of Object.entries(jobs)) {
    // More than compute at once: some begin after the collection.
    const frames = Array.from({ length: 8 }, newFrame);
    const running = frames.map(start);
    globalThis.gc();
    globalThis.gc();
    // Takes memory that should not be free, and spoils it.
    const others = frames.map(() => filled(n, Number.NaN));
    await Promise.all(running);
    assert.deepStrictEqual(
      frames.map((frame) => frame[4]),
      frames.map(() => right),
      name,
    );
    assert(others.every((other) => other.length === n));
  }
}
