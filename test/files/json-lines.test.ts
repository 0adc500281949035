import { CrammerSinger, tensor } from "maxmargin";
import { batches, evaluateFiles } from "maxmargin/files";
import { describe, expect, test } from "vitest";
import { dataSet, messageOf, streamOf, temporaryFolder } from "./support.js";

const folder = temporaryFolder();
const data = dataSet(20_000, 3);

/** The rows of the data set as objects, with a column for each score or one list. */
function lines(form: "columns" | "lists", lineBreak = "\n"): string {
  return Array.from({ length: data.rows }, (_, row) => {
    const scores = [...data.scores.subarray(3 * row, 3 * row + 3)];
    const own = { label: data.ids[row], weight: data.weights[row], segment: data.segments[row] };
    const named = Object.fromEntries(scores.map((score, j) => [`logit_${j}`, score]));
    return JSON.stringify({ ...own, ...(form === "lists" ? { scores } : named) });
  }).join(lineBreak);
}

describe("all forms have the bits of one batch", () => {
  const whole = new CrammerSinger().value(data.ids, tensor(data.scores, [data.rows, 3]), {
    sampleWeight: data.weights,
  });
  const options = { labels: "label", sampleWeight: "weight", losses: ["crammer_singer"] };

  test.each([
    ["rows.jsonl", lines("columns"), "logit_*"],
    ["rows.ndjson.gz", lines("columns", "\r\n"), "logit_*"],
    ["lists.jsonl", `${lines("lists", "\n\n")}\n`, "scores"],
  ])("%s", async (name, text, predictions) => {
    const file = folder.write(name, text);
    const { losses, groups } = await evaluateFiles(file, {
      ...options,
      predictions,
      by: "segment",
    });
    expect(losses).toEqual({ crammer_singer: whole });
    expect(groups?.map((group) => group.name)).toEqual([...new Set(data.segments)].sort());
  });
});

/** The predictions of a text. */
async function scoresOf(text: string, options = {}): Promise<number[]> {
  const all: number[] = [];
  const own = { format: "jsonl", labels: "y", predictions: "p", ...options } as const;
  for await (const { predictions } of batches(streamOf(text), own)) {
    all.push(...(predictions.data as Float64Array));
  }
  return all;
}

test("booleans are 0 and 1, and numbers keep their bits", async () => {
  expect(await scoresOf('{"y":true,"p":0.1}\n{"p":-0,"y":false}')).toEqual([0.1, -0]);
});

test("nulls are errors, or their rows are left out", async () => {
  const text = '{"y":1,"p":0.5}\n{"y":1,"p":null}\n{"p":1}\n{"y":0,"p":2}\n';
  expect(await messageOf(scoresOf(text))).toBe(
    'standard input: column "p", line 2: expected a value (to leave out rows without one, set skipNulls), received null',
  );
  expect(await scoresOf(text, { skipNulls: true })).toEqual([0.5, 2]);
  const lists = '{"y":1,"p":[1,2]}\n{"y":1,"p":[3,null]}\n{"y":1,"p":[4,5]}\n';
  expect(await scoresOf(lists, { skipNulls: true })).toEqual([1, 2, 4, 5]);
});

describe("errors name the line", () => {
  const place = "standard input:";
  test.each([
    ["", `${place} expected a JSON object in each line, received an empty file`],
    ['{"y":1,"p":1}\n\n{"y":1,', `${place} line 3: expected a JSON object, received "{\\"y\\":1,"`],
    ['{"y":1,"p":1}\n[1]', `${place} line 2: expected a JSON object, received "[1]"`],
    ['{"y":1,"p":"a"}', `${place} column "p", line 1: expected a number, received "a"`],
    [
      '{"y":1,"p":[1]}\n{"y":1,"p":[1,2]}',
      `${place} column "p", line 2: expected a list of 1 numbers, received 2`,
    ],
    [
      '{"y":1,"p":[1]}\n{"y":1,"p":3}',
      `${place} column "p", line 2: expected a list of 1 numbers, received 3`,
    ],
    ['{"y":1,"p":[1,"a"]}', `${place} column "p", line 1: expected a number, received "a"`],
    ['{"y":1,"q":1}', `${place} no column "p"; did you mean "y"? (it has "y", "q")`],
  ])("%j", async (text, message) => {
    expect(await messageOf(scoresOf(text))).toBe(message);
  });

  test("a line without end does not take all memory", async () => {
    async function* endless() {
      while (true) yield Buffer.alloc(1 << 20, 97);
    }
    const options = { format: "jsonl", labels: "y", predictions: "p" } as const;
    expect(await messageOf(batches(endless(), options).next())).toMatch(
      /^standard input: line 1: expected a line of at most 16777216 bytes/,
    );
  });
});
