#include "reduce.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "thread_pool.h"

namespace maxmargin {
namespace {

// What is summed on its own before it is merged with the rest, in the order of the values: fixed, so
// that the result depends on the length alone.
constexpr size_t kChunk = 128 * kBlock;
// Rows whose losses are held at once.
constexpr size_t kRowTile = 512;
// Below this many values a second thread costs more than it saves.
constexpr size_t kValuesPerThread = 32 * 1024;

size_t divided_up(size_t n, size_t by) { return n / by + (n % by != 0); }

size_t size_of(LabelType type) { return type == LabelType::float32 ? sizeof(float) : 1; }

const void* labels_at(const Batch& batch, size_t i) {
  return static_cast<const char*>(batch.labels) + i * size_of(batch.label_type);
}

size_t useful_threads(const Batch& batch, const Machine& machine) {
  const size_t useful = batch.rows * batch.width / kValuesPerThread;
  return std::max<size_t>(1, std::min(machine.threads, useful));
}

template <class Function>
void parallel(size_t count, size_t threads, Function function) {
  run_parallel(
      count, threads, [](void* context, size_t i) { (*static_cast<Function*>(context))(i); },
      &function);
}

template <class Label>
bool all_binary(const void* labels, size_t n) {
  const Label* label = static_cast<const Label*>(labels);
  return std::all_of(label, label + n, [](Label y) { return y == Label(0) || y == Label(1); });
}

// Both ends nearly always tell, even where the labels are sorted; the kernels check the rest.
bool looks_binary(const Batch& batch) {
  const size_t n = batch.rows * batch.width;
  const size_t sample = std::min(n, kBlock);
  for (const void* labels : {batch.labels, labels_at(batch, n - sample)}) {
    switch (batch.label_type) {
      case LabelType::float32:
        if (!all_binary<float>(labels, sample)) return false;
        break;
      case LabelType::int8:
        if (!all_binary<int8_t>(labels, sample)) return false;
        break;
      case LabelType::uint8:
        if (!all_binary<uint8_t>(labels, sample)) return false;
        break;
      case LabelType::boolean:
        return true;
    }
  }
  return true;
}

// Calls pass(kernel, pure) for the speculation and, where that was wrong, once more; `pure` becomes
// false where a label was not what the kernel took it for.
template <class Pass>
void speculate(const Batch& batch, const Machine& machine, Pass pass) {
  const auto& kernels =
      machine.set->kernels[static_cast<int>(batch.loss)][static_cast<int>(batch.label_type)];
  std::atomic<bool> pure{true};
  if (batch.may_be_binary && looks_binary(batch)) {
    pass(kernels[static_cast<int>(LabelReading::binary)], pure);
    if (pure.load(std::memory_order_relaxed)) return;
  }
  pure.store(true, std::memory_order_relaxed);
  pass(kernels[static_cast<int>(LabelReading::as_is)], pure);
}

struct Merged {
  Partial partial{0.0, -std::numeric_limits<double>::infinity()};

  void add(const Partial& next) {
    partial.sum += next.sum;
    partial.max = std::max(partial.max, next.max);
  }
};

// Sums the chunks of each row, in parallel, and calls use(row, partial) for each row in order.
template <class Use>
void merge_chunks(const Batch& batch, const Machine& machine, const Kernel& kernel,
                  std::atomic<bool>& pure, Use use) {
  const size_t chunks = divided_up(batch.width, kChunk);
  if (batch.rows * chunks == 1) {  // as below, without what a small batch would wait for
    Merged merged;
    Partial all;
    if (!kernel.chunk(batch.labels, batch.predictions, batch.width, &all)) pure = false;
    merged.add(all);
    return use(0, merged.partial);
  }
  std::vector<Partial> partials(batch.rows * chunks);
  parallel(partials.size(), useful_threads(batch, machine), [&](size_t i) {
    if (!pure.load(std::memory_order_relaxed)) return;
    const size_t begin = i % chunks * kChunk;
    const size_t start = i / chunks * batch.width + begin;
    const size_t n = std::min(kChunk, batch.width - begin);
    if (!kernel.chunk(labels_at(batch, start), batch.predictions + start, n, &partials[i])) {
      pure.store(false, std::memory_order_relaxed);
    }
  });
  for (size_t row = 0; row < batch.rows; ++row) {
    Merged merged;
    for (size_t i = 0; i < chunks; ++i) merged.add(partials[row * chunks + i]);
    use(row, merged.partial);
  }
}

// Groups of whole rows that make up about a chunk each.
struct RowGroups {
  size_t rows, count;

