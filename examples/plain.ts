/** The losses as one writes them in JavaScript without a library: map and reduce over arrays of rows. */

const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Labels have to be 0 and 1. */
export function hinge(yTrue: number[][], yPred: number[][]): number {
  return mean(
    yTrue.map((labels, row) =>
      mean(labels.map((y, k) => Math.max(0, 1 - (2 * y - 1) * yPred[row][k]))),
    ),
  );
}

/** Labels have to be one-hot. */
export function categoricalHinge(yTrue: number[][], yPred: number[][]): number {
  return mean(
    yTrue.map((labels, row) => {
      const pos = labels.reduce((sum, y, k) => sum + y * yPred[row][k], 0);
      const neg = Math.max(...labels.map((y, k) => (1 - y) * yPred[row][k]));
      return Math.max(0, neg - pos + 1);
    }),
  );
}
