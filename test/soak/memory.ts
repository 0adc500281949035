// What memory is in use, and whether it grows.

const kinds = ["rss", "heapUsed", "external", "arrayBuffers"] as const;

/** In bytes. */
export type Memory = Readonly<Record<(typeof kinds)[number], number>>;

const megabyte = 2 ** 20;

/** By how much each may grow, in bytes. `rss` is what the system counts: freed memory comes back to it late, and in pieces. */
export const bounds: Memory = {
  rss: 4 * megabyte,
  heapUsed: megabyte,
  external: megabyte / 2,
  arrayBuffers: megabyte / 2,
};

/** After collections, and turns of the event loop in which what was collected is finalized. */
export async function memoryInUse(): Promise<Memory> {
  if (globalThis.gc === undefined) throw new Error("expected node --expose-gc");
  for (let i = 0; i < 4; i++) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const { rss, heapUsed, external, arrayBuffers } = process.memoryUsage();
  return { rss, heapUsed, external, arrayBuffers };
}

export const shown = (memory: Memory) =>
  kinds.map((kind) => `${kind} ${(memory[kind] / megabyte).toFixed(2)}`).join(", ");

const eachKind = (value: (kind: keyof Memory) => number) =>
  Object.fromEntries(kinds.map((kind) => [kind, value(kind)])) as unknown as Memory;

export const difference = (memory: Memory, before: Memory) =>
  eachKind((kind) => memory[kind] - before[kind]);

export const least = (all: readonly Memory[]) =>
  eachKind((kind) => Math.min(...all.map((memory) => memory[kind])));

/** What has grown by more than its bound. */
export const grownBeyond = (growth: Memory) => kinds.filter((kind) => growth[kind] > bounds[kind]);
