import { CategoricalHinge, CrammerSinger, Hinge, tensor, WestonWatkins } from "maxmargin";

/** A request, and the loss that a local call returns for its batch. */
export interface LoadCase {
  readonly path: string;
  readonly type: string;
  readonly body: Uint8Array;
  readonly rows: number;
  readonly loss: number;
}

const classes = 10;

const options = { labels: "sparse" } as const;
const losses = [
  new Hinge(options),
  new CategoricalHinge(options),
  new CrammerSinger(options),
  new WestonWatkins(options),
];

/** Makes a batch of each size for every loss, as binary, and also as JSON up to 1000 rows. */
export function loadCases(sizes: readonly number[]): LoadCase[] {
  return sizes.flatMap((rows) => {
    const ids = BigInt64Array.from({ length: rows }, (_, row) => BigInt((row * 7) % classes));
    const scores = Float32Array.from({ length: rows * classes }, (_, i) => 2 * Math.sin(i + rows));
    const yPred = tensor(scores, [rows, classes]);
    return losses.flatMap((each) => {
      const expected = { rows, loss: each.value(ids, yPred) };
      const binary = { ...binaryRequest(each.name, ids, scores), ...expected };
      if (rows > 1000) return binary;
      const body = { yTrue: [...ids].map(Number), yPred: yPred.toArray(), options };
      const json = {
        path: `/loss/${each.name}`,
        type: "application/json",
        body: Buffer.from(JSON.stringify(body)),
      };
      return [binary, { ...json, ...expected }];
    });
  });
}

function binaryRequest(name: string, ids: BigInt64Array, scores: Float32Array) {
  const query = new URLSearchParams({
    yTrue: `int64,${ids.length}`,
    yPred: `float32,${ids.length},${classes}`,
    options: JSON.stringify(options),
  });
  const parts = [ids, scores].map(({ buffer }) => new Uint8Array(buffer));
  return {
    path: `/loss/${name}?${query}`,
    type: "application/octet-stream",
    body: Buffer.concat(parts),
  };
}
