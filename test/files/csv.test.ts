import { CrammerSinger, Hinge, tensor } from "maxmargin";
import { batches, DataError, evaluateFiles } from "maxmargin/files";
import { describe, expect, test } from "vitest";
import { csv, dataSet, messageOf, npy, streamOf, temporaryFolder } from "./support.js";

const folder = temporaryFolder();
const data = dataSet(20_000, 3);
const whole = new CrammerSinger().value(data.ids, tensor(data.scores, [data.rows, 3]), {
  sampleWeight: data.weights,
});
const columns = {
  labels: "label",
  predictions: "logit_*",
  sampleWeight: "weight",
  losses: ["crammer_singer"],
};

describe("all forms of a table have the bits of one batch", () => {
  test.each([
    ["a.csv", csv(data)],
    ["a.csv.gz", csv(data)],
    ["a.tsv", csv(data, "\t")],
    ["a.tsv.gz", csv(data, "\t", "\r\n")],
    ["crlf.csv", csv(data, ",", "\r\n")],
    ["no last line break.csv", csv(data).trimEnd()],
    ["with a mark.csv", `\uFEFF${csv(data)}`],
    ["blank lines.csv", csv(data, ",", "\n\r\n\n")],
  ])("%s", async (name, text) => {
    const { losses } = await evaluateFiles(folder.write(name, text), columns);
    expect(losses).toEqual({ crammer_singer: whole });
  });

  test("a stream of small pieces", async () => {
    const { losses } = await evaluateFiles(streamOf(csv(data), 1001), {
      ...columns,
      format: "csv",
    });
    expect(losses).toEqual({ crammer_singer: whole });
  });
});

/** The predictions of a table. */
async function scoresOf(text: string, pieces = 5, options = {}): Promise<number[]> {
  const all: number[] = [];
  const own = { format: "csv", labels: "y", predictions: "p", ...options } as const;
  for await (const { predictions } of batches(streamOf(text, pieces), own)) {
    all.push(...(predictions.data as Float64Array));
  }
  return all;
}

describe("numbers are those of Number()", () => {
  const texts = [
    "0",
    "-0",
    "1",
    "-1",
    "0.1",
    ".5",
    "5.",
    "-.25",
    "1e5",
    "1E-5",
    "1e+22",
    "123456789012345678",
    "9007199254740991",
    "9007199254740993",
    "0.1234567890123456789",
    "1e23",
    "1.7976931348623157e308",
    "5e-324",
    "2.2250738585072014e-308",
    "1e400",
    "-1e-400",
    "0x10",
    " 12 ",
    "+3",
    "Infinity",
    "-Infinity",
    "00012.500",
    "8.41e-7",
    "179769313486231580000000000000000000000",
    "1e0000005",
  ];

  test.each(texts)("%s", async (text) => {
    for (const pieces of [1, 3, 100]) {
      const [value] = await scoresOf(`y,p\n1,${text}\n`, pieces);
      expect(Object.is(value, Number(text)), `${value}`).toBe(true);
    }
  });

  test("and the names of other languages", async () => {
    const text = "y,p\n1,nan\n1,NaN\n1,inf\n1,-inf\n1,INF\n1,-Infinity\n";
    expect(await scoresOf(text)).toEqual([NaN, NaN, Infinity, -Infinity, Infinity, -Infinity]);
  });
});

describe("fields", () => {
  test.each([
    ["quoted", '"y","p"\n"1","0.5"\n', [0.5]],
    [
      "quoted with separators, quotes and line breaks",
      'y,text,p\n1,"a,""b"",\r\nc",0.5\n1,"",2\n',
      [0.5, 2],
    ],
    ["CRLF after a quote", 'y,p\r\n1,"0.5"\r\n1,"2"\r\n', [0.5, 2]],
    ["in another order", "p,x,y\n0.5,abc,1\n", [0.5]],
    ["of one column for both", "p\n0.5\n", [0.5]],
  ])("%s", async (_, text, expected) => {
    const options = text.startsWith("p\n") ? { labels: "p" } : {};
    for (const pieces of [1, 2, 3, 1000]) {
      expect(await scoresOf(text, pieces, options)).toEqual(expected);
    }
  });

  test("empty ones are errors, or their rows are left out", async () => {
    const text = 'y,p\n1,0.5\n1,\n,2\n1,""\n1,3\n';
    expect(await messageOf(scoresOf(text))).toBe(
      'standard input: column "p", line 3: expected a value (to leave out rows without one, set skipNulls), received an empty field',
    );
    expect(await scoresOf(text, 5, { skipNulls: true })).toEqual([0.5, 3]);
  });

  test("patterns take columns in natural order", async () => {
    const text = "y,logit_10,logit_2,logit_1\n1,10,2,1\n";
    expect(await scoresOf(text, 5, { predictions: "logit_*" })).toEqual([1, 2, 10]);
    expect(await scoresOf(text, 5, { predictions: ["logit_10", "logit_1"] })).toEqual([10, 1]);
  });
});

