// Terms of elementwise losses and their derivatives, of products that may be infinite or NaN.
import type { ElementwiseSpec, Tile } from "../../losses/spec.js";
import type { Computed } from "../../tensor/cast.js";
import { fusedSum, isNumber, shortWidth, sumOfTerms, writeShortSums } from "./fold.js";
import { Scratch } from "./scratch.js";

const termScratch = new Scratch();

/** A tile that knows the products of its labels and predictions, in the type of the arithmetic. */
export interface ProductTile extends Tile {
  /** Whether the tile has no labels and predictions, but their products. */
  readonly haveProducts: boolean;
  /** Returns the products of n values. */
  productsOf(n: number): Computed;
}

/** Writes the sums of the terms of rows, and returns whether all are finite. */
export function writeSums(
  spec: ElementwiseSpec,
  tile: ProductTile,
  rows: number,
  width: number,
  to: Float64Array,
): boolean {
  const { addBlocks } = spec;
  const canBeFused = !tile.wide && !tile.haveProducts && (width > shortWidth || rows === 1);
  if (canBeFused && addBlocks !== undefined) {
    for (let row = 0; row < rows; row++) to[row] = fusedSum(addBlocks, tile, row * width, width);
    if (areNumbers(to, rows)) return true;
  }
  return writeStoredSums(spec, tile, rows, width, to);
}

/** Writes the losses of rows, the means of their terms, and returns whether all are finite. */
export function writeMeans(
  spec: ElementwiseSpec,
  tile: ProductTile,
  rows: number,
  width: number,
  to: Float64Array,
): boolean {
  const areFinite = writeSums(spec, tile, rows, width, to);
  if (width > 1) for (let row = 0; row < rows; row++) to[row] /= width;
  return areFinite;
}

function writeStoredSums(
  spec: ElementwiseSpec,
  tile: ProductTile,
  rows: number,
  width: number,
  to: Float64Array,
): boolean {
  const { wide, margin } = tile;
  const n = rows * width;
  const products = tile.productsOf(n);
  const terms = termScratch.of(wide);
  spec.writeTerms(margin, products, n, terms);
  if (width <= shortWidth) writeShortSums(terms, rows, width, to);
  else writeLongSums(wide, terms, rows, width, to);
  if (areNumbers(to, rows)) return true;
  spec.writeTerms(margin, products, n, terms);
  for (let i = 0; i < n; i++) if (isBeyond(margin, products[i])) terms[i] = 0;
  writeLongSums(wide, terms, rows, width, to);
  return false;
}

function areNumbers(sums: Float64Array, n: number): boolean {
  for (let i = 0; i < n; i++) if (!isNumber(sums[i])) return false;
  return true;
}

function writeLongSums(
  wide: boolean,
  terms: Computed,
  rows: number,
  width: number,
  to: Float64Array,
): void {
  for (let row = 0; row < rows; row++) to[row] = sumOfTerms(wide, terms, row * width, width);
}

/** Whether a product is so far beyond the margin that formulas may not have a number for it. */
const isBeyond = (margin: number, product: number) => product === Infinity && margin < Infinity;

/**
 * Writes derivatives of n terms with respect to the products.
 *
 * @param areFinite - whether all terms are finite numbers.
 */
export function writeDerivatives(
  spec: ElementwiseSpec,
  tile: ProductTile,
  n: number,
  areFinite: boolean,
  to: Computed,
): void {
  const { margin } = tile;
  const products = tile.productsOf(n);
  spec.writeDerivatives(margin, products, n, to);
  if (areFinite) return;
  for (let i = 0; i < n; i++) {
    if (isBeyond(margin, products[i])) to[i] = 0;
    else if (Number.isNaN(margin - products[i])) to[i] = Number.NaN;
  }
}
