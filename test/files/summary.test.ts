// Summaries, against loops over single rows.
import { Hinge, type Loss } from "maxmargin";
import {
  evaluateFiles,
  evaluateShard,
  mergeShards,
  type SavedShard,
  type Summary,
} from "maxmargin/files";
import { describe, expect, test } from "vitest";
import { generator, integerBelow } from "../support/data.js";
import { csv, dataSet, messageOf, npy, temporaryFolder } from "./support.js";

const folder = temporaryFolder();
const rows = 30_011;
const random = generator(5);
const scores = Float32Array.from({ length: rows }, () => 6 * random() - 3);
const weights = Float32Array.from({ length: rows }, () => 0.5 + random());
/** Labels 0 and 1, most of them right. */
const labels = Int8Array.from(scores, (score) => +(score + 2 * random() - 1 > 0));

const save = (name: string, values: Int8Array | Int32Array | Float32Array, width = 1) =>
  folder.write(name, npy(values, width === 1 ? {} : { shape: [values.length / width, width] }));

const predictions = save("scores.npy", scores);

interface Row {
  readonly label: number | null;
  readonly prediction: number | null;
  readonly loss: number;
}

/** The counts and worst rows of a summary, from the margins and the rows of a data set. */
function expectedOf(margins: readonly number[], all: readonly Row[], hinge = 1) {
  const finite = margins.filter(Number.isFinite);
  const worst = all
    .map((row, i) => ({ ...row, row: i + 1 }))
    .filter(({ loss }) => loss > 0 || Number.isNaN(loss))
    .sort((a, b) => {
      const rank = ({ loss }: Row) => (Number.isNaN(loss) ? 2 : loss === Infinity ? 1 : 0);
      return rank(b) - rank(a) || (rank(a) === 0 ? b.loss - a.loss : 0) || a.row - b.row;
    })
    .slice(0, 10);
  return {
    counts: {
      all: margins.length,
      inside: margins.filter((margin) => margin < hinge).length,
      misclassified: margins.filter((margin) => margin <= 0).length,
      nan: margins.filter(Number.isNaN).length,
      infinite: margins.filter((margin) => margin === Infinity).length,
      minusInfinite: margins.filter((margin) => margin === -Infinity).length,
    },
    range: [Math.min(...finite), Math.max(...finite)],
    worst,
  };
}

/** Compares a summary with what is expected, and its bars with the margins. */
function check(summary: Summary | undefined, margins: readonly number[], all: readonly Row[]) {
  if (summary === undefined) throw new Error("no summary");
  const { counts, range, histogram, hinge } = summary.margins;
  const expected = expectedOf(margins, all, hinge);
  expect({ counts, range }).toEqual({ counts: expected.counts, range: expected.range });
  expect(summary.worst.map(({ file, ...row }) => row)).toEqual(expected.worst);
  const { bars, below, above } = histogram;
  expect(bars.length).toBeGreaterThan(12);
  expect(bars.length).toBeLessThanOrEqual(50);
  const isIn = (margin: number, { from, to }: { from: number; to: number }) =>
    margin > 0 ? from <= margin && margin < to : from < margin && margin <= to;
  for (const bar of bars) {
    expect(bar).toEqual({ ...bar, count: margins.filter((margin) => isIn(margin, bar)).length });
  }
  const total = bars.reduce((sum, { count }) => sum + count, below + above);
  expect(total).toBe(margins.filter(Number.isFinite).length);
  for (const count of [below, above]) expect(count).toBeLessThanOrEqual(0.005 * total);
}

/** Compares the classes of a summary with the losses of their rows. */
function checkClasses(summary: Summary | undefined, name: string, all: readonly Row[]): void {
  const labels = [...new Set(all.map(({ label }) => label as number))].sort((a, b) => a - b);
  expect(summary?.classes?.map(({ label }) => label)).toEqual(labels);
  for (const { label, rows, losses } of summary?.classes ?? []) {
    const own = all.filter((row) => row.label === label);
    const mean = own.reduce((sum, { loss }) => sum + loss, 0) / own.length;
    expect(rows).toBe(own.length);
    expect(losses[name]).toBeCloseTo(mean, 8);
  }
}

