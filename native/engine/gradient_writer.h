// Writes derivatives of values that were read just before, and are in the cache still: to the place of each prediction, or,
// where predictions are broadcast, adds them up.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/evaluation.h"

namespace maxmargin {

// Numbers of rows that the derivatives of their values depend on. Arrays hold whole groups of kLanes.
struct GradientRows {
  const double* weights;
  // Whether each is ignored; null if none is.
  const bool* ignored;
  // Used by losses with a maximum only. If `ties` is null, they are counted where it is needed.
  RowSums sums;
  const double* ties;
};

class GradientWriter {
 public:
  // `values`: the most that are written at once. Where the gradient has strides, one worker has to do it all: derivatives are
  // added in the order of their values.
  GradientWriter(const Evaluation& evaluation, const Output& gradient, double divisor, size_t values);

  // Writes the derivatives of up to kRowTile rows. `index` is the logical index of their first value. Returns where they are in
  // the type that they are computed in, until the worker writes again.
  const void* write(size_t index, const Tile& tile, const GradientRows& rows, size_t worker);

  // Writes one derivative.
  void write_one(size_t index, double derivative) const;

 private:
  char* derivatives_of(size_t index, const Tile& tile, const GradientRows& rows, size_t worker);
  void put(const char* derivatives, size_t n, size_t index) const;
  void store(const char* derivatives, size_t n, size_t index) const;
  template <class T>
  void add(const T* derivatives, size_t n, size_t index) const;

  const Evaluation& evaluation_;
  const Output gradient_;
  Axes axes_;
  const double divisor_;
  const bool streams_;
  const size_t worker_bytes_;
  std::vector<char> scratch_;
};

}  // namespace maxmargin
