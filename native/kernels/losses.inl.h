// THE formulas. Every value adds terms to its row; the loss of the row follows from the folded terms. Slopes are
// derivatives. Where there are two, at a kink, it is that of the side on which there is a loss.

template <class V>
MAXMARGIN_INLINE V constant(double value) {
  V a;
  fill(static_cast<Element<V>>(value), a);
  return a;
}

// `slope` where a margin is a loss, 0 where it is below that, NaN where it is NaN.
template <class V>
MAXMARGIN_INLINE V slope_of_margin(V margin, double slope) {
  return where_nan(margin, margin,
                   where_equal(larger(constant<V>(0.0), margin), margin, constant<V>(slope)));
}

// `sum` is folded by addition, `max` by maximum.
template <class V>
struct Terms {
  V sum, max;
};

struct MeanOfTerms {
  static constexpr Family kFamily = Family::elementwise;
  static constexpr bool kHasMax = false;

  template <class V>
  MAXMARGIN_INLINE V loss(V sum, V, V width) {
    return sum / width;
  }
};

// max(0, neg - pos + 1) of neg = max((1 - y) p) and pos = sum(y p)
struct MarginOfTerms {
  static constexpr Family kFamily = Family::class_max;
  static constexpr bool kHasMax = true;

  template <class V>
  MAXMARGIN_INLINE V loss(V pos, V neg, V) {
    return larger(constant<V>(0.0), neg - pos + constant<V>(1.0));
  }

  // d loss / d neg, and - d loss / d pos
  template <class V>
  MAXMARGIN_INLINE V slope(V pos, V neg) {
    return slope_of_margin(neg - pos + constant<V>(1.0), 1.0);
  }
};

// max(0, 1 - y p)
struct Hinge {
  using Row = MeanOfTerms;
  static constexpr bool kSignedLabels = true;

  template <class V>
  MAXMARGIN_INLINE V term(V product) {
    return larger(constant<V>(0.0), constant<V>(1.0) - product);
  }

  // d term / d product
  template <class V>
  MAXMARGIN_INLINE V slope(V product) {
    return slope_of_margin(constant<V>(1.0) - product, -1.0);
  }
};

// max(0, 1 - y p)²
struct SquaredHinge {
  using Row = MeanOfTerms;
  static constexpr bool kSignedLabels = true;

  template <class V>
  MAXMARGIN_INLINE V term(V product) {
    const V loss = Hinge::term(product);
    return loss * loss;
  }

  template <class V>
  MAXMARGIN_INLINE V slope(V product) {
    return constant<V>(-2.0) * Hinge::term(product);
  }
};

struct CategoricalHinge {
  using Row = MarginOfTerms;
  static constexpr bool kSignedLabels = false;

  template <class V>
  MAXMARGIN_INLINE V other(V y, V p) {
    return (constant<V>(1.0) - y) * p;
  }

  // d (neg - pos) / d p. The values that are the maximum have an equal `share` in its slope each.
  template <class V>
  MAXMARGIN_INLINE V slope(V y, V p, V neg, V share) {
    return (constant<V>(1.0) - y) * where_equal(other(y, p), neg, share) - y;
  }

  template <class V>
  MAXMARGIN_INLINE Terms<V> terms(V y, V p) {
    const V other = CategoricalHinge::other(y, p);
    // A maximum may lose a NaN, a sum never does.
    return {where_nan(other, other, y * p), other};
  }
};
