// Writes derivatives of values that were read just before, and are in the cache still: to the place of each prediction, or,
// where predictions are broadcast, adds them up.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/evaluation.h"

namespace maxmargin {

// What the derivatives of the values of rows depend on. Arrays hold whole groups of kLanes.
struct GradientRows {
  const double* weights;
  // Of a loss with a maximum.
  RowSums sums;
  const double* ties;
};

class GradientWriter {
 public:
  // `values`: the most that are written at once. Where the gradient has strides, one worker has to do it all: derivatives are
  // added in the order of their values.
  GradientWriter(const Evaluation& evaluation, const Output& gradient, double divisor, size_t values);

  // Of up to kRowTile rows whose first value has a logical index.
  void write(size_t index, const Tile& tile, const GradientRows& rows, size_t worker);

 private:
  char* derivatives_of(const Tile& tile, const RowDerivatives& rows, size_t worker);
  void store(const char* derivatives, size_t n, size_t index) const;
  template <class T>
  void add(const T* derivatives, const Tile& tile, const double* weights, size_t index) const;

  const Evaluation& evaluation_;
  const Output gradient_;
  Axes axes_;
  const double divisor_;
  const bool streams_;
  const size_t worker_bytes_;
  std::vector<char> scratch_;
};

}  // namespace maxmargin
