// Plans a run from the sources and options of a driver.
import { createHash, randomUUID } from "node:crypto";
import { described, wrongKind, wrongValue } from "../errors.js";
import type { Source } from "../files/formats.js";
import { type EvaluateOptions, evaluateOptionNames, type Progress } from "../files/options.js";
import { expandAll, readInquiry } from "../files/part.js";
import { checkOptions } from "../options.js";
import { ownVersion } from "../version.js";
import { type SavedRequest, saveRequest } from "./request.js";
import { type ListedSource, listSources } from "./sources.js";

/** How far a run has come. */
export interface RunProgress extends Progress {
  /** The name of the run. */
  readonly run: string;
  /** Whether rows of files are counted, or shards evaluated. */
  readonly step: "count" | "shard";
  /** The number of tasks of the step that have ended. */
  readonly done: number;
  /** The number of tasks of the step. */
  readonly of: number;
  /** The workers that listen; undefined if the database does not tell. */
  readonly workers: number | undefined;
}

/** Options of {@link distribute}. */
export interface DistributeOptions extends Omit<EvaluateOptions, "onProgress"> {
  /** The URL of the queue: `redis://host:6379`, `rediss://` or `postgres://host/database`. */
  readonly connection: string | URL;
  /**
   * The name of the run. By default, it depends on the files, their sizes and times, and on the
   * options; with URLs of files it is random.
   */
  readonly run?: string;
  /** The bytes of a shard, about, by default 256 MiB. There are 100,000 shards at most. */
  readonly shardBytes?: number;
  /** Whether a run goes on without its driver after `signal`, which otherwise cancels it. */
  readonly leave?: boolean;
  /** Receives the progress, several times a second. */
  readonly onProgress?: (progress: RunProgress) => void;
}

const ownNames = ["connection", "run", "shardBytes", "leave"] as const;
const known = [...ownNames, ...evaluateOptionNames];

/** A run that can be submitted. */
export interface Plan {
  readonly run: string;
  readonly fingerprint: string;
  readonly version: string;
  readonly request: SavedRequest;
  readonly sources: readonly ListedSource[];
  readonly shardBytes: number;
  readonly isGrouped: boolean;
}

const defaultShardBytes = 2 ** 28;

function checkOwn({ run, shardBytes, leave }: DistributeOptions): void {
  if (run !== undefined && (typeof run !== "string" || !/^[\w-]{1,64}$/.test(run))) {
    throw wrongValue("run", "up to 64 letters, digits, - and _", described(run));
  }
  if (shardBytes !== undefined && !(Number.isSafeInteger(shardBytes) && shardBytes > 0)) {
    throw wrongValue("shardBytes", "an integer from 1", described(shardBytes));
  }
  if (leave !== undefined && typeof leave !== "boolean") {
    throw wrongKind("leave", "true or false", described(leave));
  }
}

/** Returns the options that evaluateFiles has too. */
function evaluateOptionsOf(options: DistributeOptions): EvaluateOptions {
  const entries = Object.entries(options).filter(([name]) => !ownNames.includes(name as never));
  return Object.fromEntries(entries) as unknown as EvaluateOptions;
}

/**
 * Checks what a driver is asked for, and lists the files.
 *
 * @throws TypeError, RangeError or DataError, before anything is sent.
 */
export async function planRun(given: readonly Source[], options: DistributeOptions): Promise<Plan> {
  checkOptions(options, known);
  checkOwn(options);
  const own = evaluateOptionsOf(options);
  const { request } = readInquiry(given, own);
  const sources = await listSources(await expandAll(given));
  const plan = {
    version: ownVersion(),
    request: saveRequest(own),
    sources,
    shardBytes: options.shardBytes ?? defaultShardBytes,
    isGrouped: request.read.groups !== undefined,
  };
  const fingerprint = createHash("sha256").update(JSON.stringify(plan)).digest("hex").slice(0, 32);
  const isKnown = sources.every(({ modified }) => modified !== null);
  // Nobody knows whether what is behind a URL has changed.
  const run = options.run ?? (isKnown ? fingerprint : randomUUID());
  return { ...plan, run, fingerprint };
}
