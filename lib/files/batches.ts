import type { Tensor } from "../tensor/tensor.js";
import { tensorOf } from "./columns.js";
import { expand, openSource, type Source } from "./formats.js";
import { type BatchOptions, batchOptionNames, readRequest } from "./options.js";

/** Some rows of a file, as arguments of losses. The arrays are reused for the next batch. */
export interface Batch {
  /** The number of rows. */
  readonly rows: number;
  /** Shape `[rows]`, or `[rows, n]` if there are n labels in a row. */
  readonly labels: Tensor;
  /** Shape `[rows, n]` for n predictions in a row. */
  readonly predictions: Tensor;
  /** Shape `[rows]`. Only if a column of weights was chosen. */
  readonly sampleWeight?: Tensor;
}

/**
 * Reads a file in batches of bounded size, of a few megabytes at most unless single rows are larger.
 *
 * The arrays of a batch are reused: copy what you keep, and do not request the next batch before you
 * have used this one.
 *
 * @param source - a path, which may have the wildcards `*` and `?`; a URL; `{ labels, predictions }`
 *   with .npy files; or a stream of bytes, for which `format` is needed.
 * @param options - which columns to read: see {@link BatchOptions}.
 * @returns an async iterator of batches.
 * @throws as `evaluateFiles`, when it is iterated.
 * @example
 * ```ts
 * import { Readable } from "node:stream";
 * import { metrics } from "maxmargin";
 * import { batches } from "maxmargin/files";
 *
 * const csv = Readable.from([Buffer.from("label,logit_0,logit_1\n0,2,1\n1,0.5,0.25\n")]);
 * const metric = new metrics.CrammerSinger();
 * for await (const { labels, predictions } of batches(csv, {
 *   format: "csv",
 *   labels: "label",
 *   predictions: "logit_*",
 * })) {
 *   metric.updateState(labels, predictions);
 * }
 * metric.result(); //=> 0.625
 * ```
 */
export async function* batches(
  source: Source,
  options: BatchOptions,
): AsyncGenerator<Batch, void, undefined> {
  const { format, read } = readRequest([source], options, batchOptionNames);
  for (const each of await expand([source])) {
    const reader = await openSource(each, format, read);
    try {
      for await (const { count, labels, predictions, sampleWeight } of reader.read()) {
        yield {
          rows: count,
          labels: tensorOf(labels, count),
          predictions: tensorOf(predictions, count, true),
          ...(sampleWeight && { sampleWeight: tensorOf(sampleWeight, count) }),
        };
      }
    } finally {
      await reader.close();
    }
  }
}
