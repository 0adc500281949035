// Sums of doubles without an error: numbers are added in any order, by any thread, and rounded once. lib/exact-sum.ts is the
// twin in JavaScript.
#pragma once

#include <cmath>
#include <cstddef>
#include <utility>

namespace maxmargin {

// The semantics of Math.sumPrecise, but a sum of nothing, and any sum of 0, is +0.
//
// The sum is kept as units_ * 2^1023 and terms without a common bit, in the order of their size (Shewchuk's expansions, 1997).
// Terms stay below 2^1023, so that no addition of two of them overflows.
class ExactSum {
 public:
  // Terms come to more only before they are compressed, to fewer than 2098 / 53 + 2.
  static constexpr size_t kMaxTerms = 48;
  // The most numbers that write() gives.
  static constexpr size_t kMaxNumbers = 1 + kMaxTerms;

  // Not a default one: that would clear the terms.
  ExactSum() : units_(0.0), count_(0) {}

  void add(double x) {
    if (count_ == kMaxTerms) compress();
    x = without_units(x);
    size_t kept = 0;
    for (size_t i = 0; i < count_; ++i) {
      double y = terms_[i];
      if (std::fabs(x) < std::fabs(y)) std::swap(x, y);
      const double sum = x + y, rest = y - (sum - x);
      if (rest != 0.0) terms_[kept++] = rest;
      x = without_units(sum);
    }
    if (x != 0.0) terms_[kept++] = x;
    count_ = kept;
  }

  void add(const ExactSum& other) {
    units_ += other.units_;
    for (size_t i = 0; i < other.count_; ++i) add(other.terms_[i]);
  }

  // The sum, rounded to the nearest double, ties to even.
  double value() const {
    if (units_ == 0.0) return count_ > 1 ? rounded() : count_ == 1 ? terms_[0] : 0.0;
    return value_of_units();
  }

  // Writes numbers that lib/exact-sum.ts reads: units, and terms. Returns how many.
  size_t write(double* numbers) const {
    numbers[0] = units_;
    for (size_t i = 0; i < count_; ++i) numbers[1 + i] = terms_[i];
    return 1 + count_;
  }

 private:
  static constexpr double kUnit = 0x1p1023;

  // Moves what is above a unit to units_, and everything of a number that is not finite.
  double without_units(double x) {
    if (std::fabs(x) < kUnit) return x;
    if (!std::isfinite(x)) {
      units_ += x;
      return 0.0;
    }
    units_ += std::copysign(1.0, x);
    return x - std::copysign(kUnit, x);
  }

  double value_of_units() const {
    if (!(std::fabs(units_) < 4.0)) return units_ * INFINITY;
    // A quarter of the sum, which does not overflow. The sum is above 2^960: of the smallest terms the sign alone matters.
    ExactSum quarter;
    quarter.add(units_ * 0x1p1021);
    for (size_t i = 0; i < count_; ++i) {
      quarter.add(std::fabs(terms_[i]) > 1.0 ? terms_[i] / 4 : terms_[i]);
    }
    return quarter.value() * 4;
  }

  // Requires at least one term.
  double rounded() const {
    size_t i = count_;
    double sum = terms_[--i], rest = 0.0;
    while (i > 0 && rest == 0.0) {
      const double x = sum, y = terms_[--i];
      sum = x + y;
      rest = y - (sum - x);
    }
    // Halfway between two doubles, the next term decides.
    if (i > 0 && rest != 0.0 && (rest < 0.0) == (terms_[i - 1] < 0.0)) {
      const double twice = 2 * rest, next = sum + twice;
      if (next - sum == twice) sum = next;
    }
    return sum;
  }

  // Joins terms until each is less than a unit in the last place of the next.
  void compress() {
    double joined[kMaxTerms];
    size_t first = count_;
    double sum = terms_[count_ - 1];
    for (size_t i = count_ - 1; i-- > 0;) {
      const double next = sum + terms_[i], rest = terms_[i] - (next - sum);
      if (rest != 0.0) joined[--first] = next;
      sum = rest != 0.0 ? rest : next;
    }
    joined[--first] = sum;
    const size_t count = count_;
    count_ = 0;
    for (size_t i = first; i < count; ++i) {
      const double term = without_units(joined[i]);
      if (term != 0.0) terms_[count_++] = term;
    }
  }

  double units_;
  size_t count_;
  double terms_[kMaxTerms];
};

}  // namespace maxmargin