describe("errors name the file, the column and the line", () => {
  const text = 'standard input: column "p", line';
  test.each([
    ["y,p\n1,abc\n", `${text} 2: expected a number, received "abc"`],
    ["y,p\n1,1\n\n1,1_0\n", `${text} 4: expected a number, received "1_0"`],
    ['y,t,p\n1,"a\nb",1\n1,x,-\n', `${text} 4: expected a number, received "-"`],
    ["y,p\n1,1,1\n", "standard input: line 2: expected 2 fields, received more"],
    ["y,x,p\n1,1\n", "standard input: line 2: expected 3 fields, received 2"],
    ['y,p\n1,"1\n', `${text} 2: expected a quote that ends, received the end of the file`],
    ['y,p\n1,"1"2\n', `${text} 2: expected a separator after the closing quote, received "2"`],
    ["", "standard input: expected a first line with the names of the columns, received none"],
    ["y,pp\n1,1\n", 'standard input: no column "p"; did you mean "y"? (it has "y", "pp")'],
    ["y,p,p\n1,1,1\n", 'standard input: more than one column is called "p"'],
  ])("%j", async (content, message) => {
    for (const pieces of [1, 1000]) {
      const promise = scoresOf(content, pieces);
      expect(await messageOf(promise)).toBe(message);
      await expect(scoresOf(content, pieces)).rejects.toBeInstanceOf(DataError);
    }
  });

  test("a column that is missing suggests the nearest", async () => {
    const file = folder.write("columns.csv", "label,score\n1,0.5\n");
    const options = { labels: "lable", predictions: "score", losses: ["hinge"] };
    expect(await messageOf(evaluateFiles(file, options))).toBe(
      `${file}: no column "lable"; did you mean "label"? (it has "label", "score")`,
    );
    expect(await messageOf(evaluateFiles(file, { ...options, labels: "l_*" }))).toBe(
      `${file}: no column matches "l_*" (it has "label", "score")`,
    );
  });

  test("a file without rows", async () => {
    const file = folder.write("header.csv", "label,score\n");
    const options = { labels: "label", predictions: "score", losses: ["hinge"] };
    expect(await messageOf(evaluateFiles(file, options))).toBe(
      `${file}: expected at least one row, received none`,
    );
  });

  test("a line without end does not take all memory", async () => {
    async function* endless() {
      yield Buffer.from('y,p\n1,"');
      while (true) yield Buffer.alloc(1 << 20, 97);
    }
    const options = { format: "csv", labels: "y", predictions: "p" } as const;
    const first = batches(endless(), options).next();
    expect(await messageOf(first)).toBe(
      "standard input: line 2: expected a line of at most 16777216 bytes, received a longer one, or a quote that does not end",
    );
  });
});

test("decimals have the bits of the float32 values that they were written from", async () => {
  const rows = dataSet(50_000, 1);
  const table = folder.write("narrow.csv", csv(rows));
  const files = {
    labels: folder.write("y.npy", npy(rows.ids)),
    predictions: folder.write("p.npy", npy(rows.scores)),
  };
  const options = { labels: "label", predictions: "logit_0", losses: ["hinge", "squared_hinge"] };
  const { losses } = await evaluateFiles(table, options);
  expect(losses).toEqual((await evaluateFiles(files, { losses: options.losses })).losses);
  const yPred = tensor(rows.scores, [rows.rows, 1]);
  expect(Object.values(losses)[0]).toBe(new Hinge().value(tensor(rows.ids, [rows.rows, 1]), yPred));
});
