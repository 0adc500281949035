import { CrammerSinger, Hinge, type Loss, SquaredHinge, tensor, WestonWatkins } from "maxmargin";
import { DataError, evaluateFiles, evaluateShard, mergeShards } from "maxmargin/files";
import { describe, expect, test } from "vitest";
import { csv, dataSet, messageOf, npy, streamOf, temporaryFolder } from "./support.js";

const folder = temporaryFolder();
const classes = 10;
const data = dataSet(20_000, classes);
const yPred = tensor(data.scores, [data.rows, classes]);
const table = folder.write("table.csv", csv(data));
const ids = folder.write("ids.npy", npy(data.ids));
const scores = folder.write("scores.npy", npy(data.scores, { shape: [data.rows, classes] }));
const names = ["hinge", "categorical_hinge", "crammer_singer", "weston_watkins"];
const all = { labels: "label", predictions: "logit_*", losses: names };

const lossOf = (loss: Loss) => loss.value(data.ids, yPred);

test("losses of class ids have the bits of one batch, all in one pass", async () => {
  const expected = {
    hinge: lossOf(new Hinge({ labels: "sparse" })),
    crammer_singer: lossOf(new CrammerSinger()),
    weston_watkins: lossOf(new WestonWatkins()),
  };
  for (const source of [table, { labels: ids, predictions: scores }]) {
    const { losses, encodings } = await evaluateFiles(source, all);
    expect(losses).toMatchObject(expected);
    expect(new Set(Object.values(encodings))).toEqual(new Set(["sparse"]));
  }
});

test("several files are one data set, however it is divided", async () => {
  const whole = await evaluateFiles(table, all);
  const [header, ...lines] = csv(data).trimEnd().split("\n");
  const cuts = [0, 1, 777, 10_000, 13_333, data.rows];
  for (const [i, cut] of cuts.slice(1).entries()) {
    folder.write(`part-${i + 1}.csv`, [header, ...lines.slice(cuts[i], cut)].join("\n"));
  }
  const { losses, rows } = await evaluateFiles(folder.path("part-*.csv"), all);
  expect({ losses, rows }).toEqual({ losses: whole.losses, rows: whole.rows });
  const mixed = [
    { labels: ids, predictions: scores },
    folder.path("part-1.csv"),
    folder.path("part-2.csv"),
  ];
  expect((await evaluateFiles(mixed, all)).rows).toBe(data.rows + 777);
});

test("losses can have options of their own", async () => {
  const losses = [
    new CrammerSinger({ margin: 2, name: "wide" }),
    new WestonWatkins({ power: 2, reduction: "sum" }),
  ];
  const answer = await evaluateFiles(table, { ...all, losses });
  expect(answer.losses).toEqual({
    wide: lossOf(losses[0] as Loss),
    weston_watkins: lossOf(losses[1] as Loss),
  });
});

test("options apply to all losses that are named", async () => {
  const classWeight = Array.from({ length: classes }, (_, i) => 1 + i / 7);
  const options = { margin: 0.5, classWeight, ignoreClass: 3, encoding: "sparse" } as const;
  const { losses } = await evaluateFiles(table, { ...all, ...options });
  const own = { margin: 0.5, classWeight, ignoreClass: 3 };
  expect(losses).toMatchObject({
    hinge: lossOf(new Hinge({ ...own, labels: "sparse" })),
    crammer_singer: lossOf(new CrammerSinger(own)),
  });
});

