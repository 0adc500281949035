// The bits of everything that can compute here, as one hash a subject: run on two machines, or on one and an emulated one, it tells
// whether they give the same. No test runner, which an emulator runs for minutes: node main.js <file> [implementation...]
// writes the hashes as JSON, of all implementations unless some are named.
import { writeFileSync } from "node:fs";
import { type BackendInfo, backend, setBackend, setNumThreads } from "maxmargin";
import { subjects } from "./subjects.js";

export interface Fingerprint {
  /** What computes where nobody chooses. */
  readonly backend: BackendInfo;
  /** By implementation and number of threads, then by subject. */
  readonly hashes: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const hashes: Record<string, Record<string, string>> = {};

async function record(implementation: string, isShared: boolean): Promise<void> {
  const own: Record<string, string> = {};
  for (const subject of subjects) {
    if (subject.isShared || !isShared) own[subject.title] = await subject.hash();
  }
  hashes[implementation] = own;
}

const chosen = backend();
const [file, ...named] = process.argv.slice(2);
const wanted = named.length > 0 ? named : [...chosen.kernels, "wasm", "js"];
for (const kernel of wanted.filter((implementation) => chosen.kernels.includes(implementation))) {
  setBackend("native", kernel);
  for (const threads of [1, 3]) {
    setNumThreads(threads);
    await record(`${kernel} × ${threads}`, threads > 1);
    const { name, kernel: forced, threads: used } = backend();
    if (name !== "native" || forced !== kernel || used !== threads) {
      throw new Error(`${kernel} × ${threads}: was not what computed`);
    }
  }
}
for (const choice of ["wasm", "js"] as const) {
  if (!wanted.includes(choice)) continue;
  setBackend(choice);
  await record(choice, false);
}

const fingerprint: Fingerprint = { backend: chosen, hashes };
writeFileSync(file, JSON.stringify(fingerprint));
