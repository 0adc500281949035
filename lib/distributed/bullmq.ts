// The parts of bullmq, ioredis and pg that are used, which are optional packages.
import { loadOptional } from "../files/optional.js";

/** A job of a queue. */
export interface BullJob<T> {
  readonly id: string;
  readonly name: string;
  readonly data: T;
  /** How often it was tried before. */
  readonly attemptsMade: number;
  readonly opts: { readonly attempts?: number };
  /** When it ended, in milliseconds. */
  readonly finishedOn?: number;
  getDependenciesCount(): Promise<
    Readonly<Record<"processed" | "unprocessed" | "ignored", number>>
  >;
  /** Returns the values of the children that completed, by their keys. */
  getChildrenValues(): Promise<Readonly<Record<string, unknown>>>;
  /** Returns the reasons of the children that failed, by their keys. */
  getIgnoredChildrenFailures(): Promise<Readonly<Record<string, string>>>;
  removeUnprocessedChildren(): Promise<void>;
  remove(options: { removeChildren: boolean }): Promise<void>;
}

/** What all objects with connections of their own have. */
interface Connected {
  on(event: "error", listener: (error: Error) => void): unknown;
  waitUntilReady(): Promise<unknown>;
  close(): Promise<void>;
  /** Ends the connections at once, even if they wait for the queue to come back. */
  disconnect(): Promise<void>;
}

export interface BullQueue extends Connected {
  getJob<T>(id: string): Promise<BullJob<T> | undefined>;
  getWorkers(): Promise<readonly { readonly rawname?: string }[]>;
}

/** A job, and those that have to end before it. */
export interface FlowJob {
  readonly name: string;
  readonly queueName: string;
  readonly data: unknown;
  readonly opts: Readonly<Record<string, unknown>>;
  readonly children?: readonly FlowJob[];
}

export interface BullFlow extends Connected {
  add(flow: FlowJob): Promise<unknown>;
}

export interface BullWorker extends Connected {
  on(event: "error", listener: (error: Error) => void): unknown;
  on(event: "completed", listener: (job: BullJob<unknown>, value: unknown) => void): unknown;
  on(event: "failed", listener: (job: BullJob<unknown> | undefined, error: Error) => void): unknown;
}

type Options = Readonly<Record<string, unknown>>;

/** The classes of bullmq for one kind of database. */
export interface Bull {
  readonly Queue: new (name: string, options: Options) => BullQueue;
  readonly FlowProducer: new (options: Options) => BullFlow;
  readonly Worker: new (
    name: string,
    process: (job: BullJob<unknown>) => Promise<unknown>,
    options: Options,
  ) => BullWorker;
}

interface BullModule extends Bull {
  withBackend(factory: unknown): Bull;
  readonly createPostgresBackend: unknown;
}

/** Loads the classes for a database. */
export function loadBull(kind: "redis" | "postgres"): Bull {
  const module = loadOptional("bullmq") as BullModule;
  return kind === "redis" ? module : module.withBackend(module.createPostgresBackend);
}

/** A connection to Redis. */
export interface Redis {
  connect(): Promise<void>;
  ping(): Promise<string>;
  disconnect(): void;
  on(event: "error", listener: (error: Error) => void): unknown;
}

export function loadRedis(): new (options: Options) => Redis {
  return (loadOptional("ioredis") as { Redis: new (options: Options) => Redis }).Redis;
}

/** A connection to PostgreSQL. */
export interface Postgres {
  connect(): Promise<void>;
  end(): Promise<void>;
  on(event: "error", listener: (error: Error) => void): unknown;
}

export function loadPostgres(): new (options: Options) => Postgres {
  return (loadOptional("pg") as { Client: new (options: Options) => Postgres }).Client;
}
