import { roundTo } from "../../tensor/cast.js";
import type { Block } from "../blocks.js";
import type { Widths } from "../columns.js";
import type { LossReading } from "../losses.js";
import { ClassSums, type SavedClass } from "./class-sums.js";
import { type BlockValues, Differences, Products, predictedClass } from "./margin-values.js";
import { Margins, type SavedMargins } from "./margins.js";
import { labelAt, RowClasses } from "./row-classes.js";
import { ColumnValues, RowLosses } from "./row-losses.js";
import { type RowPlace, type SavedWorstRow, WorstRows } from "./worst-rows.js";

/** A row of more classes would need more memory for their sums than for its predictions. */
const mostClasses = 65536;

/** A {@link LossSummary} as JSON. */
export interface SavedLossSummary {
  /** Null if rows have no classes, or too many. */
  readonly classes: readonly SavedClass[] | null;
  /** Only of the first loss. */
  readonly margins: SavedMargins | null;
  /** Only of the first loss. */
  readonly worst: readonly SavedWorstRow[] | null;
}

/** Summarizes the rows of a data set for a loss, with one way to read labels. */
export class LossSummary {
  readonly #rowLosses: RowLosses;
  readonly #isWide: boolean;
  readonly #areBinary: boolean;
  readonly #classes: RowClasses | undefined;
  readonly #sums: ClassSums | undefined;
  /** Of the first loss alone, because others would have much the same. */
  readonly #margins: Margins | undefined;
  readonly #worst: WorstRows | undefined;
  readonly #labels: ColumnValues;
  readonly #predictions: ColumnValues;

  constructor({ encoding, loss }: LossReading, widths: Widths, isFirst: boolean) {
    const { margin = 1, ignoreClass } = loss.getConfig();
    this.#rowLosses = new RowLosses(loss);
    this.#isWide = loss.dtype === "float64";
    this.#labels = new ColumnValues(loss.dtype);
    this.#predictions = new ColumnValues(loss.dtype);
    this.#areBinary = encoding === "binary";
    this.#classes = RowClasses.for(encoding, widths, ignoreClass);
    const classes = this.#classes?.count ?? Infinity;
    if (classes <= mostClasses) this.#sums = new ClassSums(classes);
    if (!isFirst) return;
    const kind = encoding === "sparse" || encoding === "onehot" ? "difference" : "product";
    this.#margins = new Margins(kind, roundTo(loss.dtype, margin));
    this.#worst = new WorstRows();
  }

  /** Adds a block, whose labels are valid. */
  add(block: Block): void {
    const classes = this.#classes?.read(block);
    const losses = this.#rowLosses.read(block, classes);
    if (classes !== undefined) this.#sums?.add(classes, losses);
    if (this.#margins === undefined) return;
    const values = this.#valuesOf(block, classes);
    this.#margins.add(
      this.#margins.kind === "difference" && classes !== undefined
        ? new Differences(values, classes)
        : new Products(values, this.#areBinary),
    );
    this.#worst?.add(losses, block.first, (row) => ({
      label: this.#labelOf(row, block, classes),
      prediction: this.#predictionOf(row, values),
    }));
  }

  #valuesOf({ labels, predictions }: Block, classes: Int32Array | undefined): BlockValues {
    return {
      isWide: this.#isWide,
      labels: this.#labels.read(labels),
      predictions: this.#predictions.read(predictions),
      width: predictions.width,
      classes,
    };
  }

  #labelOf(row: number, { labels }: Block, classes: Int32Array | undefined): number | null {
    if (labels.width === 1) return labelAt(labels, row);
    const own = classes?.[row] ?? -1;
    return own < 0 ? null : own;
  }

  #predictionOf(row: number, values: BlockValues): number | null {
    if (this.#margins?.kind === "difference") return predictedClass(values, row);
    return values.width === 1 ? (values.predictions[row] as number) : null;
  }

  save(placeOf: (at: number) => RowPlace): SavedLossSummary {
    const labelOf = this.#classes?.labelOf;
    return {
      classes: (labelOf && this.#sums?.save(labelOf)) ?? null,
      margins: this.#margins?.toJSON() ?? null,
      worst: this.#worst?.save(placeOf) ?? null,
    };
  }
}
