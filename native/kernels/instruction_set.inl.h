// Everything that is written once and compiled for each instruction set, and the table of its instances.
// Included where registers and their operations are known.
#include "losses.inl.h"
#include "values.inl.h"
#include "blocks.inl.h"
#include "rows.inl.h"
#include "slopes.inl.h"
#include "probe.inl.h"

// Labels and predictions that only chunks read in place.
template <class L, bool kBinary, class T, class Y, class P>
constexpr Kernel chunk_kernel() {
  Kernel kernel{};
  kernel.add = add<L, kBinary, T, Y, P>;
  return kernel;
}

template <class L, class T>
constexpr Kernel kernel() {
  Kernel kernel = chunk_kernel<L, false, T, T, T>();
  kernel.rows = rows<L, T>;
  kernel.slopes = slopes<L, T>;
  if constexpr (L::Row::kHasMax) kernel.ties = ties<L, T>;
  if constexpr (sizeof(T) < sizeof(double)) kernel.terms = write_terms<L>;
  return kernel;
}

template <class L, bool kBinary>
constexpr void set_layouts(Kernel (&kernels)[kLayouts][kLabelReadings], LabelReading reading) {
  const auto at = [&](Layout layout) -> Kernel& {
    return kernels[static_cast<int>(layout)][static_cast<int>(reading)];
  };
  if constexpr (kBinary) {
    at(Layout::float32) = chunk_kernel<L, true, float, float, float>();
    at(Layout::float64) = chunk_kernel<L, true, double, double, double>();
  } else {
    at(Layout::float32) = kernel<L, float>();
    at(Layout::float64) = kernel<L, double>();
  }
  // What is left out is converted, as code has its price too: a loss with a max has no chunks but in rows longer than
  // one, bools are 0/1 always, 16 bits nearly never.
  if constexpr (!kIsCompact && !L::Row::kHasMax) {
    at(Layout::int8_labels) = chunk_kernel<L, kBinary, float, int8_t, float>();
    if constexpr (kBinary) at(Layout::bool_labels) = chunk_kernel<L, true, float, Bool8, float>();
  }
  if constexpr (!kIsCompact && !kBinary && std::is_same_v<L, Hinge>) {
    at(Layout::float16) = chunk_kernel<L, false, float, Half, Half>();
    at(Layout::bfloat16) = chunk_kernel<L, false, float, BFloat16, BFloat16>();
  }
}

template <class L>
constexpr void set_loss(InstructionSet& set) {
  constexpr int kLoss = static_cast<int>(L::kLoss);
  auto& kernels = set.kernels[kLoss];
  set_layouts<L, false>(kernels, LabelReading::as_is);
  if constexpr (L::kSignedLabels && !kIsCompact) set_layouts<L, true>(kernels, LabelReading::binary);
  set.row_loss[kLoss] = row_loss<typename L::Row>;
  set.row_factors[kLoss] = row_factors<typename L::Row>;
}

// What is of a dtype already need not be rounded to it.
template <class Own, class Rounding>
using RoundingUnless = std::conditional_t<std::is_same_v<Own, Rounding>, Unrounded, Rounding>;

// kConverts is a parameter for clang: it instantiates a call that depends on none even where it is discarded.
template <bool kConverts, class T, class Rounding>
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

template <bool kConverts = !kIsCompact>
constexpr InstructionSet instruction_set(const char* name, bool (*supported)()) {
  InstructionSet set{};
  set.name = name;
  set.supported = supported;
  set_loss<Hinge>(set);
  set_loss<SquaredHinge>(set);
  set_loss<CategoricalHinge>(set);
  if constexpr (kConverts) {
    set_convert<kConverts, float, AsHalf>(set, Dtype::float16);
    set_convert<kConverts, float, AsBFloat16>(set, Dtype::bfloat16);
    set_convert<kConverts, float, Unrounded>(set, Dtype::float32);
    set_convert<kConverts, double, Unrounded>(set, Dtype::float64);
  }
  set.sign_labels[0] = sign_labels<float>;
  set.sign_labels[1] = sign_labels<double>;
  set.check_mask = check_mask;
  set.multiply = multiply;
  set.add_to_lanes = add_to_lanes;
  set.narrow = narrow_losses;
  set.stream = stream;
  set.read_probe[static_cast<int>(Prefetch::none)] = read_probe<Prefetch::none>;
  set.read_probe[static_cast<int>(Prefetch::software)] = read_probe<Prefetch::software>;
  return set;
}
