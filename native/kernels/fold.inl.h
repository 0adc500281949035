// Terms, and how they are folded.
//
// The contract that gives all instruction sets, and lib/fallback.ts, the same bits: terms are cut into blocks of 64, the
// last one padded with identities. A block is folded by halves (term i with i + 32, then i + 16, then i + 8) down to 8
// lanes. The lanes of all blocks are added in double, in order, and folded by halves at the end. If that gives no finite
// sum, float32 may have overflowed: then every term is widened to double before the first addition.

constexpr double kSumIdentity = 0.0;
constexpr double kMaxIdentity = -INFINITY;

// ---- Sources: `at(i)` returns the terms of a register of values from i on

// One loss of labels Y and predictions P, computed in T.
template <class L, LabelEncoding kEncoding_, class T_, class Y_, class P_>
struct Inputs {
  using Loss = L;
  using T = T_;
  using Y = Y_;
  using P = P_;
  static constexpr bool kHasMax = L::kFamily == Family::class_max;
  static constexpr LabelEncoding kEncoding = kEncoding_;
  static constexpr bool kIsBinary = kEncoding == LabelEncoding::binary;
  // Whether values are in the type that they are computed in.
  static constexpr bool kIsConverted = std::is_same_v<Y, T> && std::is_same_v<P, T>;
  static constexpr bool kIsFloat = std::is_same_v<T, float>;
  // Whether terms are summed where they are computed.
  static constexpr bool kIsFused = L::kIsFused && (kIsFloat || kHasMax || !kSavesCode);
};

// Terms of an elementwise loss that were written before, in place of the predictions.
template <class T>
struct Written : Inputs<Elementwise, LabelEncoding::unchanged, T, T, T> {
  static constexpr bool kIsFused = true;
};
template <class In>
constexpr bool kIsWritten = std::is_same_v<In, Written<typename In::T>>;

// Terms computed of labels and predictions. If labels are read as binary, invalid ones leave bits in `invalid`.
template <class In, class V_>
struct Computed {
  using V = V_;
  static constexpr bool kHasMax = In::kHasMax;
  static constexpr bool kReadsBits = In::kIsBinary && kAreBits<V, typename In::Y>;

  const typename In::Y* labels;
  const typename In::P* predictions;
  V margin;
  V* invalid;

  static MAXMARGIN_FORCE_INLINE Computed of(const Tile& tile, V* invalid) {
    return {static_cast<const typename In::Y*>(tile.labels), static_cast<const typename In::P*>(tile.predictions),
            constant<V>(tile.parameters.margin), invalid};
  }

  MAXMARGIN_FORCE_INLINE Computed from(size_t i) const { return at_values(labels + i, predictions + i); }

  // The same of other values.
  MAXMARGIN_FORCE_INLINE Computed at_values(const typename In::Y* y, const typename In::P* p) const {
    return {y, p, margin, invalid};
  }

  MAXMARGIN_FORCE_INLINE Terms<V> at(size_t i) const {
    using L = typename In::Loss;
    V p = loaded<V>(predictions + i);
    optimization_barrier(p);
    if constexpr (kIsWritten<In>) {
      return {p, V{}};
    } else {
      V y;
      if constexpr (kReadsBits) {
        load_bits(labels + i, y);
      } else {
        y = loaded<V>(labels + i);
      }
      optimization_barrier(y);
      if constexpr (L::kFamily == Family::class_max) {
        return L::terms(y, p);
      } else if constexpr (kReadsBits) {
        return {L::value(apply_bit_sign(y, p, *invalid), margin), V{}};
      } else if constexpr (In::kIsBinary) {
        return {L::value(apply_binary_sign(y, p, *invalid), margin), V{}};
      } else {
        return {L::value(y * p, margin), V{}};
      }
    }
  }
};

// Terms of an elementwise loss that were computed before.
template <class V_>
struct Stored {
  using V = V_;
  static constexpr bool kHasMax = false;

  const Element<V>* terms;

  MAXMARGIN_FORCE_INLINE Stored from(size_t i) const { return {terms + i}; }
  MAXMARGIN_FORCE_INLINE Terms<V> at(size_t i) const { return {loaded<V>(terms + i), V{}}; }
};

// The first `count` terms of a source, padded with identities. There are at least kFull.
template <class Source, size_t kFull = 0>
struct PaddedTail {
  using V = typename Source::V;
  static constexpr bool kHasMax = Source::kHasMax;

  Source source;
  int count;

  MAXMARGIN_FORCE_INLINE PaddedTail from(size_t i) const {
    return {source.from(i), count - static_cast<int>(i)};
  }

  MAXMARGIN_FORCE_INLINE Terms<V> at(size_t i) const {
    using T = Element<V>;
    Terms<V> terms = source.at(i);
    if (i + kCount<V> <= kFull) return terms;
    const int own = count - static_cast<int>(i);
    terms.sum = first_n_or(terms.sum, own, static_cast<T>(kSumIdentity));
    if constexpr (kHasMax) terms.max = first_n_or(terms.max, own, static_cast<T>(kMaxIdentity));
    return terms;
  }
};

