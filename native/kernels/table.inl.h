// Everything that is compiled for each instruction set, and the table of its instances.
#include "losses/elementwise.inl.h"
#include "losses/class_max.inl.h"
#include "losses/class_sum.inl.h"
#include "kernels/convert.inl.h"
#include "kernels/fold.inl.h"
#include "kernels/chunk_sum.inl.h"
#include "kernels/eight_rows.inl.h"
#include "kernels/columns.inl.h"
#include "kernels/transpose.inl.h"
#include "kernels/rows.inl.h"
#include "kernels/written.inl.h"
#include "kernels/gradient.inl.h"
#include "kernels/converted.inl.h"
#include "kernels/class_scores.inl.h"
#include "kernels/class_gradient.inl.h"

// The C++ type of a dtype's values.
template <Dtype>
struct TypeOf;
template <>
struct TypeOf<Dtype::boolean> {
  using Type = Bool8;
};
template <>
struct TypeOf<Dtype::int8> {
  using Type = int8_t;
};
template <>
struct TypeOf<Dtype::uint8> {
  using Type = uint8_t;
};
template <>
struct TypeOf<Dtype::float16> {
  using Type = Half;
};
template <>
struct TypeOf<Dtype::bfloat16> {
  using Type = BFloat16;
};
template <>
struct TypeOf<Dtype::float32> {
  using Type = float;
};
template <>
struct TypeOf<Dtype::float64> {
  using Type = double;
};
template <Dtype kDtype>
using ValueOf = typename TypeOf<kDtype>::Type;

template <class In>
constexpr Kernel kernel() {
  Kernel kernel{};
  kernel.add = add<In>;
  kernel.row_losses = row_losses<In>;
  if constexpr (In::kIsConverted) {
    kernel.gradient = gradient<In>;
  } else {
    kernel.gradient = converted_gradient<In>;
  }
  if constexpr (In::kIsFloat) kernel.add_widened = add_widened<In>;
  if constexpr (In::kIsFloat && !In::kHasMax) kernel.single_losses = write_terms<In>;
  if constexpr (In::kHasMax) kernel.count_ties = count_ties<In>;
  return kernel;
}

// A kernel that reads class ids.
template <class L, class T>
constexpr Kernel class_kernel() {
  Kernel kernel{};
  kernel.add = add_scores<L, T>;
  kernel.row_losses = class_losses<L, T>;
  kernel.count_ties = count_class_ties<L, T>;
  kernel.gradient = class_gradient<L, T>;
  return kernel;
}

constexpr bool has_16_bits(Dtype dtype) { return dtype == Dtype::float16 || dtype == Dtype::bfloat16; }

// Whether kernels read a layout in place. Code has its price too: labels that are unsigned are nearly always 0 and 1, labels
// of 16 bits nearly never.
template <class L>
constexpr bool is_worth_a_kernel(LabelEncoding encoding, const LayoutDtypes& layout) {
  const bool is_binary = encoding == LabelEncoding::binary;
  if (encoding == LabelEncoding::class_ids) {
    return L::kFamily == Family::class_max && layout.labels == layout.computed;
  }
  if (std::is_same_v<L, CrammerSinger>) return false;
  if (is_binary && L::kFamily != Family::elementwise) return false;
  if (layout.labels == layout.computed) return true;
  if (kSavesCode || !L::kHasNarrowLayouts) return false;
  return is_binary ? !has_16_bits(layout.labels) : layout.labels == Dtype::int8 || has_16_bits(layout.labels);
}

