// Losses whose row is the mean of terms, each a function of one product of label and prediction.
//
// A loss is a struct with two functions: `value` is the term, `derivative` its derivative with respect to the product. At a
// kink that is the derivative on the side where the loss is not 0.

// Returns `derivative` where a margin violation counts as a loss, 0 where it does not, and NaN where it is NaN.
template <class V>
MAXMARGIN_INLINE V derivative_of_violation(V violation, double derivative) {
  const V positive = max_or_second(constant<V>(0.0), violation);
  return select_nan(violation, violation, value_if_equal(positive, violation, constant<V>(derivative)));
}

// The sums of eight rows, row k in lane k. The mean of terms needs no max.
struct EightRows {
  WideLanes sum, max;
};

// The numbers that the losses of eight rows are computed from, besides their sums.
struct RowFormula {
  WideLanes width, margin;
  bool is_squared;

  static MAXMARGIN_FORCE_INLINE RowFormula of(size_t width, const Parameters& parameters) {
    return {constant<WideLanes>(static_cast<double>(width)), constant<WideLanes>(parameters.margin),
            parameters.is_squared};
  }
};

struct Elementwise {
  static constexpr Family kFamily = Family::elementwise;
  // Whether labels of one byte and values of 16 bits have kernels of their own, which are as much code again.
  static constexpr bool kHasNarrowLayouts = true;
  // Whether terms may be summed where they are computed. The alternative, to write them first, is a tenth of the code.
  static constexpr bool kIsFused = true;

  MAXMARGIN_INLINE WideLanes row_loss(const EightRows& rows, const RowFormula& formula) {
    return rows.sum / formula.width;
  }
};

// max(0, margin - y p)
struct Hinge : Elementwise {
  template <class V>
  MAXMARGIN_INLINE V value(V product, V margin) {
    return max_or_second(constant<V>(0.0), margin - product);
  }

  template <class V>
  MAXMARGIN_INLINE V derivative(V product, V margin) {
    return derivative_of_violation(margin - product, -1.0);
  }
};

// max(0, margin - y p)²
struct SquaredHinge : Elementwise {
  template <class V>
  MAXMARGIN_INLINE V value(V product, V margin) {
    const V hinge = Hinge::value(product, margin);
    return hinge * hinge;
  }

  template <class V>
  MAXMARGIN_INLINE V derivative(V product, V margin) {
    return constant<V>(-2.0) * Hinge::value(product, margin);
  }
};

// max(0, 1 - z)² with z = y p where z >= -1, and -4 z below
struct ModifiedHuber : Elementwise {
  static constexpr bool kHasNarrowLayouts = false;
  static constexpr bool kIsFused = false;

  // Stays 2 below -1, where the loss is linear.
  template <class V>
  MAXMARGIN_INLINE V hinge(V product) {
    return Hinge::value(max_or_second(constant<V>(-1.0), product), constant<V>(1.0));
  }

  template <class V>
  MAXMARGIN_INLINE V value(V product, V /*margin*/) {
    const V hinge = ModifiedHuber::hinge(product);
    // The line is nowhere above the square but below -1.
    return max_or_second(constant<V>(-4.0) * product, hinge * hinge);
  }

  template <class V>
  MAXMARGIN_INLINE V derivative(V product, V /*margin*/) {
    return constant<V>(-2.0) * hinge(product);
  }
};
