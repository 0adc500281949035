// The call frame: a Float64Array through which the numbers of a call go in, and those of its result come out. As arguments
// and results of Node-API they would cost a third of a small call.
#pragma once

#include <cstddef>

#include "engine/batch.h"
#include "engine/exact_sum.h"

namespace maxmargin {

// Numbers of an exact sum, and before them how many there are.
constexpr size_t kSumSlots = 1 + ExactSum::kMaxNumbers;

// ONE(field, name) is a number, MANY(field, name, count) are several. lib/ knows the slots by the names.
#define MAXMARGIN_CALL_FRAME(ONE, MANY)                              \
  /* See Operation; the loss by its place among those that losses() returns; see LabelReading. */ \
  ONE(operation, "operation")                                        \
  ONE(loss, "loss")                                                  \
  ONE(encoding, "encoding")                                          \
  /* The parameters of the loss. */                                  \
  ONE(margin, "margin")                                              \
  ONE(is_squared, "isSquared")                                       \
  /* Codes of dtypes. That of an array that is not there means nothing. */ \
  ONE(label_dtype, "labelDtype")                                     \
  ONE(prediction_dtype, "predictionDtype")                           \
  ONE(compute_dtype, "computeDtype")                                 \
  ONE(weight_dtype, "weightDtype")                                   \
  ONE(mask_dtype, "maskDtype")                                       \
  ONE(losses_dtype, "lossesDtype")                                   \
  ONE(gradient_dtype, "gradientDtype")                               \
  /* The rows that the call computes, of a batch whose arrays are passed whole. */ \
  ONE(first_row, "firstRow")                                         \
  ONE(rows, "rows")                                                  \
  ONE(batch_rows, "batchRows")                                       \
  ONE(width, "width")                                                \
  /* The predictions of a row that has one class: the width, or more where each value counts as a row. Others have no class. */ \
  ONE(classes, "classes")                                            \
  /* Whether rows with the label `ignored` do not count. */          \
  ONE(ignores, "ignores")                                            \
  ONE(ignored, "ignored")                                            \
  /* Divides the gradient. */                                        \
  ONE(divisor, "divisor")                                            \
  /* 0 where all arrays are row-major and of full size: then the slots of shape, strides and offsets mean nothing. */ \
  ONE(is_strided, "isStrided")                                       \
  /* Results: sums rounded to double, NaN for a mask with values other than 0 and 1; whether labels 0 and 1 were read as -1 and \
     1, and whether all labels are such that the encoding has. */    \
  ONE(losses, "losses")                                              \
  ONE(weights, "weights")                                            \
  ONE(kept, "kept")                                                  \
  ONE(was_binary, "wasBinary")                                       \
  ONE(are_labels_valid, "areLabelsValid")                            \
  /* The duration of a call in the background. JavaScript that is busy learns of its end too late to measure it. */ \
  ONE(milliseconds, "milliseconds")                                  \
  /* The sums exactly: a count, and as many numbers that lib/exact-sum.ts reads. */ \
  MANY(losses_sum, "lossesSum", kSumSlots)                           \
  MANY(weights_sum, "weightsSum", kSumSlots)                         \
  MANY(kept_sum, "keptSum", kSumSlots)                               \
  /* The shape whose last axis is the width and whose others are the rows, and for each array strides in elements and the place \
     of index 0. Weights and mask have no last axis. */              \
  ONE(rank, "rank")                                                  \
  MANY(shape, "shape", kMaxRank)                                     \
  MANY(label_strides, "labelStrides", kMaxRank)                      \
  MANY(prediction_strides, "predictionStrides", kMaxRank)            \
  MANY(weight_strides, "weightStrides", kMaxRank)                    \
  MANY(mask_strides, "maskStrides", kMaxRank)                        \
  MANY(gradient_strides, "gradientStrides", kMaxRank)                \
  ONE(label_offset, "labelOffset")                                   \
  ONE(prediction_offset, "predictionOffset")                         \
  ONE(weight_offset, "weightOffset")                                 \
  ONE(mask_offset, "maskOffset")                                     \
  ONE(gradient_offset, "gradientOffset")

struct CallFrame {
#define MAXMARGIN_ONE(field, name) double field;
#define MAXMARGIN_MANY(field, name, count) double field[count];
  MAXMARGIN_CALL_FRAME(MAXMARGIN_ONE, MAXMARGIN_MANY)
#undef MAXMARGIN_ONE
#undef MAXMARGIN_MANY
};

struct Slot {
  const char* name;
  size_t index, count;
};

constexpr Slot kSlots[] = {
#define MAXMARGIN_ONE(field, name) {name, offsetof(CallFrame, field) / sizeof(double), 1},
#define MAXMARGIN_MANY(field, name, count) {name, offsetof(CallFrame, field) / sizeof(double), count},
    MAXMARGIN_CALL_FRAME(MAXMARGIN_ONE, MAXMARGIN_MANY)
#undef MAXMARGIN_ONE
#undef MAXMARGIN_MANY
};

}  // namespace maxmargin
