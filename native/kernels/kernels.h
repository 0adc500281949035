// What an instruction set has to provide: a table of function pointers, one entry for each loss,
// label dtype and reading of the labels.
#pragma once

#include <cstddef>

namespace maxmargin {

enum class Loss { hinge, squared_hinge, categorical_hinge };
constexpr int kLosses = 3;

// A byte that is false if 0 and true otherwise.
enum class Bool8 : unsigned char {};

enum class LabelType { float32, int8, uint8, boolean };
constexpr int kLabelTypes = 4;

// How labels are read: as they are, or as 0/1 that stand for -1/+1. The second is a speculation that
// every function below checks on the way: it answers false where a label was neither 0 nor 1, and what
// it has computed is then void.
enum class LabelReading { as_is, binary };
constexpr int kLabelReadings = 2;

// Values a block of which is folded by halves in float32 down to kLanes lanes; from there on, and over
// the blocks, sums are double. Three float32 additions at most stand between a value and its sum.
constexpr size_t kBlock = 64;
constexpr size_t kLanes = 8;

// What a stretch of a row adds up to. Only categorical hinge has a max.
struct Partial {
  double sum;
  double max;
};

struct Kernel {
  // Sums n values that belong to one row.
  bool (*chunk)(const void* labels, const void* predictions, size_t n, Partial* partial);
  // The loss of a row of `width` values from its merged partials.
  double (*row_loss)(Partial partial, size_t width);
  // The losses of `rows` whole rows.
  bool (*rows)(const void* labels, const void* predictions, size_t rows, size_t width,
               double* losses);
  // The losses of n rows of one value each, rounded to float32.
  bool (*terms)(const void* labels, const void* predictions, size_t n, float* losses);
};

struct InstructionSet {
  const char* name;
  bool (*supported)();
  Kernel kernels[kLosses][kLabelTypes][kLabelReadings];
  // Loads two arrays and does nothing else: the limit that the machine sets to any kernel.
  float (*read_probe)(const float* a, const float* b, size_t n);
};

// Null where the compiler's processor is another one.
extern const InstructionSet* const kScalar;
extern const InstructionSet* const kAvx2;
extern const InstructionSet* const kAvx512;
extern const InstructionSet* const kNeon;

}  // namespace maxmargin
