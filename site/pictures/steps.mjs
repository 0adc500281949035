/** Returns the numbers from one to another, each the nearest to its decimal digits. */
export function steps(from, to, step) {
  const count = Math.round((to - from) / step);
  return Array.from({ length: count + 1 }, (_, i) => Number((from + i * step).toFixed(6)));
}
