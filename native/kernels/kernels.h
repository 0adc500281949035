// What an instruction set has to provide: tables of function pointers.
#pragma once

#include <cstddef>

#include "../dtypes.h"

namespace maxmargin {

enum class Loss { hinge, squared_hinge, categorical_hinge };
constexpr int kLosses = 3;

// How labels and predictions stand in memory where kernels read them in place: both of one dtype, or labels
// of a byte beside float32. All other pairs are converted to float32 or float64 first, tile by tile.
enum class Layout { float32, int8_labels, bool_labels, float16, bfloat16, float64 };
constexpr int kLayouts = 6;

// How labels are read: as they are, or as 0/1 that stand for -1/+1. The second is a speculation that is checked on the
// way: what reads labels so answers false where one was neither 0 nor 1, and what was computed of them is void.
enum class LabelReading { as_is, binary };
constexpr int kLabelReadings = 2;

// Values a block of which is folded by halves down to kLanes lanes; over the blocks, sums are double. A row of
// fewer values is a block of 8, 16 or 32, and the first three halvings are in the type of its terms. So
// three float32 additions at most stand between a term and a sum in double.
constexpr size_t kBlock = 64;
constexpr size_t kLanes = 8;

// What is summed on its own before it is merged with the rest, in the order of the values: fixed, so
// that the result depends on the length alone.
constexpr size_t kChunk = 128 * kBlock;

// What is converted, or computed of rows, at a time: it stays in the first-level cache.
constexpr size_t kTile = 32 * kBlock;

// What kernels may write beyond the last slope, or read beyond the last factor: less than a register of any set.
constexpr size_t kSlack = 64;

// What the blocks of a chunk add up to. Only categorical hinge has a max.
struct Sums {
  double lanes[kLanes];
  double max;
};

// What the loss of a row with a max was computed of.
struct RowParts {
  double* sums;
  double* maxes;
};

// What the slopes of a row's values depend on, besides these.
struct RowSlopes {
  // By which all of them are multiplied.
  const double* factors;
  // For a loss with a max: that, and how many values are it.
  const double* maxes;
  const double* ties;
};

// One loss of labels and predictions in one layout, and one reading of the labels. `readable`, at least n, says
// how many values may be read; only the first n count. All but `add` read float32 or float64, and labels as they are.
struct Kernel {
  // Adds n values of one row: whole blocks, or up to its end. Prefetches what stands `ahead` values later, if
  // that is not 0.
  bool (*add)(const void* labels, const void* predictions, size_t n, size_t readable, size_t ahead,
              Sums* sums);
  // Writes the terms of n values, which are float.
  void (*terms)(const void* labels, const void* predictions, size_t n, float* terms);
  // The losses of rows of up to a chunk of values, and what they were computed of if `parts` is not null and there
  // is a max. Writes whole groups of eight.
  void (*rows)(const void* labels, const void* predictions, size_t rows, size_t width,
               size_t readable, double* losses, const RowParts* parts);
  // How many values of each row are its max. Null for a loss without.
  void (*ties)(const void* labels, const void* predictions, size_t rows, size_t width,
               size_t readable, const double* maxes, double* ties);
  // Writes the slopes of the values of rows, in the type that they are computed in. Up to kSlack more are
  // overwritten.
  void (*slopes)(const void* labels, const void* predictions, size_t rows, size_t width,
                 size_t readable, const RowSlopes& of_rows, void* slopes);
};

// Converts n values to the type that a dtype is computed in.
using Convert = void (*)(const void* from, size_t n, void* to);

// What the read probe does besides loading.
enum class Prefetch { none, software };
constexpr int kPrefetches = 2;

struct InstructionSet {
  const char* name;
  bool (*supported)();
  // Null where a layout is none that this set reads in place.
  Kernel kernels[kLosses][kLayouts][kLabelReadings];
  // The loss of a row from its merged sums.
  double (*row_loss[kLosses])(double sum, double max, double width);
  // Of n rows, weight / divisor times d loss / d max if there is one. All arrays hold whole groups of eight.
  void (*row_factors[kLosses])(const double* weights, double divisor, const RowParts& parts,
                               size_t n, double* factors);
  // From a dtype to a float dtype, numbered from float16 on. Null where portable code has to do it.
  Convert convert[kDtypes][kFloatDtypes];
  // Writes -1 for labels that are 0 and 1 for those that are 1, of float32 and of float64. False where one is neither.
  bool (*sign_labels[2])(const void* labels, size_t n, void* to);
  // Leaves of a mask's values 1 where they are that, and 0 elsewhere. False where one is neither.
  bool (*check_mask)(double* mask, size_t n);
  // Multiplies losses by weights, in place.
  void (*multiply)(double* losses, const double* weights, size_t n);
  // Adds values to kLanes lanes: value i to lane i modulo kLanes. Both arrays hold whole groups of eight.
  void (*add_to_lanes)(const double* values, size_t n, double* lanes);
  // Rounds losses to float32.
  void (*narrow)(const double* losses, size_t n, float* to);
  // Copies past the caches, where the processor can.
  void (*stream)(const char* from, size_t bytes, char* to);
  // Loads two arrays and does nothing else: the limit that the machine sets to any kernel.
  bool (*read_probe[kPrefetches])(const void* a, size_t a_bytes, const void* b, size_t b_bytes);
};

// Null where the compiler's processor is another one.
extern const InstructionSet* const kScalar;
extern const InstructionSet* const kAvx2;
extern const InstructionSet* const kAvx512;
extern const InstructionSet* const kNeon;

// Adds n values of one row to the lanes of `sums`, each term widened to double before the first addition, which
// float32 may have overflowed in. That is rare enough for all sets to share this one.
void add_widened(Loss loss, const float* labels, const float* predictions, size_t n, Sums* sums);

}  // namespace maxmargin
