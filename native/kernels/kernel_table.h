// The kernels of an instruction set: tables of function pointers, which table.inl.h fills.
#pragma once

#include <cstddef>
#include <cstdint>

#include "dtype.h"

namespace maxmargin {

// ---- Losses

enum class Loss {
#define MAXMARGIN_LOSS(Struct, name) Struct,
#include "losses/list.inc"
#undef MAXMARGIN_LOSS
};

constexpr const char* kLossNames[] = {
#define MAXMARGIN_LOSS(Struct, name) name,
#include "losses/list.inc"
#undef MAXMARGIN_LOSS
};
constexpr size_t kLosses = sizeof kLossNames / sizeof *kLossNames;

// The way in which the loss of a row follows from its terms.
enum class Family {
  // The mean of terms that each depend on one product of label and prediction. Labels of 0 and 1 may stand for -1 and 1.
  elementwise,
  // A function of the score of the row's class, or of a sum, and of a maximum over the other classes.
  class_max,
  // The mean of terms that each depend on the difference of two scores: the terms of an elementwise loss.
  class_sum,
};

// The numbers in a formula, besides labels and predictions.
struct Parameters {
  // A value of the dtype that the loss is computed in.
  double margin;
  // Whether the hinge of a row, or of each of its differences, is squared.
  bool is_squared;
};

// ---- Layouts

// The dtypes that kernels read in place: labels, predictions, and the type that terms are computed in.
enum class Layout {
#define MAXMARGIN_LAYOUT(labels, predictions, computed) labels##_##predictions##_##computed,
#include "kernels/layouts.inc"
#undef MAXMARGIN_LAYOUT
};

struct LayoutDtypes {
  Dtype labels, predictions, computed;
};

constexpr LayoutDtypes kLayoutDtypes[] = {
#define MAXMARGIN_LAYOUT(labels, predictions, computed) \
  {Dtype::labels, Dtype::predictions, Dtype::computed},
#include "kernels/layouts.inc"
#undef MAXMARGIN_LAYOUT
};
constexpr size_t kLayouts = sizeof kLayoutDtypes / sizeof *kLayoutDtypes;

// The reading of labels. `binary` takes them for 0 and 1 that stand for -1 and 1, and is a speculation: kernels return
// false if a label is neither, and their results are then void. `class_ids` are one int32 a row.
enum class LabelEncoding { unchanged, binary, class_ids };
constexpr size_t kLabelEncodings = 3;

// ---- Sizes

// Terms are summed by blocks of kBlock, folded by halves down to kLanes lanes, which are added in double. A row of fewer
// terms is a block of 8, 16 or 32, and its first three halvings are in the type of its terms. So at most three
// float32 additions stand between a term and a sum in double.
constexpr size_t kBlock = 64;
constexpr size_t kLanes = 8;

// The values whose sum is one partial result. The split depends on the length alone, and so does the result.
constexpr size_t kChunk = 128 * kBlock;

// The values that are converted, or whose derivatives are written, at a time: they stay in the first-level cache.
constexpr size_t kTile = 32 * kBlock;

// The number of elements that kernels may write beyond the last derivative, or read beyond the last factor or maximum: no
// register holds more.
constexpr size_t kSlack = 64;

// ---- Kernels

// Row-major [rows, width] values. Both arrays may be read up to `readable` values, at least rows * width. Class ids are relative
// to the first column of the tile, which may begin inside a row: ids of columns outside the tile are negative, or at least `width`.
struct Tile {
  Parameters parameters;
  const void* labels;
  const void* predictions;
  size_t rows, width, readable;
};

// Accumulators of a chunk: sums by lane, and the maximum for losses that have one.
struct ChunkSums {
  double lanes[kLanes];
  double max;
};

// For each row, the sum and the maximum that a class_max loss is computed from. Arrays hold whole groups of kLanes.
struct RowSums {
  double* sums;
  double* maxes;
};

// The weights of some rows, and for class_max their sums.
struct WeightedRows {
  const double* weights;
  RowSums sums;
  size_t count;
};

// The numbers of each row that the derivatives of its values depend on.
struct RowDerivatives {
  // d result / d sum of the row's terms, by which all derivatives are multiplied.
  const double* factors;
  // For class_max: the row's maximum, and how many of its values are equal to it, or null if that is one in all rows.
  const double* maxes;
  const double* ties;
};

// The kernels for one loss, layout and encoding. All are set, or none; functions that do not apply are null.
struct Kernel {
  // Adds the terms of one row: whole blocks, or up to the row's end. Prefetches `ahead` values if that is not 0. The score of
  // a row's class is its only term.
  bool (*add)(const Tile& tile, size_t ahead, ChunkSums* sums);
  // Adds the terms of one row, each widened to double first: for rows whose sum is not finite, as float32 may have
  // overflowed. Null where they cannot, as they are double or scores.
  bool (*add_widened)(const Tile& tile, ChunkSums* sums);
  // Computes the losses of rows of up to kChunk values, and for class_max their sums unless `sums` is null. Writes whole
  // groups of kLanes.
  bool (*row_losses)(const Tile& tile, double* losses, const RowSums* sums);
  // Computes losses of rows of one value in float32, as they are returned. Null unless the loss is elementwise and its
  // terms are float32.
  bool (*single_losses)(const Tile& tile, float* losses);
  // Counts the values of each row that are equal to its maximum. Null unless the loss is class_max.
  void (*count_ties)(const Tile& tile, const double* maxes, double* ties);
  // Writes the derivatives with respect to the predictions, in the type they are computed in. May write kSlack elements
  // more. Does not check the labels, which `add` or `row_losses` has read before. Returns false if `rows.ties` is null though it
  // must not be: the derivatives are then void.
  bool (*gradient)(const Tile& tile, const RowDerivatives& rows, void* derivatives);
};

// The kernels of one loss.
struct LossKernels {
  Family family;
  // For class_sum the loss whose terms it has, if they are squared and if they are not.
  Loss terms, squared_terms;
  // Layout and encoding. Some are not set, see Kernel: such values are converted first.
  Kernel kernels[kLayouts][kLabelEncodings];
  // Computes the loss of a row from its merged sums.
  double (*row_loss)(double sum, double max, double width, const Parameters& parameters);
  // factors[i] = weights[i] / divisor, for class_max times d loss / d max. Arrays hold whole groups of kLanes.
  void (*row_factors)(const WeightedRows& rows, double divisor, const Parameters& parameters, double* factors);
};

// Rows whose values of one column lie side by side in memory.
struct Columns {
  const void* first;
  // From column to column, in elements.
  int64_t stride;
  size_t rows, width;
};

// Converts n values to the type that a dtype is computed in.
using Convert = void (*)(const void* from, size_t n, void* to);

struct InstructionSet {
  const char* name;
  bool (*supported)();
  LossKernels losses[kLosses];
  // From a dtype to a float dtype, numbered from float16 on. Null where portable code has to do it.
  Convert convert[kDtypes][kFloatDtypes];
  // Copies at least eight rows of at least eight values, row after row: elements of 4 and of 8 bytes.
  void (*transpose_4_bytes)(const Columns& from, void* to);
  void (*transpose_8_bytes)(const Columns& from, void* to);
  // Makes 0 and 1 of the values of a mask, in place. False where one is neither.
  bool (*check_mask)(double* mask, size_t n);
  // Multiplies losses by weights, in place.
  void (*multiply)(double* losses, const double* weights, size_t n);
  // Adds value i to lane i modulo kLanes. Both arrays hold whole groups of kLanes.
  void (*add_to_lanes)(const double* values, size_t n, double* lanes);
  // The same of floats, and of doubles, that need not come in whole groups.
  void (*add_values[2])(const void* values, size_t n, double* lanes);
  // Rounds losses to float32.
  void (*narrow)(const double* losses, size_t n, float* to);
  // Copies past the caches, where the processor can.
  void (*stream)(const char* from, size_t bytes, char* to);
  // Changes the signs of predictions, and subtracts those of each row from a value of its own: of floats, and of doubles. May
  // write kSlack elements more.
  void (*negate[2])(const Tile& tile, void* to);
  void (*subtract_rows[2])(const Tile& tile, const double* values, void* to);

