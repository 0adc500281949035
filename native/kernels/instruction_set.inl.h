// Everything that is written once and compiled for each instruction set, and the table of its instances.
// Included where registers and their operations are known.
#include "losses.inl.h"
#include "values.inl.h"
#include "blocks.inl.h"
#include "rows.inl.h"
#include "slopes.inl.h"
#include "probe.inl.h"

// Pairs of dtypes that only chunks read in place.
template <class L, bool kBinary, class Y, class P>
constexpr Kernel chunk_kernel() {
  Kernel kernel{};
  kernel.add = add<L, kBinary, float, Y, P>;
  kernel.add_widened = add_widened<L, kBinary, Y, P>;
  return kernel;
}

template <class L, bool kBinary, class T>
constexpr Kernel kernel() {
  Kernel kernel{};
  kernel.add = add<L, kBinary, T, T, T>;
  kernel.rows = rows<L, kBinary, T, T, T>;
  kernel.slopes = slopes<L, kBinary, T>;
  if constexpr (L::Row::kHasMax) kernel.ties = ties<L, T>;
  if constexpr (sizeof(T) < sizeof(double)) {
    kernel.terms = write_terms<L, kBinary, T, T>;
    kernel.add_widened = add_widened<L, kBinary, T, T>;
  }
  return kernel;
}

// A loss that takes labels as they are has the same kernel for both readings.
template <class L, bool kBinary, bool kAllLayouts>
constexpr void set_layouts(Kernel (&kernels)[kLayouts][kLabelReadings], LabelReading reading) {
  const auto at = [&](Layout layout) -> Kernel& {
    return kernels[static_cast<int>(layout)][static_cast<int>(reading)];
  };
  at(Layout::float32) = kernel<L, kBinary, float>();
  at(Layout::float64) = kernel<L, kBinary, double>();
  if constexpr (kAllLayouts) {
    at(Layout::int8_labels) = chunk_kernel<L, kBinary, int8_t, float>();
    at(Layout::bool_labels) = chunk_kernel<L, kBinary, Bool8, float>();
    at(Layout::float16) = chunk_kernel<L, kBinary, Half, Half>();
    at(Layout::bfloat16) = chunk_kernel<L, kBinary, BFloat16, BFloat16>();
  }
}

template <class L, bool kAllLayouts>
constexpr void set_loss(InstructionSet& set, Loss loss) {
  auto& kernels = set.kernels[static_cast<int>(loss)];
  set_layouts<L, false, kAllLayouts>(kernels, LabelReading::as_is);
  set_layouts<L, L::kSignedLabels, kAllLayouts>(kernels, LabelReading::binary);
  set.row_loss[static_cast<int>(loss)] = row_loss<typename L::Row>;
  set.row_factors[static_cast<int>(loss)] = row_factors<typename L::Row>;
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
  from(Dtype::int32) = convert<T, int32_t, Rounding>;
  from(Dtype::int64) = convert<T, int64_t, Rounding>;
  from(Dtype::float16) = convert<T, Half, RoundingUnless<AsHalf, Rounding>>;
  from(Dtype::bfloat16) = convert<T, BFloat16, RoundingUnless<AsBFloat16, Rounding>>;
  from(Dtype::float32) = convert<T, float, Rounding>;
  // From float64 to 16 bits by way of float32 would round twice.
  if constexpr (kIsExact) from(Dtype::float64) = convert<T, double, Rounding>;
}

template <bool kAllLayouts>
constexpr InstructionSet instruction_set(const char* name, bool (*supported)()) {
  InstructionSet set{};
  set.name = name;
  set.supported = supported;
  set_loss<Hinge, kAllLayouts>(set, Loss::hinge);
  set_loss<SquaredHinge, kAllLayouts>(set, Loss::squared_hinge);
  set_loss<CategoricalHinge, kAllLayouts>(set, Loss::categorical_hinge);
  if constexpr (kAllLayouts) {
    set_convert<float, AsHalf>(set, Dtype::float16);
    set_convert<float, AsBFloat16>(set, Dtype::bfloat16);
    set_convert<float, Unrounded>(set, Dtype::float32);
    set_convert<double, Unrounded>(set, Dtype::float64);
  }
  set.multiply = multiply;
  set.add_to_lanes = add_to_lanes;
  set.narrow = narrow_losses;
  set.stream = stream;
  set.read_probe[static_cast<int>(Prefetch::none)] = read_probe<Prefetch::none>;
  set.read_probe[static_cast<int>(Prefetch::software)] = read_probe<Prefetch::software>;
  return set;
}
