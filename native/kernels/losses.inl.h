// THE formulas. Every value adds terms to its row; the loss of the row follows from the folded terms.

template <class V>
MAXMARGIN_INLINE V constant(double value) {
  V a;
  fill(static_cast<Element<V>>(value), a);
  return a;
}

// `sum` is folded by addition, `max` by maximum.
template <class V>
struct Terms {
  V sum, max;
};

struct MeanOfTerms {
  static constexpr bool kHasMax = false;

  template <class V>
  MAXMARGIN_INLINE V loss(V sum, V, V width) {
    return sum / width;
  }
};

// max(0, neg - pos + 1) of neg = max((1 - y) p) and pos = sum(y p)
struct MarginOfTerms {
  static constexpr bool kHasMax = true;

  template <class V>
  MAXMARGIN_INLINE V loss(V pos, V neg, V) {
    return larger(constant<V>(0.0), neg - pos + constant<V>(1.0));
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
};

struct CategoricalHinge {
  using Row = MarginOfTerms;
  static constexpr bool kSignedLabels = false;

  template <class V>
  MAXMARGIN_INLINE Terms<V> terms(V y, V p) {
    const V other = (constant<V>(1.0) - y) * p;
    // A maximum may lose a NaN, a sum never does.
    return {where_nan(other, other, y * p), other};
  }
};