describe("the rule of 0 and 1", () => {
  const rows = 300_000;
  const labels = Int8Array.from({ length: rows }, (_, i) => (i % 3 === 0 ? 1 : 0));
  const predictions = Float32Array.from({ length: rows }, (_, i) => Math.sin(i));
  const p = folder.write("rule p.npy", npy(predictions));
  const column = (values: Int8Array) => tensor(values, [values.length, 1]);

  test("holds for the whole data set", async () => {
    const y = folder.write("rule y.npy", npy(labels));
    const answer = await evaluateFiles({ labels: y, predictions: p }, { losses: ["hinge"] });
    expect(Object.values(answer.losses)[0]).toBe(
      new Hinge().value(column(labels), tensor(predictions, [rows, 1])),
    );
    expect(answer.encodings).toEqual({ hinge: "binary" });
    expect(answer.decidedBy).toBeUndefined();
  });

  test("gives way to a late row, which is named", async () => {
    const late = labels.slice();
    late[rows - 2] = -1;
    const y = folder.write("rule late.npy", npy(late));
    const answer = await evaluateFiles(
      { labels: y, predictions: p },
      { losses: ["hinge", "squared_hinge"] },
    );
    const yTrue = column(late);
    expect(answer.losses).toEqual({
      hinge: new Hinge().value(yTrue, tensor(predictions, [rows, 1])),
      squared_hinge: new SquaredHinge().value(yTrue, tensor(predictions, [rows, 1])),
    });
    expect(answer.encodings).toEqual({ hinge: "signed", squared_hinge: "signed" });
    expect(answer.decidedBy).toEqual({ label: -1, file: y, row: rows - 1 });
  });

  test("holds for shards too: any of them can have the late row", async () => {
    const late = labels.slice();
    late[rows - 2] = -1;
    const source = { labels: folder.write("rule shards.npy", npy(late)), predictions: p };
    const { losses, decidedBy } = await evaluateFiles(source, { losses: ["hinge"] });
    const shards = [];
    for (let index = 0; index < 3; index++) {
      shards.push(await evaluateShard(source, { losses: ["hinge"] }, { index, of: 3 }));
    }
    expect(mergeShards(shards)).toMatchObject({ losses, decidedBy });
  });

  test("ignores labels that do not count, and can be overruled", async () => {
    const text = "y,p\n0,0.5\n1,0.25\n-1,3\n";
    const options = { format: "csv", labels: "y", predictions: "p", losses: ["hinge"] } as const;
    const answer = await evaluateFiles(streamOf(text), { ...options, ignoreClass: -1 });
    expect(answer).toMatchObject({ losses: { hinge: 1.125 }, encodings: { hinge: "binary" } });
    const signed = await evaluateFiles(streamOf(text), { ...options, encoding: "signed" });
    expect(Object.values(signed.losses)[0]).toBe(
      new Hinge({ labels: "signed" }).value([[0], [1], [-1]], [[0.5], [0.25], [3]]),
    );
    expect(await messageOf(evaluateFiles(streamOf(text), { ...options, encoding: "binary" }))).toBe(
      "standard input: labels, row 3: expected 0 or 1, received -1",
    );
  });
});

describe("groups", () => {
  test("have the losses of their rows, and add up", async () => {
    const { groups, rows, losses } = await evaluateFiles(table, { ...all, by: "segment" });
    expect(groups?.map(({ name }) => name)).toEqual([...new Set(data.segments)].sort());
    expect(groups?.reduce((sum, group) => sum + group.rows, 0)).toBe(rows);
    for (const name of names) {
      const sum = groups?.reduce((sum, group) => sum + group.rows * (group.losses[name] ?? 0), 0);
      expect((sum as number) / rows).toBeCloseTo(losses[name] as number, 6);
    }
    const plain = await evaluateFiles(table, all);
    expect(losses).toEqual(plain.losses);
  });

  test("can be those of the labels", async () => {
    const { groups } = await evaluateFiles(table, { ...all, by: "label" });
    expect(groups?.map(({ name }) => name)).toEqual(Array.from({ length: 10 }, (_, i) => `${i}`));
    const own = groups?.[4];
    const members = [...data.ids.keys()].filter((row) => data.ids[row] === 4);
    const rowsOfGroup = members.map((row) => [
      ...data.scores.subarray(row * classes, (row + 1) * classes),
    ]);
    expect(own?.rows).toBe(members.length);
    expect(own?.losses[names[2] as string]).toBeCloseTo(
      new CrammerSinger().value(
        members.map(() => 4),
        rowsOfGroup,
      ),
      6,
    );
  });

  test("can come from a .npy file", async () => {
    const source = { labels: ids, predictions: scores, by: ids };
    const { groups } = await evaluateFiles(source, { losses: names });
    const { groups: expected } = await evaluateFiles(table, { ...all, by: "label" });
    expect(groups).toEqual(expected);
  });
});

describe("shards", () => {
  const whole = evaluateFiles(table, { ...all, by: "segment" });

  test.each([1, 3, 20])("%i of them merge to the bits of the single run", async (of) => {
    for (const source of [[table], [{ labels: ids, predictions: scores, by: ids }]]) {
      const options = source[0] === table ? { ...all, by: "segment" } : { losses: names };
      const single = source[0] === table ? await whole : await evaluateFiles(source, options);
      const shards = [];
      for (let index = 0; index < of; index++) {
        const shard = await evaluateShard(source, options, { index, of });
        shards.push(JSON.parse(JSON.stringify(shard)));
      }
      for (const order of [shards, [...shards].reverse()]) {
        expect({ ...mergeShards(order), seconds: 0 }).toEqual({ ...single, seconds: 0 });
      }
    }
  });

  test("are checked when they are merged", async () => {
    const [first, second] = await Promise.all(
      [0, 1].map((index) => evaluateShard(table, all, { index, of: 2 })),
    );
    const other = await evaluateShard(table, { ...all, losses: ["hinge"] }, { index: 1, of: 2 });
    if (first === undefined || second === undefined) throw new Error("no shards");
    expect(() => mergeShards([first])).toThrow(
      "expected all of 2 shards, received none of index 1",
    );
    expect(() => mergeShards([first, second, second])).toThrow("index 1 twice");
    expect(() => mergeShards([first, other])).toThrow("expected shards of one evaluation");
    expect(() => mergeShards([])).toThrow("expected at least one shard, received none");
    expect(() => mergeShards([{} as typeof first])).toThrow(TypeError);
    expect(() => mergeShards(first as never)).toThrow(TypeError);
  });

  test("read files, not streams", async () => {
    const options = { ...all, format: "csv" } as const;
    const promise = evaluateShard(streamOf(csv(data)), options, { index: 0, of: 2 });
    expect(await messageOf(promise)).toBe(
      "sources: expected files, which each shard reads anew, received a stream",
    );
  });
});