  explicit RowGroups(const Batch& batch)
      : rows(std::max<size_t>(1, kChunk / batch.width)), count(divided_up(batch.rows, rows)) {}
};

// Computes the losses of a group of rows, tile by tile, and calls use(first row, losses, count).
template <class Use>
bool each_tile(const Batch& batch, const Kernel& kernel, size_t begin, size_t end, Use use) {
  double losses[kRowTile];
  bool pure = true;
  for (size_t row = begin; row < end; row += kRowTile) {
    const size_t start = row * batch.width;
    const size_t count = std::min(kRowTile, end - row);
    pure &= kernel.rows(labels_at(batch, start), batch.predictions + start, count, batch.width,
                        losses);
    use(row, losses, count);
  }
  return pure;
}

double sum_by_lanes(const Batch& batch, const Kernel& kernel, size_t begin, size_t end) {
  double d[kLanes] = {};
  each_tile(batch, kernel, begin, end, [&](size_t, const double* losses, size_t count) {
    for (size_t i = 0; i < count; ++i) d[i % kLanes] += losses[i];
  });
  return ((d[0] + d[4]) + (d[2] + d[6])) + ((d[1] + d[5]) + (d[3] + d[7]));
}

// NaNs have many bits, results have those of one.
template <class Real>
Real rounded(double loss) {
  return std::isnan(loss) ? std::numeric_limits<Real>::quiet_NaN() : static_cast<Real>(loss);
}

bool is_sum_of_terms(const Kernel& kernel) { return kernel.terms != nullptr; }

template <class Real>
void write_row_losses(const Batch& batch, const Machine& machine, Real* losses) {
  constexpr bool kFloats = std::is_same_v<Real, float>;
  speculate(batch, machine, [&](const Kernel& kernel, std::atomic<bool>& pure) {
    if (batch.width > kChunk) {
      merge_chunks(batch, machine, kernel, pure, [&](size_t row, const Partial& partial) {
        losses[row] = rounded<Real>(kernel.row_loss(partial, batch.width));
      });
      return;
    }
    const RowGroups groups(batch);
    parallel(groups.count, useful_threads(batch, machine), [&](size_t i) {
      if (!pure.load(std::memory_order_relaxed)) return;
      const size_t begin = i * groups.rows;
      const size_t end = std::min(begin + groups.rows, batch.rows);
      bool group_pure;
      if (kFloats && batch.width == 1 && is_sum_of_terms(kernel)) {
        group_pure = kernel.terms(labels_at(batch, begin), batch.predictions + begin, end - begin,
                                  reinterpret_cast<float*>(losses + begin));
      } else {
        group_pure = each_tile(batch, kernel, begin, end,
                               [&](size_t row, const double* tile, size_t count) {
                                 std::transform(tile, tile + count, losses + row, rounded<Real>);
                               });
      }
      if (!group_pure) pure.store(false, std::memory_order_relaxed);
    });
  });
}

}  // namespace

double total(const Batch& batch, const Machine& machine) {
  double sum = 0.0;
  speculate(batch, machine, [&](const Kernel& kernel, std::atomic<bool>& pure) {
    sum = 0.0;
    if (is_sum_of_terms(kernel)) {
      Batch flat = batch;
      flat.width = batch.rows * batch.width;
      flat.rows = 1;
      merge_chunks(flat, machine, kernel, pure, [&](size_t, const Partial& all) { sum = all.sum; });
    } else if (batch.width > kChunk) {
      merge_chunks(batch, machine, kernel, pure, [&](size_t, const Partial& row) {
        sum += kernel.row_loss(row, batch.width);
      });
    } else {
      const RowGroups groups(batch);
      std::vector<double> sums(groups.count);
      parallel(groups.count, useful_threads(batch, machine), [&](size_t i) {
        const size_t begin = i * groups.rows;
        sums[i] = sum_by_lanes(batch, kernel, begin, std::min(begin + groups.rows, batch.rows));
      });
      for (const double group : sums) sum += group;
    }
  });
  return sum;
}

void row_losses(const Batch& batch, const Machine& machine, float* losses) {
  write_row_losses(batch, machine, losses);
}

void row_losses(const Batch& batch, const Machine& machine, double* losses) {
  write_row_losses(batch, machine, losses);
}

double read_probe(const float* a, const float* b, size_t n, const Machine& machine) {
  const size_t share = divided_up(divided_up(n, machine.threads), kBlock) * kBlock;
  std::atomic<bool> seen{false};
  parallel(machine.threads, machine.threads, [&](size_t i) {
    const size_t begin = std::min(n, i * share);
    if (machine.set->read_probe(a + begin, b + begin, std::min(n - begin, share)) != 0.0f) seen = true;
  });
  return seen ? 1.0 : 0.0;
}

}  // namespace maxmargin
