// Evaluates rows of more than a chunk of values: several threads share the chunks of each.
#pragma once

#include <cstddef>
#include <vector>

#include "engine/chunk_pass.h"
#include "engine/sinks.h"

namespace maxmargin {

template <class Sink>
class LongRowPass {
 public:
  LongRowPass(Evaluation* evaluation, Sink* sink)
      : evaluation_(*evaluation),
        batch_(evaluation->batch),
        sink_(*sink),
        chunks_(evaluation, Sink::kWritesGradient),
        weights_(evaluation->sources, evaluation->set, evaluation->batch.compute) {}

  void run() {
    const std::vector<ChunkSum> sums = sum_chunks();
    const size_t chunks = values_of(0).chunks();
    for (size_t i = 0; i < batch_.rows && evaluation_.is_valid(); ++i) {
      finish_row(batch_.first_row + i, merged(&sums[i * chunks], chunks));
    }
    sink_.end();
  }

 private:
  Range values_of(size_t row) const { return {row * batch_.width, batch_.width}; }

  std::vector<ChunkSum> sum_chunks() {
    const size_t chunks = values_of(0).chunks();
    std::vector<ChunkSum> sums(batch_.rows * chunks);
    parallel(sums.size(), evaluation_.threads, evaluation_.nanoseconds(batch_.size()), [&](size_t i, size_t worker) {
      if (evaluation_.is_valid()) sums[i] = sum_chunk(batch_.first_row + i / chunks, i % chunks, worker);
    });
    return sums;
  }

  ChunkSum sum_chunk(size_t row, size_t chunk, size_t worker) {
    const Range values = values_of(row).chunk(chunk);
    if constexpr (Sink::kWritesGradient) {
      if (!needs_whole_row()) {
        RowWeights weights(evaluation_.sources, evaluation_.set, batch_.compute);
        weights.read(row, 1);
        return chunks_.sum(values, worker, [&](size_t index, const Tile& tile) {
          sink_.gradient().write(index, tile, {weights.values(), weights.ignored(), {}, nullptr}, worker);
        });
      }
    }
    return chunks_.sum(values, worker, [](size_t, const Tile&) {});
  }

  // Whether derivatives depend on the row's maximum, or on each other.
  bool needs_whole_row() const {
    return evaluation_.has_max() || evaluation_.reader.substitute() == Substitute::differences;
  }

  static ChunkSum merged(const ChunkSum* chunks, size_t count) {
    ExactSum sum;
    ChunkSum row;
    for (size_t i = 0; i < count; ++i) {
      sum.add(chunks[i].sum);
      row.max = std::max(row.max, chunks[i].max);
    }
    row.sum = sum.value();
    return row;
  }

  void finish_row(size_t row, const ChunkSum& sum) {
    double losses[kLanes] = {
        evaluation_.loss.row_loss(sum.sum, sum.max, static_cast<double>(batch_.width), batch_.parameters)};
    weights_.read(row, 1);
    evaluation_.check(weights_.are_labels_valid());
    if constexpr (Sink::kWritesGradient) {
      if (evaluation_.has_max()) write_gradient(row, sum);
      else if (needs_whole_row()) write_gradient_of_differences(row);
    }
    if (weights_.exist()) weights_.apply(losses);
    typename Sink::Group group;
    sink_.take({row, 1, losses, weights_}, &group);
    sink_.end_group(group, 0);
  }

  // One pass counts the values that are equal to the row's maximum, another one writes the derivatives.
  void write_gradient(size_t row, const ChunkSum& sum) {
    double sums[kLanes] = {sum.sum}, maxes[kLanes] = {sum.max}, ties[kLanes] = {};
    std::vector<double> counts(values_of(row).chunks());
    each_tile(row, [&](size_t chunk, size_t, const Tile& tile, size_t) {
      double count;
      evaluation_.kernel().count_ties(tile, maxes, &count);
      counts[chunk] += count;
    });
    for (const double count : counts) ties[0] += count;
    each_tile(row, [&](size_t, size_t index, const Tile& tile, size_t worker) {
      sink_.gradient().write(index, tile, {weights_.values(), weights_.ignored(), {sums, maxes}, ties}, worker);
    });
  }

  // The derivative with respect to the prediction for the row's class comes last.
  void write_gradient_of_differences(size_t row) {
    std::vector<LaneSum> sums(values_of(row).chunks());
    each_tile(row, [&](size_t chunk, size_t index, const Tile& tile, size_t worker) {
      const void* derivatives =
          sink_.gradient().write(index, tile, {weights_.values(), weights_.ignored(), {}, nullptr}, worker);
      if (evaluation_.is_wide()) sums[chunk].add(evaluation_.set, static_cast<const double*>(derivatives), tile.width);
      else sums[chunk].add(evaluation_.set, static_cast<const float*>(derivatives), tile.width);
    });
    ExactSum sum;
    for (const LaneSum& chunk : sums) sum.add(chunk.value());
    int32_t id;
    evaluation_.classes.read(row, 1, &id);
    if (id != kIgnored) sink_.gradient().write_one(values_of(row).index + id, derivative_of_class(sum.value()));
  }

  // Calls use(chunk, index, tile, worker) for each tile of a row, in parallel.
  template <class Use>
  void each_tile(size_t row, Use use) {
    const Range values = values_of(row);
    parallel(values.chunks(), evaluation_.threads, evaluation_.nanoseconds(values.n), [&](size_t chunk, size_t worker) {
      chunks_.each_tile(values.chunk(chunk), worker, [&](size_t index, const Tile& tile) {
        use(chunk, index, tile, worker);
      });
    });
  }

  Evaluation& evaluation_;
  const Batch& batch_;
  Sink& sink_;
  ChunkPass chunks_;
  // The weights of the row that is being finished.
  RowWeights weights_;
};

}  // namespace maxmargin
