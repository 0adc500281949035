// What an instruction set has to provide: tables of function pointers.
#pragma once

#include <cstddef>

#include "../dtypes.h"

namespace maxmargin {

enum class Loss { hinge, squared_hinge, categorical_hinge };
constexpr int kLosses = 3;

// How predictions stand in memory, and whether terms are computed in float32 or float64.
enum class Predictions { float32, float64, float64_as_float32, float16, bfloat16 };
constexpr int kPredictions = 5;

// How labels stand in memory. `own`: as the predictions do. `rounded`: where the values of a large
// integer are to be rounded as the predictions' dtype would.
enum class Labels { own, int8, uint8, boolean, int32, int64, rounded_int32, rounded_int64 };
constexpr int kLabels = 8;

// How labels are read: as they are, or as 0/1 that stand for -1/+1. The second is a speculation that
// every function below checks on the way: it answers false where a label was neither 0 nor 1, and what
// it has computed is then void.
enum class LabelReading { as_is, binary };
constexpr int kLabelReadings = 2;

// Float32 values a block of which is folded by halves in float32 down to kLanes lanes; from there on, and
// over the blocks, sums are double. Three float32 additions at most stand between a value and its sum.
// Float64 values are added to their lanes at once.
constexpr size_t kBlock = 64;
constexpr size_t kLanes = 8;

// What a stretch of a row adds up to. Only categorical hinge has a max.
struct Partial {
  double sum;
  double max;
};

// One loss for one pair of dtypes, and one reading of the labels.
struct Kernel {
  // Writes the terms of n values, in the type that they are computed in. Null: labels and predictions have
  // to be converted to that type first.
  bool (*terms)(const void* labels, const void* predictions, size_t n, void* sum, void* max);
  // Sums n values of one row in registers. Null: Folding::chunk does it by way of the terms.
  bool (*chunk)(const void* labels, const void* predictions, size_t n, Partial* partial);
};

// Where a kernel finds its values.
struct Values {
  const Kernel* kernel;
  const char* labels;
  const char* predictions;
  size_t label_size, prediction_size;

  Values from(size_t i) const {
    return {kernel, labels + i * label_size, predictions + i * prediction_size, label_size,
            prediction_size};
  }
};

// From terms to rows: the same for all kernels of a loss that compute in the same type.
struct Folding {
  // Sums n values that belong to one row.
  bool (*chunk)(const Values& values, size_t n, Partial* partial);
  // The losses of `rows` whole rows.
  bool (*rows)(const Values& values, size_t rows, size_t width, double* losses);
  // The loss of a row of `width` values from its merged partials.
  double (*row_loss)(Partial partial, size_t width);
};

struct InstructionSet {
  const char* name;
  bool (*supported)();
  Kernel kernels[kLosses][kPredictions][kLabels][kLabelReadings];
  // In float32 and in float64.
  Folding foldings[kLosses][2];
  // Loads two arrays and does nothing else: the limit that the machine sets to any kernel.
  bool (*read_probe)(const void* a, size_t a_bytes, const void* b, size_t b_bytes);
};

// Null where the compiler's processor is another one.
extern const InstructionSet* const kScalar;
extern const InstructionSet* const kAvx2;
extern const InstructionSet* const kAvx512;
extern const InstructionSet* const kNeon;

}  // namespace maxmargin
