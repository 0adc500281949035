// Losses whose row is a function of a sum over its classes, of y p, and of a maximum over them, of `other`.
//
// A loss is a struct with `terms`, the two that each value adds to its row, and their `derivative`.

// The terms of a register of values. Those of elementwise losses have no max.
template <class V>
struct Terms {
  V sum, max;
};

struct ClassMax {
  static constexpr Family kFamily = Family::class_max;
  // They would gain little.
  static constexpr bool kHasNarrowLayouts = false;

  // max(0, max - sum + 1)
  template <class V>
  MAXMARGIN_INLINE V row_loss(V sum, V max, V /*width*/) {
    return max_or_second(constant<V>(0.0), max - sum + constant<V>(1.0));
  }

  // d row_loss / d max, and -d row_loss / d sum
  template <class V>
  MAXMARGIN_INLINE V row_derivative(V sum, V max) {
    return derivative_of_violation(max - sum + constant<V>(1.0), 1.0);
  }
};

// sum = Σ y p, max = max((1 - y) p)
struct CategoricalHinge : ClassMax {
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

  // d (max - sum) / d p. Values that tie for the maximum share its derivative: each has `share` of it.
  template <class V>
  MAXMARGIN_INLINE V derivative(V y, V p, V max, V share) {
    return (constant<V>(1.0) - y) * value_if_equal(other(y, p), max, share) - y;
  }
};