const hingeRow = (sign: number, i: number, label: number | null = sign): Row => ({
  label,
  prediction: scores[i] as number,
  loss: Math.max(0, Math.fround(1 - Math.fround(sign * (scores[i] as number)))),
});

describe("one label for one prediction", () => {
  const ofSign = (i: number) => 2 * (labels[i] as number) - 1;
  const margins = Array.from(scores, (score, i) => ofSign(i) * score);
  const all = Array.from(scores, (_, i) => hingeRow(ofSign(i), i, labels[i]));

  test("labels 0 and 1, which are read as -1 and 1", async () => {
    const source = { labels: save("binary.npy", labels), predictions };
    const { summary } = await evaluateFiles(source, { losses: ["hinge"], summary: true });
    expect(summary?.margins).toMatchObject({ kind: "product", hinge: 1 });
    check(summary, margins, all);
    checkClasses(summary, "hinge", all);
    expect(summary?.worst[0]?.file).toBe(source.labels);
  });

  test("labels that turn out to be read unchanged in the last row", async () => {
    const late = labels.slice();
    late[rows - 1] = -1;
    const source = { labels: save("late.npy", late), predictions };
    const { summary, decidedBy } = await evaluateFiles(source, {
      losses: ["hinge"],
      summary: true,
    });
    expect(decidedBy?.row).toBe(rows);
    const unchanged = Array.from(scores, (_, i) => hingeRow(late[i] as number, i));
    check(
      summary,
      Array.from(scores, (score, i) => (late[i] as number) * score),
      unchanged,
    );
    checkClasses(summary, "hinge", unchanged);
  });

  test("labels of any size have no class unless they are -1, 0 or 1", async () => {
    const signed = Float32Array.from(labels, (label, i) => (i % 3 === 0 ? 0.5 : 2 * label - 1));
    const source = { labels: save("signed.npy", signed), predictions };
    const { summary } = await evaluateFiles(source, { losses: ["hinge"], summary: true });
    const own = Array.from(scores, (_, i) => hingeRow(signed[i] as number, i));
    check(
      summary,
      Array.from(scores, (score, i) => Math.fround((signed[i] as number) * score)),
      own,
    );
    checkClasses(
      summary,
      "hinge",
      own.filter(({ label }) => label !== 0.5),
    );
  });

  test("weights, a margin and rows that do not count", async () => {
    const text = ["y,p,w"];
    for (let i = 0; i < rows; i++) {
      const label = i % 7 === 0 ? 9 : labels[i];
      text.push(`${label},${scores[i]},${i % 7 === 0 ? "nan" : weights[i]}`);
    }
    const file = folder.write("weighted.csv", text.join("\n"));
    const options = { labels: "y", predictions: "p", sampleWeight: "w", losses: ["hinge"] };
    const { summary } = await evaluateFiles(file, {
      ...options,
      margin: 0.3,
      ignoreClass: 9,
      summary: true,
    });
    const hinge = Math.fround(0.3);
    const own = Array.from(scores, (score, i) => {
      const loss = Math.max(0, Math.fround(hinge - ofSign(i) * score));
      const weighted = Math.fround(loss * (weights[i] as number));
      return { ...(all[i] as Row), loss: i % 7 === 0 ? 0 : weighted };
    });
    expect(summary?.margins.hinge).toBe(hinge);
    check(
      summary,
      margins.filter((_, i) => i % 7 !== 0),
      own,
    );
    checkClasses(
      summary,
      "hinge",
      own.filter((_, i) => i % 7 !== 0),
    );
  });

  test("float64 is not rounded to float32", async () => {
    const text = "y,p\n1,0.9999999999999999\n1,1\n-1,-1e-320\n-1,0\n1,5e-324\n";
    const file = folder.write("double.csv", text);
    const losses = [new Hinge({ dtype: "float64" }) as Loss];
    const columns = { labels: "y", predictions: "p" };
    const { summary } = await evaluateFiles(file, { ...columns, losses, summary: true });
    expect(summary?.margins.counts).toMatchObject({ all: 5, inside: 4, misclassified: 1 });
  });

  test("float16 has losses of float16", async () => {
    const file = folder.write("half.csv", "y,p\n1,0.5\n-1,0.1\n1,2\n");
    const losses = [new Hinge({ dtype: "float16" }) as Loss];
    const columns = { labels: "y", predictions: "p" };
    const { summary } = await evaluateFiles(file, { ...columns, losses, summary: true });
    expect(summary?.worst.map(({ loss }) => loss)).toEqual([1.099609375, 0.5]);
    expect(summary?.margins.range).toEqual([-0.0999755859375, 2]);
  });

  test("a margin of 0, and margins of 0 alone", async () => {
    const file = folder.write("zeros.csv", "y,p\n1,0\n-1,0\n1,-0\n");
    const options = { labels: "y", predictions: "p", losses: ["hinge"], margin: 0, summary: true };
    const { summary } = await evaluateFiles(file, options);
    expect(summary?.margins.counts).toMatchObject({ all: 3, inside: 0, misclassified: 3 });
    expect(summary?.worst).toEqual([]);
    const filled = summary?.margins.histogram.bars.filter(({ count }) => count > 0);
    expect(filled).toEqual([{ from: -0.03125, to: 0, count: 3 }]);
  });

  test("a margin that is infinite in float32", async () => {
    const file = folder.write("infinite.csv", "y,p\n1,5\n-1,inf\n");
    const options = { labels: "y", predictions: "p", losses: ["hinge"], margin: 1e300 };
    const shard = await evaluateShard(file, { ...options, summary: true }, { index: 0, of: 1 });
    const { summary } = mergeShards([JSON.parse(JSON.stringify(shard))]);
    expect(summary?.margins).toMatchObject({ hinge: Infinity, counts: { all: 2, inside: 2 } });
    expect(summary?.margins.histogram.bars.at(-1)?.to).toBeGreaterThan(5);
  });

  test("NaN and infinities are counted apart, and NaN is the largest loss", async () => {
    const text = "y,p\n1,nan\n1,inf\n1,-inf\n-1,-2\n-1,0.5\n1,nan\n";
    const file = folder.write("special.csv", text);
    const options = { labels: "y", predictions: "p", losses: ["hinge"], summary: true };
    const { summary } = await evaluateFiles(file, options);
    expect(summary?.margins.counts).toEqual({
      all: 6,
      inside: 2,
      misclassified: 2,
      nan: 2,
      infinite: 1,
      minusInfinite: 1,
    });
    expect(summary?.margins.range).toEqual([-0.5, 2]);
    expect(summary?.worst.map(({ row, loss }) => [row, loss])).toEqual([
      [1, Number.NaN],
      [6, Number.NaN],
      [3, Infinity],
      [5, 1.5],
    ]);
  });

  test("no finite margin", async () => {
    const file = folder.write("none.csv", "y,p\n1,nan\n1,inf\n");
    const options = { labels: "y", predictions: "p", losses: ["hinge"], summary: true };
    const { summary } = await evaluateFiles(file, options);
    expect(summary?.margins).not.toHaveProperty("range");
    expect(summary?.margins.histogram.bars.every(({ count }) => count === 0)).toBe(true);
  });
});

