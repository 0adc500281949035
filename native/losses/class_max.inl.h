// Losses whose row is a function of a sum over its classes and of a maximum over them. With class ids, the sum is the score of
// the row's class, and the maximum is the largest of the other scores.
//
// A loss of labels that are one value a class is a struct with `terms`, the two that each value adds to its row, and their
// `derivative`.

// The terms of a register of values. Those of elementwise losses have no max.
template <class V>
struct Terms {
  V sum, max;
};

struct ClassMax {
  static constexpr Family kFamily = Family::class_max;
  // They would gain little.
  static constexpr bool kHasNarrowLayouts = false;
  static constexpr bool kIsFused = true;

  MAXMARGIN_INLINE WideLanes hinge(const EightRows& rows, const RowFormula& formula) {
    return max_or_second(constant<WideLanes>(0.0), rows.max - rows.sum + formula.margin);
  }

  // max(0, max - sum + margin), or its square
  MAXMARGIN_INLINE WideLanes row_loss(const EightRows& rows, const RowFormula& formula) {
    const WideLanes hinge = ClassMax::hinge(rows, formula);
    return formula.is_squared ? hinge * hinge : hinge;
  }

  // d row_loss / d max, and -d row_loss / d sum
  MAXMARGIN_INLINE WideLanes row_derivative(const EightRows& rows, const RowFormula& formula) {
    if (formula.is_squared) return constant<WideLanes>(2.0) * hinge(rows, formula);
    return derivative_of_violation(rows.max - rows.sum + formula.margin, 1.0);
  }
};

// sum = Σ y p, max = max((1 - y) p)
struct CategoricalHinge : ClassMax {
  // The row's own class counts as 0 in the maximum, and values of other classes as 0 in the sum: a factor of 0 that makes NaN
  // of an infinite value.
  static constexpr bool kHasZeros = true;

  template <class V>
  MAXMARGIN_INLINE V other(V y, V p) {
    return (constant<V>(1.0) - y) * p;
  }

  template <class V>
  MAXMARGIN_INLINE Terms<V> terms(V y, V p) {
    const V other = CategoricalHinge::other(y, p);
    // A maximum may lose a NaN, a sum never does.
    return {select_nan(other, other, y * p), other};
  }

  // The same where they are finite. If not, the sum is not finite either: `other` is NaN where y p is NaN, or infinite.
  template <class V>
  MAXMARGIN_INLINE Terms<V> finite_terms(V y, V p) {
    return {y * p, other(y, p)};
  }

  // d (max - sum) / d p. Values that tie for the maximum share its derivative: each has `share` of it.
  template <class V>
  MAXMARGIN_INLINE V derivative(V y, V p, V max, V share) {
    return (constant<V>(1.0) - y) * value_if_equal(other(y, p), max, share) - y;
  }
};

// sum = the score of the row's class, max = the largest other score
struct CrammerSinger : ClassMax {
  static constexpr bool kHasZeros = false;
};
