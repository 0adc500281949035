// THE formulas. Every value adds terms to its row; the loss of the row follows from the folded terms.

template <class V>
MAXMARGIN_INLINE V constant(double value) {
  V a;
  fill(static_cast<Element<V>>(value), a);
  return a;
}

// `sum` is folded by addition, `max` by maximum, `impure` by OR: it has bits set where a label that was
// read as 0/1 is neither.
template <class V>
struct Terms {
  V sum, max, impure;
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
  MAXMARGIN_INLINE V loss(V y, V p) {
    return larger(constant<V>(0.0), constant<V>(1.0) - y * p);
  }
  template <class V>
  MAXMARGIN_INLINE void add(V y, V p, Terms<V>& terms) {
    terms.sum = loss(y, p);
  }
};

// max(0, 1 - y p)²
struct SquaredHinge {
  using Row = MeanOfTerms;
  static constexpr bool kSignedLabels = true;

  template <class V>
  MAXMARGIN_INLINE void add(V y, V p, Terms<V>& terms) {
    const V loss = Hinge::loss(y, p);
    terms.sum = loss * loss;
  }
};

struct CategoricalHinge {
  using Row = MarginOfTerms;
  static constexpr bool kSignedLabels = false;

  template <class V>
  MAXMARGIN_INLINE void add(V y, V p, Terms<V>& terms) {
    terms.max = (constant<V>(1.0) - y) * p;
    // A maximum may lose a NaN, a sum never does.
    terms.sum = where_nan(terms.max, terms.max, y * p);
  }
};

// 0/1 to -1/+1. Any other label leaves bits in y (1 - y): what differs from 1 differs by more than 0,
// and a subnormal times 1 is still not 0.
template <class V>
MAXMARGIN_INLINE V signed_labels(V y, V& impure) {
  const V rest = constant<V>(1.0) - y;
  impure = y * rest;
  return y - rest;
}
