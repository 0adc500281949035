// The parts of the documentation's playground that need no page. test/site has the page.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import * as maxmargin from "maxmargin";
import { describe, expect, test } from "vitest";
import type { LossDefinition } from "../lib/losses/definition.js";
import { fromHash, toHash } from "../site/playground/address.js";
import { codeFor } from "../site/playground/code.js";
import { compute, type Results } from "../site/playground/compute.js";
import { examples } from "../site/playground/examples.js";
import { heatOf, largestIn } from "../site/playground/heat.js";
import { readInput } from "../site/playground/input.js";
import { infoOf, lossNames, reductions } from "../site/playground/losses.js";
import { shortest, signed } from "../site/playground/numbers.js";
import { pasted } from "../site/playground/paste.js";
import {
  fitted,
  initial,
  limits,
  resized,
  type State,
  withEncoding,
  withLoss,
  withWeights,
} from "../site/playground/state.js";
import { printedBy, states } from "./support/playground.js";

/** The list from which the library makes everything. */
const { definitions } = createRequire(import.meta.url)("../dist/cjs/losses/list.js") as {
  readonly definitions: readonly LossDefinition[];
};

const root = fileURLToPath(new URL("../", import.meta.url));

describe("the losses", () => {
  test("are those of the library, with their options", () => {
    const own = lossNames.map((name) => [name, infoOf(name).encodings, infoOf(name).parameters]);
    const library = definitions.map(({ Loss, spec }) => [Loss.name, spec.labels, spec.parameters]);
    expect(own.sort()).toEqual(library.sort());
  });
});

describe("a state", () => {
  test("keeps the values of a batch that grows or shrinks", () => {
    const larger = resized(initial, 1, 1);
    expect(larger.yPred[0]).toEqual(["-1.5", "0.5", "0.25", "0"]);
    expect(larger.yPred[3]).toEqual(["0", "0", "0", "0"]);
    expect(larger.yTrue.map((row) => row.length)).toEqual([4, 4, 4, 4]);
    expect(resized(larger, -1, -1)).toEqual(initial);
  });

  test("has at least one value, and at most as many as the limits", () => {
    const least = resized(initial, -100, -100);
    expect([least.yTrue, least.yPred]).toEqual([[["0"]], [["-1.5"]]]);
    const most = resized(initial, 1000, 1000);
    expect([most.yPred.length, most.yPred[0]?.length]).toEqual([limits.rows, limits.columns]);
  });

  test("gives each row a weight", () => {
    expect(withWeights(initial, true).sampleWeight).toEqual(["1", "1", "1"]);
    expect(resized(withWeights(initial, true), 1, 0).sampleWeight).toHaveLength(4);
    expect(withWeights(withWeights(initial, true), false)).toEqual(initial);
  });

  test("turns labels into class ids, and back", () => {
    const ids = withLoss(initial, "CrammerSinger");
    expect([ids.labels, ids.yTrue]).toEqual(["sparse", [["1"], ["0"], ["2"]]]);
    expect(withEncoding(ids, "onehot").yTrue).toEqual(initial.yTrue);
    expect(withEncoding({ ...ids, loss: "Hinge" }, "signed").yTrue[0]).toEqual(["-1", "1", "-1"]);
    // Labels without a 1 have no class.
    expect(withEncoding({ ...initial, yTrue: [["x"], ["0"], []] }, "sparse").yTrue).toEqual([
      ["0"],
      ["0"],
      ["0"],
    ]);
  });

  test("keeps an encoding that the next loss has", () => {
    const binary = withEncoding(initial, "binary");
    expect(withLoss(binary, "ModifiedHuber").labels).toBe("binary");
    expect(withLoss(binary, "CategoricalHinge").labels).toBe("onehot");
  });
});

describe("input", () => {
  const withPrediction = (text: string): State => ({ ...initial, yPred: [[text]], yTrue: [["1"]] });

  test.each([
    [" -1.5 ", -1.5],
    ["1e-3", 0.001],
    ["NaN", Number.NaN],
    ["-Infinity", -Infinity],
    ["-0", -0],
  ])("reads %j", (text, number) => {
    expect(readInput(withPrediction(text)).yPred).toEqual([[number]]);
  });

  test.each([
    ["1,5", 'yPred[0][0]: expected a number, received "1,5"'],
    ["", "yPred[0][0]: expected a number, received nothing"],
    ["one", 'yPred[0][0]: expected a number, received "one"'],
  ])("says what is wrong with %j", (text, message) => {
    expect(compute(maxmargin, withPrediction(text))).toEqual({ error: message });
  });

  test("has the options that are not the default", () => {
    expect(readInput(initial).options).toEqual({});
    const state: State = {
      ...withLoss(initial, "WestonWatkins"),
      margin: "0.5",
      power: "2",
      classWeight: "1, 2;3",
      ignoreClass: "-1",
      reduction: "sum",
    };
    expect(readInput(state).options).toEqual({
      margin: 0.5,
      power: 2,
      classWeight: [1, 2, 3],
      ignoreClass: -1,
      reduction: "sum",
    });
    expect(readInput(withEncoding(state, "onehot")).options).toMatchObject({ labels: "onehot" });
  });

  test("leaves out what the loss does not have", () => {
    const state = { ...withLoss(initial, "ModifiedHuber"), margin: "0.5", power: "2" };
    expect(readInput(state).options).toEqual({});
  });
});

