// The classes of rows: class ids as they are given, or found in one-hot rows, or in one label a row that stands for two classes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/value_source.h"

namespace maxmargin {

// In place of the class of a row that is ignored.
constexpr int32_t kIgnored = -1;

class ClassIds {
 public:
  ClassIds(const Batch& batch, const InstructionSet& set);

  // Whether rows have weights by their class, or may be ignored.
  bool weigh_rows() const { return batch_.weighs_classes(); }

  // Finds the classes of all one-hot rows that are evaluated, before any of them is read. False if a row is not one-hot.
  bool decode(size_t threads);

  // Writes the class of each row, or kIgnored. False if a label is none; its row then has class 0.
  bool read(size_t row, size_t count, int32_t* ids) const;

 private:
  bool are_one_hot() const;
  bool decode_row(size_t row, int32_t* id) const;
  bool to_ids(const Values& labels, size_t n, int32_t* ids) const;

  const Batch& batch_;
  const InstructionSet& set_;
  const ValueSource labels_;
  // The classes of one-hot rows.
  std::vector<int32_t> decoded_;
};

}  // namespace maxmargin
