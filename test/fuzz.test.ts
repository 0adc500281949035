import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Tensor } from "maxmargin";
import { expect, test } from "vitest";
import { check } from "./fuzz/check.js";
import { type Program, randomProgram } from "./fuzz/program.js";
import { type Call, type Result, type Subject, subjects } from "./fuzz/subjects.js";
import { valuesOf } from "./support/data.js";
import { allLossNames } from "./support/losses.js";

const fuzz = fileURLToPath(new URL("../build/checks/fuzz/main.js", import.meta.url));

// In a process of its own: it sets the number of threads, which is the process's.
test("random programs, from a fixed seed on", () => {
  const programs = 60;
  const args = [fuzz, "--seed", "20250101", "--programs", String(programs)];
  const printed = execFileSync(process.execPath, args, { encoding: "utf8" });
  expect(printed).toMatch(/^from seed 20250101\n\{.*\}\n$/);
  const counts = JSON.parse(printed.split("\n")[1]) as Record<
    "programs" | "runs" | "refused" | "values" | "undecided" | "aborted",
    number
  >;
  expect(counts).toMatchObject({ programs, runs: programs * subjects.length });
  // Most programs have an answer, and the oracle knows nearly all of these.
  expect(counts.refused).toBeGreaterThan(10);
  expect(counts.refused).toBeLessThan(0.3 * counts.runs);
  expect(counts.values).toBeGreaterThan(50_000);
  expect(counts.undecided).toBeLessThan(0.05 * counts.values);
  expect(counts.aborted).toBeGreaterThan(100);
}, 60_000);

test("a seed repeats its program, and another seed draws another one", () => {
  for (const seed of [1, 2, 3, 5]) {
    const { labels } = randomProgram(seed);
    expect(randomProgram(seed).labels.data).toEqual(labels.data);
    expect(randomProgram(seed + 1).labels).not.toEqual(labels);
  }
});

/** Whether some rows of a batch have only NaN to take a maximum of, and others a maximum that classes share. */
function hasNaNBesideTie({ loss, labels, predictions }: Program): boolean {
  const width = predictions.shape.at(-1) ?? 1;
  if (loss !== "categorical_hinge" || labels.shape.join() !== predictions.shape.join())
    return false;
  const [y, p] = [labels, predictions].map(({ dtype, data }) => valuesOf(dtype, data));
  let [nan, tied] = [0, 0];
  for (let start = 0; start < p.length; start += width) {
    const others = p.slice(start, start + width).map((value, i) => (1 - y[start + i]) * value);
    const max = Math.max(...others);
    if (others.every(Number.isNaN)) nan++;
    else if (others.filter((other) => other === max).length > 1) tied++;
  }
  return nan > 0 && tied > 0;
}

test("rows of NaN beside rows with ties, sums that overflow and margins of 0 are drawn", () => {
  const programs = Array.from({ length: 800 }, (_, seed) => randomProgram(seed));
  const drawn = (name: string) =>
    programs.filter(({ predictions }) => predictions.style.includes(name)).length;
  expect(programs.filter(hasNaNBesideTie).length).toBeGreaterThan(8);
  for (const name of ["margin 0", "margins 0", "Infinity", "beyond the largest", "all -0"]) {
    expect.soft(drawn(name), name).toBeGreaterThan(4);
  }
});

test("all losses, encodings and options are drawn, most of them with an answer", () => {
  const programs = Array.from({ length: 1000 }, (_, seed) => randomProgram(seed));
  // The oracle takes its time for large ones.
  const small = programs.filter(({ predictions }) => predictions.data.length < 500);
  const answered = small.filter((program) => {
    try {
      return subjects[0].exact(program) !== undefined;
    } catch {
      return false;
    }
  });
  const count = (is: (program: Program) => boolean) => answered.filter(is).length;
  for (const loss of allLossNames) {
    const sparse = count((each) => each.loss === loss && each.formula.labels === "sparse");
    expect.soft(sparse, `class ids of ${loss}`).toBeGreaterThan(10);
    const others = count((each) => each.loss === loss && each.formula.labels !== "sparse");
    expect.soft(others, loss).toBeGreaterThan(20);
  }
  expect.soft(count(({ formula }) => formula.labels === "binary")).toBeGreaterThan(10);
  expect.soft(count(({ formula }) => formula.classWeight !== undefined)).toBeGreaterThan(40);
  expect.soft(count(({ formula }) => formula.ignoreClass !== undefined)).toBeGreaterThan(40);
  expect.soft(count(({ formula }) => formula.power === 2)).toBeGreaterThan(40);
  expect.soft(count(({ formula }) => formula.margin !== 1)).toBeGreaterThan(200);
});