  Family family_of(Loss loss) const { return losses[static_cast<size_t>(loss)].family; }

  // The kernels that compute the terms of a loss.
  const LossKernels& kernels_of(Loss loss, bool is_squared) const {
    const LossKernels& own = losses[static_cast<size_t>(loss)];
    if (own.family != Family::class_sum) return own;
    return losses[static_cast<size_t>(is_squared ? own.squared_terms : own.terms)];
  }
};

// Returns the kernel that reads these dtypes in place and computes in the dtype `as`, or null if there is none.
inline const Kernel* kernel_in_place(const LossKernels& loss, const LayoutDtypes& dtypes,
                                     LabelEncoding encoding) {
  for (size_t i = 0; i < kLayouts; ++i) {
    const LayoutDtypes& layout = kLayoutDtypes[i];
    if (layout.labels != dtypes.labels || layout.predictions != dtypes.predictions) continue;
    // Values of 16 bits need not be cast to float32 before they are computed in it.
    const bool is_cast = dtypes.computed != layout.computed && dtypes.computed != layout.predictions;
    const Kernel& kernel = loss.kernels[i][static_cast<size_t>(encoding)];
    return is_cast || kernel.add == nullptr ? nullptr : &kernel;
  }
  return nullptr;
}

// Null where the compiler's processor is another one.
extern const InstructionSet* const kScalar;
extern const InstructionSet* const kAvx2;
extern const InstructionSet* const kAvx512;
extern const InstructionSet* const kNeon;
extern const InstructionSet* const kWasm128;

// An instruction set that every processor has, or every WebAssembly machine.
inline const InstructionSet& baseline() { return kScalar == nullptr ? *kWasm128 : *kScalar; }

}  // namespace maxmargin
