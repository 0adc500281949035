// Everything that is written once and compiled for each instruction set, and the table of its instances.
// Included where registers and their operations are known.
#include "losses.inl.h"
#include "values.inl.h"
#include "blocks.inl.h"
#include "rows.inl.h"
#include "slopes.inl.h"
#include "probe.inl.h"

// The C++ type of a dtype's values.
template <Dtype>
struct ValueOf;
template <>
struct ValueOf<Dtype::boolean> {
  using Type = Bool8;
};
template <>
struct ValueOf<Dtype::int8> {
  using Type = int8_t;
};
template <>
struct ValueOf<Dtype::uint8> {
  using Type = uint8_t;
};
template <>
struct ValueOf<Dtype::float16> {
  using Type = Half;
};
template <>
struct ValueOf<Dtype::bfloat16> {
  using Type = BFloat16;
};
template <>
struct ValueOf<Dtype::float32> {
  using Type = float;
};
template <>
struct ValueOf<Dtype::float64> {
  using Type = double;
};

template <class In>
constexpr Kernel kernel() {
  constexpr bool kIsFloat = sizeof(typename In::T) == sizeof(float);
  Kernel kernel{};
  kernel.add = add<In>;
  if constexpr (kIsFloat) kernel.add_widened = add_widened<In>;
  kernel.row_losses = row_losses<In>;
  if constexpr (kIsFloat && In::Row::kFamily == Family::elementwise) kernel.single_losses = single_losses<In>;
  if constexpr (In::Row::kHasMax) kernel.count_ties = count_ties<In>;
  kernel.gradient = gradient<In>;
  return kernel;
}

template <class L, LabelEncoding kEncoding, size_t kLayout>
constexpr void set_layout(LossKernels& loss) {
  constexpr LayoutDtypes kDtypesHere = kLayoutDtypes[kLayout];
  constexpr bool kIsBinary = kEncoding == LabelEncoding::binary;
  // What is left out is converted, as code has its price too: bools and unsigned bytes are 0/1 always for a loss of
  // signed labels, 16 bits never.
  constexpr bool kIsUnsigned = kDtypesHere.labels == Dtype::uint8 || kDtypesHere.labels == Dtype::boolean;
  constexpr bool kIs16Bits = kDtypesHere.predictions == Dtype::float16 || kDtypesHere.predictions == Dtype::bfloat16;
  if constexpr (!(kIsBinary ? kIs16Bits : L::kSignedLabels && kIsUnsigned)) {
    using T = typename ValueOf<kDtypesHere.computed>::Type;
    using Y = typename ValueOf<kDtypesHere.labels>::Type;
    using P = typename ValueOf<kDtypesHere.predictions>::Type;
    loss.kernels[kLayout][static_cast<int>(kEncoding)] = kernel<Inputs<L, kEncoding, T, Y, P>>();
  }
}

template <class L, LabelEncoding kEncoding, size_t kLayout = 0>
constexpr void set_layouts(LossKernels& loss) {
  if constexpr (kLayout < kLayouts) {
    set_layout<L, kEncoding, kLayout>(loss);
    set_layouts<L, kEncoding, kLayout + 1>(loss);
  }
}

template <class L>
constexpr void set_loss(LossKernels& loss) {
  set_layouts<L, LabelEncoding::unchanged>(loss);
  if constexpr (L::kSignedLabels) set_layouts<L, LabelEncoding::binary>(loss);
  loss.family = L::Row::kFamily;
  loss.row_loss = row_loss<typename L::Row>;
  loss.row_factors = row_factors<typename L::Row>;
}

// What is of a dtype already need not be rounded to it.
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
  from(Dtype::float16) = convert<T, Half, RoundingUnless<AsHalf, Rounding>>;
  from(Dtype::bfloat16) = convert<T, BFloat16, RoundingUnless<AsBFloat16, Rounding>>;
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
#define MAXMARGIN_LOSS(Struct, name) set_loss<Struct>(set.losses[static_cast<int>(Loss::Struct)]);
#include "../losses/list.inc"
#undef MAXMARGIN_LOSS
  set_convert<float, AsHalf>(set, Dtype::float16);
  set_convert<float, AsBFloat16>(set, Dtype::bfloat16);
  set_convert<float, Unrounded>(set, Dtype::float32);
  set_convert<double, Unrounded>(set, Dtype::float64);
  set.check_mask = check_mask;
  set.multiply = multiply;
  set.add_to_lanes = add_to_lanes;
  set.narrow = narrow_losses;
  set.stream = stream;
  set.read_probe[static_cast<int>(Prefetch::none)] = read_probe<Prefetch::none>;
  set.read_probe[static_cast<int>(Prefetch::software)] = read_probe<Prefetch::software>;
  return set;
}
