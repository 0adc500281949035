/** Loads and copies that do nothing else, compiled for this very machine: the limits that it sets. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { Batch } from "./batch.js";
import type { Case } from "./cases.js";
import type { Contestant } from "./contestant.js";

/** The exports of native/probe.cpp. */
interface Probe {
  read(
    a: Uint8Array,
    b: Uint8Array,
    isWide: boolean,
    prefetch: boolean,
    blocks: boolean,
    threads: number,
  ): boolean;
  copy(a: Uint8Array, b: Uint8Array, to: Uint8Array, streams: boolean, threads: number): boolean;
}

const pathOf = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const binary = pathOf("../build/probe.node");
const sources = [
  "native/probe.cpp",
  "../native/platform/processors.cpp",
  "../native/platform/thread_pool.cpp",
].map(pathOf);
const require = createRequire(import.meta.url);

/** Compiles the probe, unless that was done before. */
export function compileProbe(): void {
  const time = (path: string) => statSync(path).mtimeMs;
  if (existsSync(binary) && sources.every((source) => time(source) < time(binary))) return;
  mkdirSync(pathOf("../build"), { recursive: true });
  const { include_dir: include } = require("node-api-headers") as { include_dir: string };
  const flags = [
    "-std=c++17",
    "-O3",
    "-march=native",
    "-shared",
    "-fPIC",
    "-pthread",
    "-Wno-psabi",
  ];
  const folders = [`-I${include}`, `-I${pathOf("../native")}`];
  execFileSync("g++", [...flags, ...folders, ...sources, "-o", binary]);
}

interface Way {
  readonly pattern: string;
  run(): number;
}

const both = [false, true];

/** The ways to read two arrays, and to write as many bytes as predictions have: the fastest is the limit. */
function waysOf({ result }: Case, { bytesOf: [a, b] }: Batch, threads: number): Way[] {
  const probe = require(binary) as Probe;
  if (result === "gradient") {
    const to = new Uint8Array(b.length);
    return both.map((streams) => ({
      pattern: streams ? "streaming" : "copying",
      run: () => Number(probe.copy(a, b, to, streams, threads)),
    }));
  }
  return both.flatMap((isWide) =>
    both.flatMap((prefetch) =>
      (threads === 1 ? [false] : both).map((blocks) => ({
        pattern: [
          isWide ? "64 bytes" : "32 bytes",
          ...(threads > 1 ? [blocks ? "blocks" : "halves"] : []),
          ...(prefetch ? ["prefetch"] : []),
        ].join(", "),
        run: () => Number(probe.read(a, b, isWide, prefetch, blocks, threads)),
      })),
    ),
  );
}

export const probes = (one: Case, batch: Batch, threads: number): Contestant[] =>
  waysOf(one, batch, threads).map((way) => ({
    implementation: "probe",
    kernel: null,
    threads,
    ...way,
    prepare() {},
  }));
