import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Tensor } from "maxmargin";
import { expect, test } from "vitest";
import { check } from "./fuzz/check.js";
import { randomProgram } from "./fuzz/program.js";
import { type Subject, subjects } from "./fuzz/subjects.js";

const fuzz = fileURLToPath(new URL("../build/checks/fuzz/main.js", import.meta.url));

// In a process of its own: it sets the number of threads, which is the process's.
test("random programs, from a fixed seed on", () => {
  const printed = execFileSync(
    process.execPath,
    [fuzz, "--seed", "20250101", "--programs", "250"],
    {
      encoding: "utf8",
    },
  );
  expect(printed).toMatch(/^from seed 20250101\n\{.*\}\n$/);
  const counts = JSON.parse(printed.split("\n")[1]) as Record<
    "programs" | "runs" | "refused" | "values" | "undecided",
    number
  >;
  expect(counts).toMatchObject({ programs: 250, runs: 250 * subjects.length });
  // Most programs have an answer, and the oracle knows nearly all of these.
  expect(counts.refused).toBeGreaterThan(50);
  expect(counts.refused).toBeLessThan(0.3 * counts.runs);
  expect(counts.values).toBeGreaterThan(50_000);
  expect(counts.undecided).toBeLessThan(0.05 * counts.values);
}, 60_000);

test("a seed gives the same program again, and another seed another", () => {
  for (const seed of [1, 2, 3, 5]) {
    const { labels } = randomProgram(seed);
    expect(randomProgram(seed).labels.data).toEqual(labels.data);
    expect(randomProgram(seed + 1).labels).not.toEqual(labels);
  }
});

const named = (name: string) => subjects.find((subject) => subject.name === name) as Subject;

/** A subject with something wrong, and what a run of many programs says of it. */
function mistakesOf(wrong: Partial<Subject>, of: string): string[] {
  const right = named(of);
  const found: string[] = [];
  for (let seed = 0; seed < 60; seed++) {
    found.push(...check({ ...right, ...wrong }, randomProgram(seed), []).mistakes);
  }
  return found;
}

test("the right answers are found right", () => {
  for (const { name } of subjects) expect(mistakesOf({}, name)).toEqual([]);
});

test("a last bit that is different once is found, and the message repeats it", () => {
  let calls = 0;
  const [message] = mistakesOf(
    {
      run(program, args) {
        const result = named("call").run(program, args) as Tensor;
        const bytes = new Uint8Array(result.data.buffer, result.data.byteOffset);
        // One machine of many.
        if (calls++ % 3 === 1 && bytes.length > 0) bytes[0] ^= 1;
        return result;
      },
    },
    "call",
  );
  expect(message).toMatch(/but JavaScript: /);
  expect(message).toMatch(/in seed \d+: call of \w+, class dtype/);
  expect(message).toMatch(/yTrue: \w+ \w+ \[/);
});

test("a wrong number that all agree on is found", () => {
  const twice = mistakesOf(
    {
      run: (program, args) => {
        const result = named("apply").run(program, args);
        return typeof result === "number" ? result * (1 + 2 ** -20) : result;
      },
    },
    "apply",
  );
  expect(twice.length).toBeGreaterThan(5);
  expect(twice[0]).toMatch(/but the oracle: /);
});

test("an answer to what is to be refused is found, and a foreign error", () => {
  const bold = mistakesOf({ run: () => 0 }, "apply");
  expect(bold.join()).toMatch(/an answer, where the oracle has none/);
  const broken = mistakesOf(
    {
      run: () => {
        throw new SyntaxError("broken");
      },
    },
    "apply",
  );
  expect(broken.join()).toMatch(/no error of ours: SyntaxError: broken/);
  expect(broken.join()).toMatch(/broken, where the oracle has an answer/);
});

test("what is written where nothing is to be written is found", () => {
  const beside = mistakesOf(
    {
      run(program, args) {
        new Uint8Array(args.out.buffer).fill(1);
        return named("call with out").run(program, args);
      },
    },
    "call with out",
  );
  expect(beside.join()).toMatch(/something was written beside out/);
  const input = mistakesOf(
    {
      run(program, args) {
        const result = named("call").run(program, args);
        if (ArrayBuffer.isView(args.yPred)) new Uint8Array(args.yPred.buffer).fill(7);
        return result;
      },
    },
    "call",
  );
  expect(input.join()).toMatch(/yPred was written to/);
});
