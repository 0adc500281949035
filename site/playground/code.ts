// The program that computes in Node what the page computes.
import { type Input, readInput } from "./input.js";
import type { State } from "./state.js";

type Value = number | string | readonly Value[];

const literal = (value: Value): string => {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(value);
  return `[${value.map(literal).join(", ")}]`;
};

/** Writes rows one below the other. */
const grid = (rows: readonly Value[]) =>
  `[\n${rows.map((row) => `  ${literal(row)},\n`).join("")}]`;

const object = (entries: object) => {
  const written = Object.entries(entries).map(
    ([name, value]) => `${name}: ${literal(value as Value)}`,
  );
  return written.length === 0 ? "" : `{ ${written.join(", ")} }`;
};

function program({ loss, options, yTrue, yPred, sampleWeight }: Input): string {
  const areIds = typeof yTrue[0] === "number";
  const weights = sampleWeight === null ? "" : ", weights";
  const value = `loss.value(yTrue, yPred${weights})`;
  return [
    `import { ${loss} } from "maxmargin";`,
    "",
    `const yTrue = ${areIds ? literal(yTrue as Value) : grid(yTrue)};`,
    `const yPred = ${grid(yPred)};`,
    ...(sampleWeight === null ? [] : [`const weights = ${object({ sampleWeight })};`]),
    `const loss = new ${loss}(${object(options)});`,
    "",
    `console.log(${options.reduction === "none" ? `${value}.toArray()` : value});`,
    "console.log(loss.call(yTrue, yPred).toArray());",
    `console.log(loss.gradient(yTrue, yPred${weights}).toArray());`,
    "",
  ].join("\n");
}

/**
 * Writes the program.
 *
 * @throws InputError if a text is no number.
 */
export const codeFor = (state: State): string => program(readInput(state));
