// Where the queue is. Its password must not get into messages.
import { described, wrongKind, wrongValue } from "../errors.js";
import { variable } from "../surroundings.js";

const kinds = {
  "redis:": "redis",
  "rediss:": "redis",
  "postgres:": "postgres",
  "postgresql:": "postgres",
} as const;

/** The address of a queue. */
export interface Address {
  readonly kind: "redis" | "postgres";
  /** The address for messages, without the password. */
  readonly shown: string;
  /** The connection options of bullmq. */
  readonly options: Readonly<Record<string, unknown>>;
}

/** The environment variable that can have the password. */
export const passwordVariable = "MAXMARGIN_QUEUE_PASSWORD";

const example = "a URL such as redis://host:6379 or postgres://host/database";

function shownUrl({ protocol, username, host, pathname }: URL): string {
  const user = username === "" ? "" : `${username}@`;
  return `${protocol}//${user}${host}${pathname === "/" ? "" : pathname}`;
}

function redisOptions(url: URL): Address["options"] {
  const { protocol, hostname, port, username, password, pathname } = url;
  const database = pathname.slice(1);
  if (!/^\d*$/.test(database)) {
    throw wrongValue("connection", "a number as the database of Redis", described(database));
  }
  return {
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? 6379 : Number(port),
    db: Number(database),
    ...(username !== "" && { username: decodeURIComponent(username) }),
    ...(password !== "" && { password: decodeURIComponent(password) }),
    ...(protocol === "rediss:" && { tls: {} }),
    // Commands wait for the connection to come back.
    maxRetriesPerRequest: null,
    retryStrategy: (attempt: number) => Math.min(100 * attempt, 1000),
  };
}

/**
 * Reads the URL of a queue. If it has no password, the environment can have one.
 *
 * @throws TypeError or RangeError, without the URL if it cannot be read: it can have a password.
 */
export function readAddress(connection: unknown): Address {
  if (typeof connection !== "string" && !(connection instanceof URL)) {
    throw wrongKind("connection", example, described(connection));
  }
  if (!URL.canParse(`${connection}`)) {
    throw wrongValue("connection", example, "text that is none (special characters need %XX)");
  }
  const url = new URL(connection);
  const kind = Object.hasOwn(kinds, url.protocol)
    ? kinds[url.protocol as keyof typeof kinds]
    : undefined;
  if (kind === undefined || url.hostname === "") {
    throw wrongValue("connection", example, `one that begins with ${url.protocol}//`);
  }
  url.password ||= variable(passwordVariable) ?? "";
  const shown = shownUrl(url);
  const options =
    kind === "redis" ? redisOptions(url) : { connectionString: url.href, migrate: true };
  return { kind, shown, options };
}
