// Terms whose sums may have overflowed in float32: widened to double before the first addition.

template <class L>
static void add_widened_of(const float* labels, const float* predictions, size_t n, Sums* sums) {
  using Values = Computed<L, false, Lanes<float>, float, float>;
  WideLanes sum = loaded<WideLanes>(sums->lanes);
  for (size_t i = 0; i < n; i += kLanes) {
    const size_t count = n - i < kLanes ? n - i : kLanes;
    Padded<float, kLanes> last_labels, last_predictions;
    const Values values{last_labels.from(labels + i, count, count),
                        last_predictions.from(predictions + i, count, count), nullptr};
    sum = sum + widen(FilledUp<typename L::Row, 0, Values>{values, static_cast<int>(count)}.at(0).sum);
  }
  store(sums->lanes, sum);
}