/** The call of that name, and its subject. */
function named(name: string): { subject: Subject; call: Call } {
  for (const subject of subjects) {
    const call = subject.calls.find((call) => call.name === name);
    if (call !== undefined) return { subject, call };
  }
  throw new RangeError(`no call ${name}`);
}

/** What a run of many programs says of a call that has something wrong. */
async function mistakesOf(name: string, run: (right: Call["run"]) => Call["run"]) {
  const { subject, call } = named(name);
  const calls = [{ ...call, run: run(call.run) }];
  const found: string[] = [];
  for (let seed = 0; seed < 60; seed++) {
    const { mistakes } = await check({ ...subject, calls }, randomProgram(seed), []);
    found.push(...mistakes);
  }
  return found;
}

/** What a call gives, at once or later, with something done to it. */
const changed = (result: Result | Promise<Result>, change: (result: Result) => Result) =>
  result instanceof Promise ? result.then(change) : change(result);

test.each(["call", "callAsync", "valueAndGradient", "gradientAsync of a function"])(
  "a last bit that is different once is found, and the message repeats it: %s",
  async (name) => {
    let calls = 0;
    const [message] = await mistakesOf(name, (right) => (...args) => {
      // One machine of many.
      const isWrong = calls++ % 3 === 1;
      return changed(right(...args), (result) => {
        const { data } = (result.gradient ?? result.value) as Tensor;
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        if (isWrong && bytes.length > 0) bytes[0] ^= 1;
        return result;
      });
    });
    expect(message).toMatch(/but JavaScript: |other bits of a NaN than in JavaScript/);
    expect(message).toMatch(/in seed \d+: \w+, class dtype/);
    expect(message).toMatch(/yTrue: \w+ \w+ \[/);
  },
);

test("a wrong number that all agree on is found", async () => {
  const tooLarge = await mistakesOf(
    "value",
    (right) =>
      (...args) =>
        changed(right(...args), ({ value }) => ({
          value: typeof value === "number" ? value * (1 + 2 ** -20) : (value as Tensor),
        })),
  );
  expect(tooLarge.length).toBeGreaterThan(5);
  expect(tooLarge[0]).toMatch(/but the oracle: /);
  const shifted = await mistakesOf(
    "gradient",
    (right) =>
      (...args) =>
        changed(right(...args), ({ gradient }) => {
          const { data } = gradient as Tensor;
          if (data instanceof Float32Array) data.copyWithin(1, 0);
          return { gradient: gradient as Tensor };
        }),
  );
  expect(shifted.length).toBeGreaterThan(5);
  expect(shifted[0]).toMatch(/gradient \d+: .*but the oracle: /);
});

test("an answer where an error is expected, and an unexpected error, are found", async () => {
  const bold = await mistakesOf("value", () => () => ({ value: 0 }));
  expect(bold.join()).toMatch(/an answer, where the oracle has none/);
  const broken = await mistakesOf("value", () => () => {
    throw new SyntaxError("broken");
  });
  expect(broken.join()).toMatch(/no error of ours: SyntaxError: broken/);
  expect(broken.join()).toMatch(/broken, where the oracle has an answer/);
});

test("a write beside out, or to an input, is found", async () => {
  const beside = await mistakesOf("call with out", (right) => (program, yTrue, yPred, options) => {
    const out = options.out as Tensor["data"] | undefined;
    if (out) new Uint8Array(out.buffer).fill(1);
    return right(program, yTrue, yPred, options);
  });
  expect(beside.join()).toMatch(/something was written beside out/);
  const input = await mistakesOf("call", (right) => (...args) => {
    const result = right(...args);
    const [, , yPred] = args;
    const data = ArrayBuffer.isView(yPred) ? yPred : (yPred as Partial<Tensor>).data;
    if (data !== undefined) new Uint8Array(data.buffer).fill(7);
    return result;
  });
  expect(input.join()).toMatch(/yPred was written to/);
});

test("a call that does not stop is found, and one that moves nothing or loses what has moved", async () => {
  const deaf = await mistakesOf("callAsync", (right) => (program, yTrue, yPred, options) => {
    const { signal: _, ...others } = options;
    return right(program, yTrue, yPred, others);
  });
  expect(deaf.join()).toMatch(/an answer in spite of the signal/);
  const lazy = await mistakesOf("callAsync", (right) => (program, yTrue, yPred, options) => {
    const { transfer: _, ...others } = options;
    return right(program, yTrue, yPred, others);
  });
  expect(lazy.join()).toMatch(/yTrue has not moved/);
  const careless = await mistakesOf(
    "callAsync",
    (right) =>
      (...args) =>
        changed(right(...args), ({ value }) => ({ value: value as Tensor })),
  );
  expect(careless.join()).toMatch(/yPred did not come back as it was/);
});
