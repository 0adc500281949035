// The state in the hash of an address: #loss=Hinge&pred=0.5,-1;2,0&true=0,1;1,0
import { type Encoding, infoOf, lossNames, reductions } from "./losses.js";
import { fitted, type Grid, initial, type State, withLoss } from "./state.js";

const textFields = ["margin", "power", "classWeight", "ignoreClass"] as const;
const known = ["loss", "labels", "reduction", "true", "pred", "weights", ...textFields];

/** Cells are separated by these. No number has one, and what has one stays no number. */
const cellText = (text: string) => text.replaceAll(/[,;]/g, "_");
const rowText = (row: readonly string[]) => row.map(cellText).join(",");
const gridText = (grid: Grid) => grid.map(rowText).join(";");

/** Escapes what an address cannot hold, and leaves separators readable. */
const escaped = (text: string) =>
  encodeURIComponent(text).replaceAll("%2C", ",").replaceAll("%3B", ";");

/** Writes a state as the hash of an address. Options that are the default are left out. */
export function toHash(state: State): string {
  const { loss, labels, yTrue, yPred, sampleWeight } = state;
  const changed = ([...textFields, "reduction"] as const).filter(
    (name) => state[name] !== initial[name],
  );
  const fields = [
    ["loss", loss],
    ...(labels === infoOf(loss).encodings[0] ? [] : [["labels", labels]]),
    ...changed.map((name) => [name, state[name]]),
    ["true", gridText(yTrue)],
    ["pred", gridText(yPred)],
    ...(sampleWeight === null ? [] : [["weights", rowText(sampleWeight)]]),
  ] as const;
  return `#${fields.map(([name, text]) => `${name}=${escaped(text as string)}`).join("&")}`;
}

/** A state, and what of an address could not be used. */
export interface Shared {
  readonly state: State;
  readonly problems: readonly string[];
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A part of an escape. The text then is no number either.
    return text;
  }
}

function fieldsOf(hash: string): Map<string, string> {
  const pairs = hash.replace(/^#/, "").split("&");
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      const parts = at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
      return parts.map(unescaped) as [string, string];
    }),
  );
}

/** As much of a text as a message shows. */
const cut = (text: string) => text.slice(0, 40);
const cellsOf = (text: string) => text.split(",").map((cell) => cell.trim());
const gridOf = (text: string): Grid => text.split(";").map(cellsOf);

/** Reads one of several words. */
function oneOf<T extends string>(
  fields: ReadonlyMap<string, string>,
  name: string,
  words: readonly T[],
  problems: string[],
): T | undefined {
  const text = fields.get(name);
  if (text === undefined || words.includes(text as T)) return text as T | undefined;
  problems.push(`${name}: expected ${words.join(", ")}, received ${JSON.stringify(cut(text))}`);
  return undefined;
}

/** Says that a part of a batch had to be cut or filled. */
function mismatch(name: string, received: Grid | undefined, used: Grid): string[] {
  const shape = (grid: Grid) => grid.map((row) => row.length).join(", ");
  if (received === undefined || shape(received) === shape(used)) return [];
  return [`${name}: expected ${used.length} × ${used[0]?.length} values; cut or filled`];
}

/** Reads what is not in the batch itself. */
function settingsOf(fields: ReadonlyMap<string, string>, problems: string[]) {
  const loss = oneOf(fields, "loss", lossNames, problems) ?? initial.loss;
  const { encodings } = infoOf(loss);
  const labels = oneOf(fields, "labels", encodings, problems) ?? (encodings[0] as Encoding);
  const reduction = oneOf(fields, "reduction", reductions, problems) ?? initial.reduction;
  const texts = textFields.map((name) => [name, fields.get(name) ?? initial[name]]);
  return { loss, labels, reduction, ...Object.fromEntries(texts) } as Omit<
    State,
    "yTrue" | "yPred" | "sampleWeight"
  >;
}

/**
 * Reads the hash of an address, which people may have edited: whatever cannot be used is as usual,
 * and is named. Returns null for a hash that has nothing of a state, such as that of a heading.
 */
export function fromHash(hash: string): Shared | null {
  const fields = fieldsOf(hash);
  if (!known.some((name) => fields.has(name))) return null;
  const problems = [...fields.keys()]
    .filter((name) => !known.includes(name))
    .map((name) => `${cut(name)}: no such field`);
  const gridIn = (name: string) => {
    const text = fields.get(name);
    return text === undefined ? undefined : gridOf(text);
  };
  const [yTrue, yPred, weights] = ["true", "pred", "weights"].map(gridIn);
  const settings = settingsOf(fields, problems);
  const state = fitted({
    ...settings,
    // The usual labels, in the encoding that was asked for.
    yTrue: yTrue ?? withLoss(initial, settings.loss, settings.labels).yTrue,
    yPred: yPred ?? initial.yPred,
    sampleWeight: weights?.flat() ?? null,
  });
  return {
    state,
    problems: [
      ...problems,
      ...mismatch("pred", yPred, state.yPred),
      ...mismatch("true", yTrue, state.yTrue),
      ...mismatch("weights", weights, [state.sampleWeight ?? []]),
    ],
  };
}
