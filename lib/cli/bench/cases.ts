import type { BenchCase } from "./case.js";
import { categoricalCases } from "./categorical-cases.js";
import { hingeCases } from "./hinge-cases.js";

export const cases: readonly BenchCase[] = [...hingeCases, ...categoricalCases];

/** The values of a row in the widest case: the fewest that every case has a row of. */
export const widest = Math.max(...cases.map(({ width }) => width));