// ---- Folds

struct Add {
  template <class V>
  MAXMARGIN_INLINE V merged(V a, V b) {
    return a + b;
  }
};

struct Max {
  template <class V>
  MAXMARGIN_INLINE V merged(V a, V b) {
    return max_or_second(a, b);
  }
};

template <bool kHasMax>
struct SumAndMax {
  template <class V>
  MAXMARGIN_INLINE Terms<V> merged(Terms<V> a, const Terms<V>& b) {
    a.sum = a.sum + b.sum;
    if constexpr (kHasMax) a.max = max_or_second(a.max, b.max);
    return a;
  }
};

// Folds by halves the values at kFirst, kFirst + kStep, ... below kEnd.
template <class Merge, size_t kFirst, size_t kStep, size_t kEnd, class Source>
MAXMARGIN_INLINE auto folded(const Source& source) {
  if constexpr (kFirst + kStep >= kEnd) {
    return source.at(kFirst);
  } else {
    return Merge::merged(folded<Merge, kFirst, 2 * kStep, kEnd>(source),
                         folded<Merge, kFirst + kStep, 2 * kStep, kEnd>(source));
  }
}

template <class Merge, class T>
MAXMARGIN_INLINE Terms<Lanes<T>> folded_to_lanes(const Terms<Lanes<T>>& lanes) {
  return lanes;
}

template <class Merge, class T, int N>
MAXMARGIN_INLINE Terms<Lanes<T>> folded_to_lanes(const Terms<vec<T, N>>& terms) {
  return folded_to_lanes<Merge, T>(Merge::merged(Terms<vec<T, N / 2>>{low(terms.sum), low(terms.max)},
                                                 Terms<vec<T, N / 2>>{high(terms.sum), high(terms.max)}));
}

// Terms of kSize values, in registers or in memory.
template <class Source_, size_t kSize>
struct Block {
  using V = typename Source_::V;
  static constexpr bool kHasMax = Source_::kHasMax;
  Terms<V> terms[kSize / kCount<V>];

  MAXMARGIN_FORCE_INLINE const Terms<V>& at(size_t i) const { return terms[i / kCount<V>]; }
};

// Folds to one register what `source` has at kFirst, kFirst + kStep, ... below kEnd. All terms come first: processors
// foresee loads in order.
template <size_t kStep, size_t kEnd, class Source>
MAXMARGIN_INLINE auto folded_block(const Source& source) {
  using V = typename Source::V;
  constexpr size_t kTerms = kEnd / kStep;
  Block<Source, kTerms * kCount<V>> block;
  MAXMARGIN_UNROLL
  for (size_t k = 0; k < kTerms; ++k) block.terms[k] = source.at(k * kStep);
  return folded<SumAndMax<Source::kHasMax>, 0, kCount<V>, kTerms * kCount<V>>(block);
}

// The bytes of terms that are computed in one go. A block of doubles may have more, and would fill too many registers.
constexpr size_t kMostUnrolled = 8 * sizeof(Unit<float>);

// Folds a block of kSize terms to 8 lanes, in parts if it is large: every second register, or every fourth, and so on.
template <size_t kSize, class Source>
MAXMARGIN_INLINE auto block_to_lanes(const Source& source) {
  using V = typename Source::V;
  using Merge = SumAndMax<Source::kHasMax>;
  constexpr size_t kRegisters = kSize / kCount<V>, kMost = kMostUnrolled / sizeof(V);
  if constexpr (kRegisters <= kMost) {
    return folded_to_lanes<Merge, Element<V>>(folded_block<kCount<V>, kSize>(source));
  } else {
    constexpr size_t kParts = kRegisters / kMost, kSpan = kParts * kCount<V>;
    Block<Source, kSpan> parts;
    MAXMARGIN_NO_UNROLL
    for (size_t k = 0; k < kParts; ++k) parts.terms[k] = folded_block<kSpan, kSize>(source.from(k * kCount<V>));
    return folded_to_lanes<Merge, Element<V>>(folded<Merge, 0, kCount<V>, kSpan>(parts));
  }
}

MAXMARGIN_INLINE double sum_of(WideLanes lanes) {
  double d[kLanes];
  store(d, lanes);
  return ((d[0] + d[4]) + (d[2] + d[6])) + ((d[1] + d[5]) + (d[3] + d[7]));
}

template <class T>
MAXMARGIN_INLINE T max_of_two(T a, T b) {
  return a > b ? a : b;
}

template <class T>
MAXMARGIN_INLINE T max_of(Lanes<T> lanes) {
  T m[kLanes];
  store(m, lanes);
  return max_of_two(max_of_two(max_of_two(m[0], m[4]), max_of_two(m[2], m[6])),
                    max_of_two(max_of_two(m[1], m[5]), max_of_two(m[3], m[7])));
}
