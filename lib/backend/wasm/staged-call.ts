import { bytesOf } from "../../tensor/cast.js";
import { codes } from "../../tensor/dtypes.js";
import { type Call, type Operand, type RowRange, readsLabels, rowMajorOperand } from "../call.js";
import { readings, readResults, slot, writeCall } from "../call-frame.js";
import type { Totals } from "../totals.js";
import { type Addresses, paddedSize, type WasmInstance } from "./instance.js";
import { Part } from "./part.js";

/** A call whose rows pass through the memory of an instance, some at a time. */
export class StagedCall {
  readonly #call: Call;
  readonly #instance: WasmInstance;
  readonly #labels: Part | undefined;
  readonly #predictions: Part | undefined;
  readonly #weights: Part | undefined;
  readonly #mask: Part | undefined;
  readonly #losses: Part | undefined;
  readonly #gradient: Part | undefined;
  readonly #addresses: Addresses;
  readonly #haveIds: boolean;
  /**
   * Whether rows of classes can be cut off, because each value counts as a row of the call. The
   * instance then sees all of them, and reads a part.
   */
  readonly #areCut: boolean;

  /** @param rows - how many can be evaluated at a time. */
  constructor(call: Call, rows: number, instance: WasmInstance) {
    const { operation, width, classes, shape, classWeights } = call;
    this.#call = call;
    this.#instance = instance;
    this.#haveIds = call.encoding === "sparse";
    this.#areCut = this.#haveIds && call.isFlat;
    const values = this.#areCut ? rows + 2 * classes : rows * width;
    const ids = Math.ceil((rows * width) / classes) + 1;
    let end = instance.arrays;
    const place = (operand: Operand | undefined, of: Call["shape"], n: number) => {
      if (operand === undefined) return undefined;
      const part = new Part(operand, of, end);
      end += paddedSize(n * bytesOf(operand.code));
      return part;
    };
    const shapeOfRows = shape?.slice(0, -1);
    const labels = readsLabels(call) ? call.labels : undefined;
    this.#labels = this.#haveIds ? place(labels, shapeOfRows, ids) : place(labels, shape, values);
    const predictions = operation === "weights" ? undefined : call.predictions;
    this.#predictions = place(predictions, shape, values);
    this.#weights = place(call.weights, shapeOfRows, rows);
    this.#mask = place(call.mask, shapeOfRows, rows);
    this.#losses = place(call.losses, shapeOfRows, rows);
    this.#gradient = place(call.gradient, shape, values);
    const factors = place(
      classWeights && rowMajorOperand(classWeights, codes.float64),
      undefined,
      classes,
    );
    this.#addresses = [
      this.#labels?.address,
      this.#predictions?.address,
      this.#losses?.address,
      this.#gradient?.address,
      this.#weights?.address,
      this.#mask?.address,
      factors?.address,
    ];
    instance.reserve(end - instance.arrays);
    const { bytes, frame } = instance.views;
    factors?.copyIn(bytes, { start: 0, n: classWeights?.length ?? 0 });
    writeCall(frame, call, instance.lossNumbers.get(call.formula.spec.name) as number);
    frame[slot.isStrided] = 0;
  }

  /** Uses labels unchanged from now on, whatever they are. */
  keepLabels(): void {
    this.#instance.views.frame[slot.encoding] = readings.signed;
  }

  /** Evaluates rows, adds them to the totals, and returns whether labels were read as 0 and 1. */
  evaluate({ first, end }: RowRange, totals: Totals): boolean {
    const { width, classes } = this.#call;
    const rows = { start: first, n: end - first };
    const values = { start: first * width, n: rows.n * width };
    const firstId = Math.floor(values.start / classes);
    const ids = { start: firstId, n: Math.ceil((values.start + values.n) / classes) - firstId };
    const skipped = this.#areCut ? values.start - firstId * classes : 0;
    const { bytes, frame } = this.#instance.views;
    this.#labels?.copyIn(bytes, this.#haveIds ? ids : values);
    this.#predictions?.copyIn(bytes, values, skipped);
    this.#weights?.copyIn(bytes, rows);
    this.#mask?.copyIn(bytes, rows);
    frame[slot.firstRow] = skipped;
    frame[slot.rows] = rows.n;
    frame[slot.batchRows] = this.#areCut ? ids.n * classes : rows.n;
    this.#instance.evaluate(...this.#addresses);
    const { views } = this.#instance;
    this.#losses?.copyOut(views.bytes, rows);
    this.#gradient?.copyOut(views.bytes, values, skipped);
    return readResults(views.frame, this.#call, totals);
  }
}
