// Loads two arrays and does nothing else.

constexpr size_t kPrefetchAhead = 2048;

template <Prefetch kPrefetch>
MAXMARGIN_INLINE void see(const char* from, Unit<float> (&seen)[4]) {
  constexpr size_t kUnitBytes = sizeof(Unit<float>);
  if constexpr (kPrefetch == Prefetch::software) {
    for (size_t k = 0; k < 4 * kUnitBytes; k += 64) MAXMARGIN_PREFETCH(from + kPrefetchAhead + k);
  }
  for (size_t k = 0; k < 4; ++k) {
    seen[k] = seen[k] | loaded<Unit<float>>(reinterpret_cast<const float*>(from + k * kUnitBytes));
  }
}

// Reads as many bytes of either array in each of its steps as the other's length asks for.
template <Prefetch kPrefetch>
static bool read_probe(const void* a, size_t a_bytes, const void* b, size_t b_bytes) {
  constexpr size_t kStep = 4 * sizeof(Unit<float>);
  const char* const arrays[] = {static_cast<const char*>(a), static_cast<const char*>(b)};
  const size_t steps[] = {a_bytes / kStep, b_bytes / kStep};
  const bool a_is_longer = a_bytes > b_bytes;
  const char* longer = arrays[a_is_longer ? 0 : 1];
  const char* shorter = arrays[a_is_longer ? 1 : 0];
  const size_t longer_steps = steps[a_is_longer ? 0 : 1];
  const size_t shorter_steps = steps[a_is_longer ? 1 : 0];

  Unit<float> seen[4];
  for (Unit<float>& unit : seen) unit = constant<Unit<float>>(0.0);
  size_t due = 0;
  for (size_t i = 0; i < longer_steps; ++i, longer += kStep) {
    see<kPrefetch>(longer, seen);
    due += shorter_steps;
    if (due < longer_steps) continue;
    due -= longer_steps;
    see<kPrefetch>(shorter, seen);
    shorter += kStep;
  }
  return !are_valid((seen[0] | seen[1]) | (seen[2] | seen[3]));
}