describe("errors of the library", () => {
  test("are shown in its own words", () => {
    const wrong = { ...withEncoding(initial, "binary"), yTrue: [["2"]], yPred: [["1"]] };
    const error = "RangeError: yTrue[0][0]: expected 0 or 1, received 2";
    expect(compute(maxmargin, wrong)).toEqual({ error });
    const negative = { ...initial, margin: "-1" };
    expect(compute(maxmargin, negative)).toEqual({
      error: "RangeError: margin: expected a finite number from 0, received -1",
    });
  });
});

describe("numbers", () => {
  const floats = Float32Array.of(0.1, 1 / 3, 1.3958334, 16777216, 1e-45, 3.4e38, 0, -0.7);

  test.each([...floats])("%d is identified by its digits", (value) => {
    expect(Math.fround(Number(shortest(value)))).toBe(value);
  });

  test("have no more digits than they need", () => {
    expect([...floats].slice(0, 4).map(shortest)).toEqual([
      "0.1",
      "0.33333334",
      "1.3958334",
      "16777216",
    ]);
    expect([Number.NaN, Infinity, -Infinity].map(shortest)).toEqual([
      "NaN",
      "Infinity",
      "-Infinity",
    ]);
  });

  test("have signs in gradients", () => {
    expect([0.5, -0.5, 0, Number.NaN].map(signed)).toEqual(["+0.5", "−0.5", "0", "NaN"]);
  });

  test("have a colour by their share of the largest one", () => {
    const largest = largestIn([
      [1, -4],
      [Number.NaN, -Infinity],
    ]);
    expect(largest).toBe(4);
    expect([4, -1, 0, Number.NaN, -Infinity].map((slope) => heatOf(slope, largest))).toEqual([
      "rgb(213 94 0 / 0.400)",
      "rgb(0 114 178 / 0.100)",
      "transparent",
      "transparent",
      "rgb(0 114 178 / 0.400)",
    ]);
  });
});

describe("pasted text", () => {
  const ids = withLoss(initial, "CrammerSinger");

  test.each([
    ["CSV", "1,2\n3,4\n"],
    ["TSV with the line ends of Windows", "1\t2\r\n3\t4"],
    ["semicolons and spaces", " 1 ; 2 \n\n3;4"],
    ["JSON", "[[1, 2], [3, 4]]"],
    ["JSON of an object", '{"yPred": [[1, 2], [3, 4]]}'],
  ])("replaces predictions: %s", (_, text) => {
    const { yPred, yTrue } = pasted(initial, "yPred", text);
    expect(yPred).toEqual([
      ["1", "2"],
      ["3", "4"],
    ]);
    expect(yTrue).toEqual([
      ["0", "1"],
      ["1", "0"],
    ]);
  });

  test.each(["0\n2\n1", "0,2,1", "[0, 2, 1]", "[[0], [2], [1]]"])(
    "replaces class ids: %j",
    (text) => {
      expect(pasted(ids, "yTrue", text).yTrue).toEqual([["0"], ["2"], ["1"]]);
    },
  );

  test("replaces sample weights, and a whole batch", () => {
    expect(pasted(initial, "sampleWeight", "1,2,3").sampleWeight).toEqual(["1", "2", "3"]);
    const batch = '{"yTrue": [true, 0], "yPred": [[1, 2], [3, 4]], "sampleWeight": [1, 0.5]}';
    expect(pasted(ids, "yPred", batch)).toMatchObject({
      yTrue: [["1"], ["0"]],
      yPred: [
        ["1", "2"],
        ["3", "4"],
      ],
      sampleWeight: ["1", "0.5"],
    });
  });

  test("of one list is one row of predictions, as in the library", () => {
    expect(pasted(initial, "yPred", "[1, 2]").yPred).toEqual([["1", "2"]]);
  });

  test.each([
    ["yPred", "", "expected numbers, received nothing"],
    ["yPred", "[1, 2", /^not valid JSON: /],
    ["yPred", "[]", "expected a list of numbers, received []"],
    ["yPred", "[[1, null]]", "expected numbers in lists of one or two levels, received null"],
    ["yPred", "[[[1]]]", "expected numbers in lists of one or two levels, received [1]"],
    ["yPred", "1,2\n3", "expected 2 values in row 2, received 1"],
    ["yPred", "1\n".repeat(101), "expected at most 100 × 20 values, received 101 × 1"],
    ["yTrue", "1,2", "labels: expected 3 × 3 values, received 1 × 2"],
    ["sampleWeight", "1,2", "sample weights: expected 3 × 1 values, received 2 × 1"],
    ["yPred", "{}", "expected the keys yPred, yTrue, sampleWeight, received none"],
    ["yPred", '{"x": [1]}', 'expected the keys yPred, yTrue, sampleWeight, received "x"'],
    ["yPred", '{"yPred": 1}', "expected a list of numbers, received 1"],
  ] as const)("for %s: %j is refused", (target, text, message) => {
    expect(() => pasted(initial, target, text)).toThrow(message);
  });
});

