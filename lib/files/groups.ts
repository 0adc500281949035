import { DataError } from "./data-error.js";

/** Each group has sums of its own in memory. */
const mostGroups = 65536;

/** The groups of a data set, numbered in the order in which they occur. */
export class Groups {
  readonly names: string[] = [];
  readonly #numbers = new Map<string, number>();

  numberOf(name: string): number {
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    const number = this.names.length;
    if (number === mostGroups) {
      throw new DataError(`by: expected at most ${mostGroups} different values, received more`);
    }
    this.names.push(name);
    this.#numbers.set(name, number);
    return number;
  }
}
