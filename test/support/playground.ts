import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { deserialize } from "node:v8";
import { expect } from "vitest";
import { lossNames } from "../../site/playground/losses.js";
import { initial, type State, withEncoding, withLoss } from "../../site/playground/state.js";

const root = fileURLToPath(new URL("../../", import.meta.url));

const classes = withLoss(initial, "CrammerSinger");

/** States of the playground that have results: each loss, each option, and special values. */
export const states: Readonly<Record<string, State>> = {
  ...Object.fromEntries(lossNames.map((loss) => [loss, withLoss(initial, loss)])),
  "signed labels": withEncoding(initial, "signed"),
  "binary labels": withEncoding(initial, "binary"),
  "hinge of class ids": withEncoding(initial, "sparse"),
  "one-hot labels": withEncoding(classes, "onehot"),
  "a margin": { ...initial, margin: "0.1" },
  "a margin and a power": { ...withLoss(initial, "WestonWatkins"), margin: "2", power: "2" },
  "class weights and an ignored class": {
    ...classes,
    classWeight: "1, 2, 3",
    ignoreClass: "-1",
    yTrue: [["1"], ["-1"], ["2"]],
  },
  "sample weights": {
    ...initial,
    sampleWeight: ["1", "0.25", "3"],
    reduction: "mean_with_sample_weight",
  },
  "a sum": { ...initial, reduction: "sum" },
  "no reduction": { ...initial, reduction: "none", sampleWeight: ["1", "2", "0"] },
  "one score per row": {
    ...initial,
    labels: "binary",
    classWeight: "1,3",
    yTrue: [["1"], ["0"]],
    yPred: [["0.1"], ["-0.3"]],
  },
  "special values": {
    ...initial,
    yTrue: [["1", "-1"]],
    yPred: [["NaN", "Infinity"]],
  },
};

/** Runs a program of the playground in Node, and returns what it prints. */
export function printedBy(code: string): unknown[] {
  const printing = `
    import { serialize } from "node:v8";
    const printed = [];
    globalThis.console = { log: (value) => printed.push(value) };
    process.on("exit", () => process.stdout.write(serialize(printed).toString("base64")));
  `;
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--input-type=module", "-e", printing + code],
    { cwd: root, encoding: "utf8" },
  );
  expect(status, stderr).toBe(0);
  return deserialize(Buffer.from(stdout, "base64")) as unknown[];
}