test("outliers are beyond the bars", async () => {
  const far = scores.slice();
  far.set([-1e30, 3e38, 1e6]);
  const source = { labels: save("far y.npy", labels), predictions: save("far.npy", far) };
  const { summary } = await evaluateFiles(source, { losses: ["hinge"], summary: true });
  const margins = Array.from(far, (score, i) => (2 * (labels[i] as number) - 1) * score);
  const all = margins.map((margin, i) => ({
    label: labels[i] as number,
    prediction: far[i] as number,
    loss: Math.max(0, Math.fround(1 - margin)),
  }));
  check(summary, margins, all);
});

describe("several predictions in a row", () => {
  const classes = 5;
  const count = 4099;
  const logits = Float32Array.from({ length: count * classes }, () => 4 * random() - 2);
  const ids = Int32Array.from({ length: count }, () => integerBelow(classes - 1, random));
  const rowOf = (i: number) => Array.from(logits.subarray(i * classes, (i + 1) * classes));
  const margins = Array.from(ids, (id, i) => {
    const others = rowOf(i).filter((_, j) => j !== id);
    return Math.fround((rowOf(i)[id] as number) - Math.max(...others));
  });
  const all = Array.from(ids, (id, i) => {
    const loss = Math.max(0, Math.fround(1 - (margins[i] as number)));
    return { label: id, prediction: rowOf(i).indexOf(Math.max(...rowOf(i))), loss };
  });
  const wide = save("logits.npy", logits, classes);
  const oneHot = new Int8Array(count * classes);
  for (const [i, id] of ids.entries()) oneHot[i * classes + id] = 1;

  test.each([
    ["class ids", save("ids.npy", ids)],
    ["one-hot rows", save("one hot.npy", oneHot, classes)],
  ])("%s", async (_, labels) => {
    const source = { labels, predictions: wide };
    const losses = ["crammer_singer", "hinge"];
    const { summary } = await evaluateFiles(source, { losses, summary: true });
    expect(summary?.margins.kind).toBe("difference");
    check(summary, margins, all);
    checkClasses(summary, "crammer_singer", all);
  });

  test("rows of categorical hinge that are not one-hot have no margin and no class", async () => {
    const smooth = Float32Array.from(oneHot);
    smooth.set([0.5, 0.5, 0, 0, 0]);
    const source = { labels: save("smooth.npy", smooth, classes), predictions: wide };
    const { summary } = await evaluateFiles(source, {
      losses: ["categorical_hinge"],
      summary: true,
    });
    expect(summary?.margins.counts.all).toBe(count - 1);
    expect(summary?.classes?.reduce((sum, { rows }) => sum + rows, 0)).toBe(count - 1);
  });

  test("labels for each prediction have a margin each, and no classes", async () => {
    const signs = Int8Array.from(oneHot, (label) => 2 * label - 1);
    const source = { labels: save("signs.npy", signs, classes), predictions: wide };
    const { summary } = await evaluateFiles(source, { losses: ["hinge"], summary: true });
    expect(summary).not.toHaveProperty("classes");
    const own = Array.from(logits, (score, i) => (signs[i] as number) * score);
    expect(summary?.margins.kind).toBe("product");
    expect(summary?.margins.counts).toEqual(expectedOf(own, []).counts);
    expect(summary?.worst[0]).toMatchObject({ label: null, prediction: null });
  });

  test("rows that do not count", async () => {
    const source = { labels: save("some ids.npy", ids), predictions: wide };
    const options = { losses: ["crammer_singer"], ignoreClass: 1, summary: true };
    const { summary } = await evaluateFiles(source, options);
    const counts = (i: number) => ids[i] !== 1;
    check(
      summary,
      margins.filter((_, i) => counts(i)),
      all.map((row, i) => (counts(i) ? row : { ...row, loss: 0 })),
    );
    checkClasses(
      summary,
      "crammer_singer",
      all.filter((_, i) => counts(i)),
    );
  });

  test("more than 65,536 classes have margins, but no losses of their own", async () => {
    const many = new Float32Array(2 * 70_000);
    many.set([3, 1]);
    const source = {
      labels: save("many ids.npy", Int32Array.of(0, 69_999)),
      predictions: save("many.npy", many, 70_000),
    };
    const options = { losses: ["crammer_singer"], summary: true };
    const { summary } = await evaluateFiles(source, options);
    expect(summary).not.toHaveProperty("classes");
    expect(summary?.margins.range).toEqual([0, 2]);
  });

  test("NaN in a row is a margin of NaN, and predicts no class", async () => {
    const text = "y,a,b,c\n0,1,nan,0\n2,nan,5,1\n1,0,nan,0\n0,inf,1,2\n0,inf,inf,0\n";
    const file = folder.write("nan.csv", text);
    const columns = { labels: "y", predictions: ["a", "b", "c"], losses: ["crammer_singer"] };
    const { summary } = await evaluateFiles(file, { ...columns, summary: true });
    expect(summary?.margins.counts).toMatchObject({ all: 5, nan: 4, infinite: 1 });
    expect(summary?.worst.map(({ prediction }) => prediction)).toEqual([NaN, NaN, NaN, 0]);
  });
});

