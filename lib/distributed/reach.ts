// Whether a queue can be reached, said in a sentence.
import { setTimeout } from "node:timers/promises";
import type { Address } from "./address.js";
import { loadPostgres, loadRedis } from "./bullmq.js";
import { QueueError } from "./errors.js";

/** The time to answer, in milliseconds. */
const patience = 5000;

const reasons: readonly (readonly [RegExp, string])[] = [
  [/ECONNREFUSED/, "connection refused: is it running?"],
  [/ENOTFOUND|EAI_AGAIN/, "no such host"],
  [/ETIMEDOUT|EHOSTUNREACH|ENETUNREACH/, "no route to the host, or no answer"],
  [/WRONGPASS|28P01|invalid password/, "wrong user or password"],
  [/NOAUTH|SCRAM.*password/, "it needs a password"],
  [/NOPERM/, "the user may not use it"],
];

/** Returns what went wrong, for people. Errors of drivers can have the password as a property. */
export function reasonOf(error: unknown): string {
  const { code = "", message } = error as NodeJS.ErrnoException;
  const text = `${code} ${message}`;
  return reasons.find(([pattern]) => pattern.test(text))?.[1] ?? message;
}

async function pingRedis(options: Address["options"]): Promise<void> {
  const Redis = loadRedis();
  const redis = new Redis({
    ...options,
    lazyConnect: true,
    connectTimeout: patience,
    commandTimeout: patience,
    retryStrategy: () => null,
  });
  let problem: Error | undefined;
  redis.on("error", (error) => {
    problem ??= error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    // It rejects with "Connection is closed", and tells the reason to listeners alone.
    throw problem ?? error;
  } finally {
    redis.disconnect();
  }
}

async function pingPostgres({ connectionString }: Address["options"]): Promise<void> {
  const Client = loadPostgres();
  const client = new Client({ connectionString, connectionTimeoutMillis: patience });
  client.on("error", () => {});
  await client.connect();
  await client.end();
}

/**
 * Checks that a queue answers.
 *
 * @throws QueueError if it does not; MissingPackageError if its package is not installed.
 */
export async function checkReachable({ kind, shown, options }: Address): Promise<void> {
  const timer = new AbortController();
  const late = setTimeout(patience, "late", { signal: timer.signal }).catch(() => "late");
  const answer = (kind === "redis" ? pingRedis(options) : pingPostgres(options)).then(
    () => undefined,
    (error: unknown) => ({ error }),
  );
  const outcome = await Promise.race([answer, late]);
  timer.abort();
  if (outcome === undefined) return;
  if (outcome === "late") throw new QueueError(`${shown}: no answer within ${patience / 1000} s`);
  const { error } = outcome as { error: unknown };
  if ((error as Error).name === "MissingPackageError") throw error;
  throw new QueueError(`${shown}: ${reasonOf(error)}`);
}
