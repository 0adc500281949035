import { described, wrongKind } from "../errors.js";
import { moveBuffers } from "../surroundings.js";
import type { Results } from "../tensor/cast.js";
import { handedOut } from "../tensor/dense.js";
import type { FloatDtype, TensorData } from "../tensor/dtypes.js";
import { rowMajorOf } from "../tensor/row-major.js";
import { RowTensor, type Tensor } from "../tensor/tensor.js";
import { bufferOf, byteOffsetOf, isShared, kindOf, lengthOf, viewIn } from "../typed-arrays.js";
import type { Output } from "./evaluation.js";
import type { Request } from "./run.js";

/** The arguments of a call with `transfer`, as tensors that hold the buffers now. */
export interface TransferredInputs {
  /** The labels. */
  readonly yTrue: Tensor;
  /** The predictions. */
  readonly yPred: Tensor;
  /** If weights were passed. */
  readonly sampleWeight?: Tensor;
  /** If a mask was passed. */
  readonly mask?: Tensor;
}

/** Moves buffers, and returns a function that finds the new view of an array. */
function movedViews(arrays: readonly TensorData[]): (array: TensorData) => TensorData {
  const places = new Map(
    arrays.map((array) => {
      const place = { buffer: bufferOf(array), offset: byteOffsetOf(array), n: lengthOf(array) };
      return [array, place] as const;
    }),
  );
  const buffers = [...new Set([...places.values()].map(({ buffer }) => buffer))].filter(
    (buffer): buffer is ArrayBuffer => !isShared(buffer),
  );
  let own: ArrayBuffer[];
  try {
    own = moveBuffers(buffers);
  } catch (error) {
    throw wrongKind("transfer", "buffers that can be moved", described((error as Error).message));
  }
  const ownOf = new Map<ArrayBufferLike, ArrayBuffer>(
    buffers.map((buffer, i) => [buffer, own[i] as ArrayBuffer]),
  );
  return (array) => {
    const place = places.get(array);
    if (place === undefined) return array;
    const buffer = ownOf.get(place.buffer) ?? place.buffer;
    return viewIn(kindOf(array) as string, buffer, place.offset, place.n) as TensorData;
  };
}

/** Moves the buffers of all arguments, `out` among them, into a request. */
export function transferred({ plan, output }: Request): Request {
  const { labels, predictions, sampleWeight, mask } = plan;
  const given = output?.given as TensorData | undefined;
  const tensors = [labels, predictions, sampleWeight, mask].filter((each) => each !== undefined);
  const arrays = tensors.map(({ data }) => data);
  const found = movedViews(given === undefined ? arrays : [...arrays, given]);
  const moved = (tensor: RowTensor) =>
    new RowTensor(found(tensor.data), tensor.shape, tensor.dtype, tensor.source, tensor.layout);
  return {
    plan: {
      ...plan,
      labels: moved(labels),
      predictions: moved(predictions),
      sampleWeight: sampleWeight && moved(sampleWeight),
      mask: mask && moved(mask),
    },
    output: given === undefined ? output : movedOutput(plan.dtype, found(given)),
  };
}

function movedOutput(dtype: FloatDtype, given: TensorData): Output {
  const { stored } = new RowTensor(given, [lengthOf(given)], dtype);
  return { given, results: stored as Results };
}

/** Returns the arguments of a transferred request as tensors. */
export function transferredInputs({
  labels,
  predictions,
  sampleWeight,
  mask,
}: Request["plan"]): TransferredInputs {
  const returned = (tensor: RowTensor, argument: string) => handedOut(rowMajorOf(tensor, argument));
  return {
    yTrue: returned(labels, "yTrue"),
    yPred: returned(predictions, "yPred"),
    ...(sampleWeight !== undefined && { sampleWeight: returned(sampleWeight, "sampleWeight") }),
    ...(mask !== undefined && { mask: returned(mask, "mask") }),
  };
}
