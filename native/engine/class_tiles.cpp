#include "engine/class_tiles.h"

#include <cmath>
#include <limits>

#include "engine/totals.h"

namespace maxmargin {
namespace {

// Calls use(row, place) for the place of each row's class, where it is among the values of a tile.
template <class Use>
void each_class(const Batch& batch, const ClassTile& tile, Use use) {
  const size_t n = tile.size(), classes = batch.classes;
  size_t row = 0, at = 0;
  const auto use_part = [&](size_t column, size_t count) {
    const auto id = static_cast<size_t>(tile.ids[row]);
    if (id >= column && id - column < count) use(row, at + id - column);
    at += count;
    ++row;
  };
  const size_t column = tile.index % classes;
  if (column > 0) use_part(column, std::min(classes - column, n));
  for (; at + classes <= n; at += classes, ++row) use(row, at + static_cast<size_t>(tile.ids[row]));
  if (at < n) use_part(0, n - at);
}

template <class T>
void keep_signs(const Batch& batch, const ClassTile& from, T* to) {
  const T* predictions = static_cast<const T*>(from.tile.predictions);
  each_class(batch, from, [&](size_t, size_t place) { to[place] = predictions[place]; });
}

// The hinge of an infinite difference is 0. A row whose own prediction is NaN has no loss but NaN.
template <class T>
void write_infinities(const Batch& batch, const ClassTile& from, const double* own, T* to) {
  each_class(batch, from, [&](size_t row, size_t place) {
    to[place] = std::isnan(own[row]) ? static_cast<T>(own[row]) : std::numeric_limits<T>::infinity();
  });
}

// 0 - x, which has no -0.
template <class T>
void change_sign(const Batch& batch, const ClassTile& tile, T* derivatives) {
  each_class(batch, tile, [&](size_t, size_t place) { derivatives[place] = T{0} - derivatives[place]; });
}

// All differences of a row depend on the prediction for its class.
template <class T>
void write_negative_sums(const Batch& batch, const InstructionSet& set, const ClassTile& tile, T* derivatives) {
  if (tile.tile.width < batch.classes) return;
  for (size_t row = 0; row < tile.tile.rows; ++row) {
    T* of_row = derivatives + row * tile.tile.width;
    LaneSum sum;
    sum.add(set, of_row, tile.tile.width);
    of_row[tile.ids[row]] = static_cast<T>(derivative_of_class(sum.value()));
  }
}

}  // namespace

double derivative_of_class(double sum) {
  return std::isnan(sum) ? std::numeric_limits<double>::quiet_NaN() : 0.0 - sum;
}

void write_signed(const Batch& batch, const InstructionSet& set, const ClassTile& from, void* to) {
  const bool wide = is_wide(batch.compute);
  set.negate[wide](from.tile, to);
  if (wide) keep_signs(batch, from, static_cast<double*>(to));
  else keep_signs(batch, from, static_cast<float*>(to));
}

void write_own(const Batch& batch, const ClassTile& from, double* own) {
  const auto write = [&](const auto* predictions) {
    each_class(batch, from, [&](size_t row, size_t place) { own[row] = predictions[place]; });
  };
  if (is_wide(batch.compute)) write(static_cast<const double*>(from.tile.predictions));
  else write(static_cast<const float*>(from.tile.predictions));
}

void write_differences(const Batch& batch, const InstructionSet& set, const ClassTile& from, const double* own,
                       void* to) {
  const bool wide = is_wide(batch.compute);
  set.subtract_rows[wide](from.tile, own, to);
  if (wide) write_infinities(batch, from, own, static_cast<double*>(to));
  else write_infinities(batch, from, own, static_cast<float*>(to));
}

void finish_class_gradient(const Batch& batch, const InstructionSet& set, const ClassTile& tile, void* derivatives) {
  const auto finish = [&](auto* values) {
    if (substitute_of(batch, set) == Substitute::signed_predictions) change_sign(batch, tile, values);
    else write_negative_sums(batch, set, tile, values);
  };
  if (is_wide(batch.compute)) finish(static_cast<double*>(derivatives));
  else finish(static_cast<float*>(derivatives));
}

}  // namespace maxmargin
