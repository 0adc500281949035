// The options of an evaluation as JSON.
import { wrongValue } from "../errors.js";
import type { EvaluateOptions } from "../files/options.js";
import { Loss } from "../losses/loss.js";
import { deserialize, serialize } from "../registry/losses.js";
import { floatx } from "../tensor/config.js";

/** Options that are kept unchanged. */
const plainNames = [
  "labels",
  "predictions",
  "sampleWeight",
  "format",
  "skipNulls",
  "where",
  "encoding",
  "margin",
  "ignoreClass",
  "by",
  "summary",
] as const satisfies readonly (keyof EvaluateOptions)[];

type PlainOptions = Pick<EvaluateOptions, (typeof plainNames)[number]>;

/** The options of an evaluation, as jobs have them. */
export interface SavedRequest extends PlainOptions {
  /** Names, and losses as Keras saves them. */
  readonly losses: readonly (string | object)[];
  readonly classWeight?: readonly number[];
  /** The dtype that losses have by default. */
  readonly floatx: string;
}

/** Saves options that have been checked. */
export function saveRequest(options: EvaluateOptions): SavedRequest {
  const plain = plainNames
    .filter((name) => options[name] !== undefined)
    .map((name) => [name, options[name]]);
  const { losses, classWeight } = options;
  return {
    ...(Object.fromEntries(plain) as PlainOptions),
    losses: losses.map((loss) => (loss instanceof Loss ? serialize(loss) : loss)),
    ...(classWeight !== undefined && { classWeight: Array.from(classWeight) }),
    floatx: floatx(),
  };
}

/**
 * Returns the options of a job.
 *
 * @throws RangeError if this process computes in another dtype by default.
 */
export function loadRequest(saved: SavedRequest): EvaluateOptions {
  const { losses, floatx: expected, ...plain } = saved;
  if (expected !== floatx()) {
    throw wrongValue("floatx", `${expected}, as the driver has`, `${floatx()}, as this worker has`);
  }
  return {
    ...plain,
    losses: losses.map((loss) =>
      typeof loss === "string" ? loss : (deserialize(loss as never) as Loss),
    ),
  };
}
