// Kernels against JavaScript, byte for byte.
import { setNumThreads } from "maxmargin";
import { force, implementations } from "./implementations.js";
import { bytesOfAll, type WeightedBatch } from "./parity.js";

/**
 * The batches of which some kernel does not give the bytes of JavaScript, with each of the numbers of threads; without any,
 * the number stays as it is.
 */
export function unlikeJs(
  batches: readonly WeightedBatch[],
  threadCounts: readonly number[] = [],
): string[] {
  force("js");
  const expected = batches.map(bytesOfAll);
  const wrong: string[] = [];
  const compare = (implementation: string) => {
    for (const [i, batch] of batches.entries()) {
      if (expected[i].length <= 100) wrong.push(`${batch.title} has nothing to compare`);
      if (!bytesOfAll(batch).equals(expected[i])) wrong.push(`${batch.title}, ${implementation}`);
    }
  };
  for (const kernel of implementations.filter((implementation) => implementation !== "js")) {
    force(kernel);
    if (threadCounts.length === 0) compare(kernel);
    for (const threads of threadCounts) {
      setNumThreads(threads);
      compare(`${kernel} × ${threads}`);
    }
  }
  return wrong;
}
