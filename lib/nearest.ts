/** Removes capitals and underscores, which are often written in another way. */
const plain = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/**
 * Counts the letters to add, drop, replace or swap with their neighbour to turn one word into
 * another.
 */
function editsBetween(from: string, to: string): number {
  const edits: number[][] = [];
  const at = (i: number, j: number) => edits[i]?.[j] ?? Infinity;
  for (let i = 0; i <= from.length; i++) {
    const row: number[] = [];
    edits.push(row);
    for (let j = 0; j <= to.length; j++) {
      const isSwap = i > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      const changed = at(i - 1, j - 1) + (from[i - 1] === to[j - 1] ? 0 : 1);
      const least = Math.min(at(i - 1, j) + 1, at(i, j - 1) + 1, changed);
      row.push(i + j === 0 ? 0 : isSwap ? Math.min(least, at(i - 2, j - 2) + 1) : least);
    }
  }
  return at(from.length, to.length);
}

/** Whether a word is part of another, and long enough for this not to be chance. */
const isPart = (part: string, word: string) => part.length >= 4 && word.includes(part);

/** Returns the name that a misspelt one most likely means; undefined if none is near. */
export function nearestOf(misspelt: string, names: readonly string[]): string | undefined {
  // The comparison takes time in proportion to the product of both lengths.
  const own = plain(misspelt.slice(0, 100));
  const singular = own.replace(/s$/, "");
  const distanceTo = (name: string) => {
    const other = plain(name);
    if (isPart(singular, other) || isPart(other, own)) return 0;
    const edits = editsBetween(own, other);
    return edits <= (other.length > 5 ? 2 : 1) ? edits : Infinity;
  };
  const [nearest] = names
    .map((name) => ({ name, distance: distanceTo(name) }))
    .sort((a, b) => a.distance - b.distance);
  return nearest?.distance === Infinity ? undefined : nearest?.name;
}