describe("the same summary, however rows are divided", () => {
  const data = dataSet(20_000, 10);
  const options = {
    labels: "label",
    predictions: "logit_*",
    losses: ["crammer_singer", "hinge"],
    sampleWeight: "weight",
    by: "segment",
    summary: true,
  };
  const table = folder.write("table.csv", csv(data));
  const withoutFiles = (summary: Summary | undefined) => ({
    ...summary,
    worst: summary?.worst.map(({ loss, label }) => ({ loss, label })),
  });

  test("into files", async () => {
    const { summary } = await evaluateFiles(table, options);
    const [header, ...lines] = csv(data).trimEnd().split("\n");
    const cuts = [0, 1, 777, 10_000, 13_333, data.rows];
    const parts = cuts.slice(1).map((cut, i) => {
      const own = [header, ...lines.slice(cuts[i], cut)].join("\n");
      return folder.write(`part-${i}.csv`, own);
    });
    const divided = await evaluateFiles(parts, options);
    expect(withoutFiles(divided.summary)).toEqual(withoutFiles(summary));
    const places = divided.summary?.worst.map(({ file, row }) => {
      const part = parts.indexOf(file);
      return row + (cuts[part] as number);
    });
    expect(places).toEqual(summary?.worst.map(({ row }) => row));
  });

  test.each([1, 3, 20])("into %i shards, of which JSON keeps all", async (of) => {
    const { summary } = await evaluateFiles(table, options);
    const shards: SavedShard[] = [];
    for (let index = 0; index < of; index++) {
      shards.push(await evaluateShard(table, options, { index, of }));
    }
    const merged = mergeShards(JSON.parse(JSON.stringify(shards)).reverse());
    expect(merged.summary).toEqual(summary);
  });

  test("and with labels that only one of the shards decides", async () => {
    const late = new Int8Array(300_000).fill(1);
    late.fill(0, 0, 1000);
    late[late.length - 1] = -1;
    const own = Float32Array.from(late, (_, i) => Math.sin(i));
    const source = { labels: save("late y.npy", late), predictions: save("late p.npy", own) };
    const losses = { losses: ["hinge"], summary: true };
    const { summary } = await evaluateFiles(source, losses);
    const shards: SavedShard[] = [];
    for (let index = 0; index < 3; index++) {
      shards.push(await evaluateShard(source, losses, { index, of: 3 }));
    }
    expect(mergeShards(shards).summary).toEqual(summary);
    expect(summary?.classes?.map(({ label, rows }) => [label, rows])).toEqual([
      [-1, 1],
      [0, 1000],
      [1, 298_999],
    ]);
  });

  test("shards have a summary only if it was asked for, and all or none of them", async () => {
    const [own, other] = await Promise.all([
      evaluateShard(table, options, { index: 0, of: 2 }),
      evaluateShard(table, { ...options, summary: false }, { index: 1, of: 2 }),
    ]);
    expect(JSON.stringify(other)).not.toContain("summary");
    expect(() => mergeShards([own, other])).toThrow("expected shards of one evaluation");
  });

  test("summaries of shards are checked", async () => {
    const text = JSON.stringify(await evaluateShard(table, options, { index: 0, of: 1 }));
    const changes: [string | RegExp, string, string][] = [
      ['"kind":"difference"', '"kind":"other"', "margins.kind: expected"],
      [/"all":\d+/, '"all":-1', "margins.counts.all: expected a count, received -1"],
      [/"bins":\[/, '"bins":[[99999,1],', "margins.bins: expected bins, received 99999"],
      [/"bins":\[/, '"bins":[7,', "margins.bins: expected a list, received 7"],
      [/"range":\[[^,]*/, '"range":["x"', 'margins.range: expected a number, received "x"'],
      [/"worst":\[\{/, '"worst":[{"row":"1"},{', "worst.row: expected a count"],
      [/"label":0,"rows":\d+/, '"label":0,"rows":null', "classes.rows: expected a count"],
    ];
    for (const [from, to, message] of changes) {
      const changed = text.replace(from, to);
      expect(changed).not.toBe(text);
      expect(() => mergeShards([JSON.parse(changed)])).toThrow(message);
    }
  });
});

test("summary is true or false", async () => {
  const options = { labels: "label", predictions: "logit_*", losses: ["hinge"], summary: "yes" };
  expect(await messageOf(evaluateFiles("x.csv", options as never))).toBe(
    'summary: expected true or false, received "yes"',
  );
});

test("an evaluation has no summary unless it is asked for", async () => {
  const file = folder.write("plain.csv", "y,p\n1,0.5\n");
  const options = { labels: "y", predictions: "p", losses: ["hinge"] };
  expect(await evaluateFiles(file, options)).not.toHaveProperty("summary");
});
