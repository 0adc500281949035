import type { MarginAnswer } from "../files/summary/summary.js";
import { short } from "./words.js";

/** A range of margins with a meaning. */
export interface Zone {
  readonly name: "misclassified" | "inside" | "outside";
  readonly text: string;
  readonly from: number;
  readonly to: number;
  /** The number of margins in it, infinite ones too. */
  readonly count: number;
}

/** Returns the ranges into which 0 and the margin of the loss divide all margins but NaN. */
export function zonesOf({ hinge, counts }: MarginAnswer): Zone[] {
  const { all, inside, misclassified, nan } = counts;
  const zones: Zone[] = [
    {
      name: "misclassified",
      text: "misclassified: 0 or less",
      from: -Infinity,
      to: 0,
      count: misclassified,
    },
  ];
  if (hinge > 0) {
    const text = `inside: above 0, below ${short(hinge)}`;
    zones.push({ name: "inside", text, from: 0, to: hinge, count: inside - misclassified });
  }
  const text = hinge > 0 ? `outside: ${short(hinge)} or more` : "outside: above 0";
  const count = all - nan - Math.max(inside, misclassified);
  return [...zones, { name: "outside", text, from: hinge, to: Infinity, count }];
}
