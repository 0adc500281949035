import { type Loss, type Tensor, tensor } from "maxmargin";

/** A row-major matrix. */
export interface Matrix {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

export const matrix = (rows: number, columns: number): Matrix => ({
  data: new Float32Array(rows * columns),
  rows,
  columns,
});

/** Writes a b to c; a's transpose instead of a if that is asked for. */
function multiply(a: Matrix, b: Matrix, c: Matrix, transposed = false): void {
  c.data.fill(0);
  const inner = transposed ? a.rows : a.columns;
  for (let i = 0; i < c.rows; i++) {
    for (let k = 0; k < inner; k++) {
      const factor = transposed ? a.data[k * a.columns + i] : a.data[i * a.columns + k];
      for (let j = 0; j < c.columns; j++) {
        c.data[i * c.columns + j] += factor * b.data[k * c.columns + j];
      }
    }
  }
}

export interface Training {
  readonly epochs: number;
  readonly learningRate: number;
  readonly momentum: number;
  /** By which the squares of the weights count beside the loss. */
  readonly decay: number;
}

/** Decision values are the products of features and weights: one for each class, or one that tells two apart. */
export class LinearClassifier {
  readonly weights: Matrix;

  constructor(features: number, outputs: number) {
    this.weights = matrix(features, outputs);
  }

  /** Decision values, shape `[rows, outputs]`. */
  predict(features: Matrix): Tensor<"float32"> {
    const values = matrix(features.rows, this.weights.columns);
    multiply(features, this.weights, values);
    return tensor(values.data, [values.rows, values.columns]);
  }

  /** Goes down the loss's gradient, and calls back after each step with the loss before it. */
  fit(
    features: Matrix,
    yTrue: Tensor,
    loss: Loss<"sum_over_batch_size">,
    { epochs, learningRate, momentum, decay }: Training,
    onEpoch: (epoch: number, loss: number) => void,
  ): void {
    const { weights } = this;
    const { rows, columns } = weights;
    const values = matrix(features.rows, columns);
    const slopes = { ...values, data: new Float32Array(values.data.length) };
    const step = matrix(rows, columns);
    const velocity = new Float32Array(rows * columns);
    const yPred = tensor(values.data, [values.rows, columns]);
    for (let epoch = 1; epoch <= epochs; epoch++) {
      multiply(features, weights, values);
      const { value } = loss.valueAndGradient(yTrue, yPred, { out: slopes.data });
      multiply(features, slopes, step, true);
      for (let i = 0; i < velocity.length; i++) {
        velocity[i] =
          momentum * velocity[i] - learningRate * (step.data[i] + decay * weights.data[i]);
        weights.data[i] += velocity[i];
      }
      onEpoch(epoch, value);
    }
  }
}
