// Runs a program on everything that can compute, and compares: with each other bit for bit, with the oracle by its
// bounds, and the memory around the arrays with what stood there before.
import { backend, setBackend, setNumThreads } from "maxmargin";
import { type Answer, differences, wrongNumbers } from "./answers.js";
import { Given } from "./given.js";
import { Refusal } from "./labels.js";
import type { ExactAnswer } from "./oracle.js";
import { type Program, shownProgram } from "./program.js";
import { Run, signalOf } from "./run.js";
import type { Call, Subject } from "./subjects.js";

/** JavaScript first: what the others are held to. */
const machines: readonly { name: string; use(): void }[] = [
  { name: "js", use: () => setBackend("js") },
  { name: "wasm", use: () => setBackend("wasm") },
  ...backend().kernels.map((kernel) => ({ name: kernel, use: () => setBackend("native", kernel) })),
  { name: "auto", use: () => setBackend("auto") },
];

/** What of a program was looked at, for whoever wants to know that enough was. */
export interface Seen {
  readonly mistakes: readonly string[];
  readonly isRefused: boolean;
  /** The values that the oracle had to leave undecided, and all. */
  readonly undecided: number;
  readonly values: number;
  /** Calls that a signal stopped. */
  readonly aborted: number;
}

/** @param threads - how many may share the work: one after the other has its turn. None for the number as it is. */
export async function check(
  subject: Subject,
  program: Program,
  threads: readonly number[],
): Promise<Seen> {
  const exact = exactOf(subject, program);
  const found: string[] = [];
  let first: Answer | undefined;
  let aborted = 0;
  const given = new Given(program, subject.isWeighted, false);
  const shared = new Given(program, subject.isWeighted, true);
  const givenFor = (call: Call): Given => {
    const { way } = program.background;
    if (!call.isAsync || way === "as they are") return given;
    return way === "shared" ? shared : new Given(program, subject.isWeighted, false);
  };
  const runOn = async (machine: string): Promise<void> => {
    for (const call of subject.calls) {
      const { calls, abortAfter } = call.isAsync
        ? program.background
        : { calls: 1, abortAfter: undefined };
      const signal = signalOf(abortAfter);
      const runs = Array.from({ length: calls }, async () => {
        const run = new Run(call, program, exact, givenFor(call));
        const answer = await run.answer(signal);
        found.push(...run.mistakes.map((mistake) => `${machine}, ${call.name}: ${mistake}`));
        return answer;
      });
      for (const answer of await Promise.all(runs)) {
        if (answer === undefined) {
          aborted++;
        } else {
          const wrong = first === undefined ? [] : differences(first, answer);
          found.push(...wrong.map((difference) => `${machine}, ${call.name}, ${difference}`));
          first = { ...answer, ...first };
        }
      }
    }
  };
  for (const [i, { name, use }] of machines.entries()) {
    use();
    const count = threads[(program.seed + i) % threads.length];
    if (count !== undefined) setNumThreads(count);
    await runOn(count === undefined ? name : `${name} with ${count} threads`);
  }
  setBackend("auto");
  found.push(...given.changes(), ...shared.changes());
  if (first !== undefined) found.push(...wrongNumbers(exact, first));
  const values = [exact?.value, exact?.gradient].flatMap((part) => part?.values ?? []);
  return {
    mistakes:
      found.length === 0
        ? []
        : [`${found.slice(0, 5).join("\n  ")}\n  in ${shownProgram(program)}`],
    isRefused: exact === undefined,
    undecided: values.filter(({ error }) => error === Infinity).length,
    values: values.length,
    aborted,
  };
}

/** Undefined where the program is to be refused. */
function exactOf(subject: Subject, program: Program): ExactAnswer | undefined {
  try {
    return subject.exact(program);
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