template <class L, LabelEncoding kEncoding, size_t kLayout>
constexpr void set_kernel(LossKernels& loss) {
  constexpr LayoutDtypes kThis = kLayoutDtypes[kLayout];
  Kernel& own = loss.kernels[kLayout][static_cast<size_t>(kEncoding)];
  if constexpr (!is_worth_a_kernel<L>(kEncoding, kThis)) {
    own = {};
  } else if constexpr (kEncoding == LabelEncoding::class_ids) {
    own = class_kernel<L, ValueOf<kThis.computed>>();
  } else {
    // Among bytes, 0 and 1 are the same with a sign and without.
    constexpr bool kIsSigned = kEncoding == LabelEncoding::binary && kThis.labels == Dtype::uint8;
    using Y = ValueOf<kIsSigned ? Dtype::int8 : kThis.labels>;
    using In = Inputs<L, kEncoding, ValueOf<kThis.computed>, Y, ValueOf<kThis.predictions>>;
    own = kernel<In>();
  }
}

template <class L, size_t... kLayout>
constexpr LossKernels loss_kernels(std::index_sequence<kLayout...>) {
  LossKernels loss{};
  loss.family = L::kFamily;
  if constexpr (L::kFamily == Family::class_sum) {
    loss.terms = L::kTerms;
    loss.squared_terms = L::kSquaredTerms;
  } else {
    loss.row_loss = row_loss<L>;
    loss.row_factors = row_factors<L>;
    (set_kernel<L, LabelEncoding::unchanged, kLayout>(loss), ...);
    (set_kernel<L, LabelEncoding::binary, kLayout>(loss), ...);
    (set_kernel<L, LabelEncoding::class_ids, kLayout>(loss), ...);
  }
  return loss;
}

// Values that already have a dtype are not rounded to it.
template <class Own, class Rounding>
using RoundingUnless = std::conditional_t<std::is_same_v<Own, Rounding>, Unrounded, Rounding>;

template <class T, class Rounding>
constexpr void set_convert(InstructionSet& set, Dtype as) {
  constexpr bool kIsExact = std::is_same_v<Rounding, Unrounded>;
  const auto from = [&](Dtype dtype) -> Convert& {
    return set.convert[static_cast<int>(dtype)][float_index(as)];
  };
  from(Dtype::boolean) = convert<T, Bool8, Unrounded>;
  from(Dtype::int8) = convert<T, int8_t, Unrounded>;
  from(Dtype::uint8) = convert<T, uint8_t, Unrounded>;
  from(Dtype::float16) = convert<T, Half, RoundingUnless<ToHalf, Rounding>>;
  from(Dtype::bfloat16) = convert<T, BFloat16, RoundingUnless<ToBFloat16, Rounding>>;
  from(Dtype::float32) = convert<T, float, Rounding>;
  if constexpr (kIsExact) {
    from(Dtype::int32) = convert<T, int32_t, Rounding>;
    from(Dtype::int64) = convert<T, int64_t, Rounding>;
    // To 16 bits by way of float32 would round twice.
    from(Dtype::float64) = convert<T, double, Rounding>;
  }
}

constexpr InstructionSet instruction_set(const char* name, bool (*supported)()) {
  InstructionSet set{};
  set.name = name;
  set.supported = supported;
#define MAXMARGIN_LOSS(Struct, name) \
  set.losses[static_cast<size_t>(Loss::Struct)] = loss_kernels<Struct>(std::make_index_sequence<kLayouts>());
#include "losses/list.inc"
#undef MAXMARGIN_LOSS
  set_convert<float, ToHalf>(set, Dtype::float16);
  set_convert<float, ToBFloat16>(set, Dtype::bfloat16);
  set_convert<float, Unrounded>(set, Dtype::float32);
  set_convert<double, Unrounded>(set, Dtype::float64);
  set.transpose_4_bytes = transpose<float>;
  set.transpose_8_bytes = transpose<double>;
  set.check_mask = check_mask;
  set.multiply = multiply;
  set.add_to_lanes = add_to_lanes;
  set.add_values[0] = add_values<float>;
  set.add_values[1] = add_values<double>;
  set.narrow = narrow_losses;
  set.stream = stream;
  set.negate[0] = negate<float>;
  set.negate[1] = negate<double>;
  set.subtract_rows[0] = subtract_rows<float>;
  set.subtract_rows[1] = subtract_rows<double>;
  return set;
}