describe("invalid options", () => {
  const one = { labels: "label", predictions: "logit_0", losses: ["hinge"] };
  test.each([
    [
      { ...one, losses: ["hing"] },
      'losses: expected "hinge", "squared_hinge", "categorical_hinge", "modified_huber", "crammer_singer" or "weston_watkins", received "hing"; did you mean "hinge"?',
    ],
    [{ ...one, losses: [] }, "losses: expected at least one loss, received none"],
    [{ ...one, losses: "hinge" }, 'losses: expected a list such as ["hinge"], received "hinge"'],
    [
      { ...one, losses: ["hinge", "Hinge"] },
      'losses: expected losses of different names, received "hinge" twice',
    ],
    [
      { ...one, losses: [new Hinge({ reduction: null })] },
      "losses: expected losses with a reduction to one number, received hinge",
    ],
    [
      { ...one, labels: undefined },
      "labels: expected the name of a column, or a list of names, received undefined",
    ],
    [{ ...one, weights: "w" }, 'options: unknown key "weights"; did you mean "sampleWeight"?'],
    [{ ...one, format: "xls" }, /^format: expected .*, received "xls"$/],
    [
      { ...one, encoding: "onehot" },
      'encoding: expected "auto", "signed", "binary" or "sparse" for hinge, received "onehot"',
    ],
    [{ ...one, margin: -1 }, "margin: expected a finite number from 0, received -1"],
    [
      { ...one, losses: ["modified_huber"], margin: 2 },
      "margin: expected no margin for modified_huber, which has none, received 2",
    ],
  ])("%#", async (options, message) => {
    const promise = evaluateFiles(table, options as never);
    await expect(promise).rejects.not.toBeInstanceOf(DataError);
    if (typeof message === "string") expect(await messageOf(promise)).toBe(message);
    else expect(await messageOf(promise)).toMatch(message);
  });

  test("and invalid sources", async () => {
    expect(await messageOf(evaluateFiles([], one))).toBe(
      "sources: expected at least one file, received none",
    );
    expect(await messageOf(evaluateFiles(null as never, one))).toBe(
      "source: expected a path, a URL, .npy files or a stream, received null",
    );
    expect(await messageOf(evaluateFiles("x*.csv", one))).toBe(
      "x*.csv: expected a pattern of files, received one that none matches",
    );
    expect(await messageOf(evaluateFiles("scores.xls", one))).toMatch(
      /^scores\.xls: unknown format "\.xls"; expected a name that ends in /,
    );
  });
});

test("one label for several predictions is a class id", async () => {
  // As many rows as predictions, so that the labels would broadcast.
  const file = folder.write("square.csv", "y,a,b\n1,2,0.5\n-1,2,0.5\n");
  const options = { labels: "y", predictions: ["a", "b"], losses: ["hinge"] };
  expect(await messageOf(evaluateFiles(file, { ...options, encoding: "signed" }))).toBe(
    `${file}: expected 2 labels in a row for hinge, or encoding "sparse" for class ids, received 1, read as "signed"`,
  );
});

test("files whose rows differ in width", async () => {
  const narrow = folder.write("narrow.csv", "label,logit_0\n1,0.5\n");
  expect(await messageOf(evaluateFiles([table, narrow], all))).toBe(
    `${narrow}: expected 1 labels and 10 predictions in a row, as in ${table}, received 1 labels and 1 predictions in a row`,
  );
});

test("progress is reported, and a signal stops the evaluation", async () => {
  const seen: (number | undefined)[] = [];
  const onProgress = ({ fraction }: { fraction: number | undefined }) => seen.push(fraction);
  await evaluateFiles(table, { ...all, onProgress });
  expect(seen.length).toBeGreaterThan(1);
  expect(seen.at(-1)).toBe(1);
  expect([...seen].sort()).toEqual(seen);
  const controller = new AbortController();
  const promise = evaluateFiles(table, {
    ...all,
    signal: controller.signal,
    onProgress: () => controller.abort(new Error("enough")),
  });
  await expect(promise).rejects.toThrow("enough");
  await expect(
    evaluateFiles(table, { ...all, signal: AbortSignal.abort(new Error("before")) }),
  ).rejects.toThrow("before");
});