describe("an address", () => {
  test.each(Object.entries(states))("holds a state: %s", (_, state) => {
    expect(fromHash(toHash(state))).toEqual({ state, problems: [] });
  });

  test("is readable", () => {
    expect(toHash(states["class weights and an ignored class"] as State)).toBe(
      "#loss=CrammerSinger&classWeight=1,%202,%203&ignoreClass=-1&true=1;-1;2&" +
        "pred=-1.5,0.5,0.25;2,-0.5,-1;0.75,-1.25,-0.5",
    );
  });

  test("keeps texts that are no numbers from becoming numbers", () => {
    const state = { ...initial, yPred: [["1,5", "a&b=c", "#%é"]], yTrue: [["1", "1", "1"]] };
    const { yPred } = (fromHash(toHash(state)) as { state: State }).state;
    expect(yPred).toEqual([["1_5", "a&b=c", "#%é"]]);
  });

  test.each(["", "#", "#results", "#%E0%A4%A"])(
    "of another part of the page is none: %j",
    (hash) => {
      expect(fromHash(hash)).toBeNull();
    },
  );

  test("without a batch has the usual one, in the encoding of the loss", () => {
    expect(fromHash("#loss=CrammerSinger")).toEqual({
      state: withLoss(initial, "CrammerSinger"),
      problems: [],
    });
  });

  test.each([
    ["#loss=Hunge", initial, ["loss: expected Hinge, "]],
    ["#loss=__proto__&labels=constructor", initial, ["loss: ", "labels: expected auto, "]],
    [
      "#loss=Hinge&labels=onehot",
      initial,
      ['labels: expected auto, signed, binary, sparse, received "onehot"'],
    ],
    ["#loss=Hinge&reduction=", initial, ["reduction: expected sum_over_batch_size, "]],
    ["#loss=Hinge&hello=1", initial, ["hello: no such field"]],
    [
      "#pred=1,2;3&true=1",
      {
        ...initial,
        yPred: [
          ["1", "2"],
          ["3", "0"],
        ],
        yTrue: [
          ["1", "0"],
          ["0", "0"],
        ],
      },
      ["pred: expected 2 × 2 values; cut or filled", "true: expected 2 × 2 values; cut or filled"],
    ],
    [
      "#pred=1&true=1&weights=1,2",
      { ...initial, yPred: [["1"]], yTrue: [["1"]], sampleWeight: ["1"] },
      ["weights: expected 1 × 1 values; cut or filled"],
    ],
  ])("that was edited is used as far as it can be: %s", (hash, state, problems) => {
    const shared = fromHash(hash);
    expect(shared?.state).toEqual(state);
    expect(shared?.problems).toHaveLength(problems.length);
    for (const [i, problem] of problems.entries()) expect(shared?.problems[i]).toContain(problem);
  });

  test("with broken escapes or a long batch does no harm", () => {
    const broken = fromHash("#pred=%E0%A4%A,1&true=1,1") as { state: State };
    expect(compute(maxmargin, broken.state)).toEqual({
      error: 'yPred[0][0]: expected a number, received "%E0%A4%A"',
    });
    const long = fromHash(`#pred=${"1;".repeat(5000)}1`) as { state: State };
    expect(long.state.yPred).toHaveLength(limits.rows);
  });
});

describe("the program", () => {
  test.each(Object.entries(states))("prints what the page shows: %s", (_, state) => {
    const { value, rows, gradient } = compute(maxmargin, state) as Results;
    expect(printedBy(codeFor(state))).toEqual([value, rows, gradient]);
  });

  test("is TypeScript", () => {
    const folder = mkdtempSync(path.join(root, "build/playground-"));
    try {
      const files = Object.values(states).map((state, i) => {
        const file = path.join(folder, `program-${i}.ts`);
        writeFileSync(file, codeFor(state));
        return file;
      });
      const config = {
        extends: "../../tsconfig.base.json",
        compilerOptions: { noEmit: true },
        files,
      };
      writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(config));
      const tsc = path.join(root, "node_modules/typescript/bin/tsc");
      const { status, stdout } = spawnSync(process.execPath, [tsc, "-p", folder], {
        encoding: "utf8",
      });
      expect(stdout).toBe("");
      expect(status).toBe(0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 120_000);
});

test("examples are complete states, one of which shows an error", () => {
  const outcomes = Object.values(examples).map((state) => {
    expect(fitted(state)).toEqual(state);
    return compute(maxmargin, state);
  });
  expect(outcomes.filter((outcome) => "error" in outcome)).toEqual([
    { error: "RangeError: yTrue[2]: expected a class id from 0 to 2, received 3" },
  ]);
});

test("reductions are those of the library, without its second names", () => {
  for (const reduction of reductions) {
    expect(compute(maxmargin, { ...initial, reduction })).not.toHaveProperty("error");
  }
});
