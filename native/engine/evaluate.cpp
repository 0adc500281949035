#include "engine/evaluate.h"

#include <atomic>

#include "engine/chunk_pass.h"
#include "engine/long_row_pass.h"
#include "engine/row_pass.h"

namespace maxmargin {
namespace {

constexpr double kOnes[kLanes] = {1, 1, 1, 1, 1, 1, 1, 1};

// Whether the sum of all losses is the sum of all terms, regardless of rows.
bool is_flat(const Evaluation& evaluation) {
  const Batch& batch = evaluation.batch;
  return evaluation.set.family_of(batch.loss) == Family::elementwise && !batch.is_weighted();
}

template <class Sink>
void evaluate_rows(Evaluation* evaluation, Sink* sink) {
  if (has_long_rows(evaluation->batch)) {
    LongRowPass<Sink>(evaluation, sink).run();
  } else {
    RowPass<Sink>(evaluation, sink).run();
  }
}

void sum(Evaluation* evaluation, Totals* totals) {
  if (is_flat(*evaluation)) {
    ChunkPass pass(evaluation, false);
    add_terms(evaluation, &pass, totals, [](size_t, const Tile&, size_t) {});
  } else {
    SumSink sink(evaluation, totals);
    evaluate_rows(evaluation, &sink);
  }
}

// Losses of rows of one value in float32 are terms.
void write_terms(Evaluation* evaluation, float* losses) {
  ChunkPass pass(evaluation, false);
  const Batch& batch = evaluation->batch;
  const Range values{batch.first_row, batch.rows};
  parallel(values.chunks(), evaluation->threads, evaluation->nanoseconds(values.n), [&](size_t i, size_t worker) {
    if (!evaluation->is_valid()) return;
    pass.each_tile(values.chunk(i), worker, [&](size_t index, const Tile& tile) {
      const Tile rows{tile.parameters, tile.labels, tile.predictions, tile.width, 1, tile.readable};
      evaluation->check(evaluation->kernel().single_losses(rows, losses + index));
    });
  });
}

void write_rows(Evaluation* evaluation, const Output& losses, Totals* totals) {
  if (is_flat(*evaluation) && evaluation->batch.width == 1 && losses.dtype == Dtype::float32) {
    return write_terms(evaluation, static_cast<float*>(losses.values));
  }
  LossSink sink(evaluation, losses, totals);
  evaluate_rows(evaluation, &sink);
}

// Derivatives are added in the order of their values, which one thread has.
Machine machine_for(const Request& request, const Machine& machine) {
  return {machine.set, request.gradient.strides == nullptr ? machine.threads : 1};
}

void write_gradient(Evaluation* evaluation, const Request& request, Totals* totals) {
  if (is_flat(*evaluation) && request.losses.values == nullptr) {
    ChunkPass pass(evaluation, true);
    GradientWriter writer(*evaluation, request.gradient, request.divisor, pass.tile_values());
    return add_terms(evaluation, &pass, totals, [&](size_t index, const Tile& tile, size_t worker) {
      writer.write(index, tile, {kOnes, nullptr, {}, nullptr}, worker);
    });
  }
  const size_t values = has_long_rows(request.batch) ? kChunk : values_at_once(*evaluation, true);
  GradientWriter writer(*evaluation, request.gradient, request.divisor, values);
  GradientSink sink({evaluation, totals}, {evaluation->set, request.losses}, &writer);
  evaluate_rows(evaluation, &sink);
}

// Evaluates with one reading of the labels. False if that turned out to be wrong.
bool attempt(const Request& request, const Machine& machine, LabelEncoding encoding, Result* result) {
  Evaluation evaluation(request.batch, machine_for(request, machine), encoding, request.operation);
  if (!evaluation.classes.decode(evaluation.threads)) return false;
  switch (request.operation) {
    case Operation::sum:
      sum(&evaluation, &result->totals);
      break;
    case Operation::rows:
      write_rows(&evaluation, request.losses, &result->totals);
      break;
    default:
      write_gradient(&evaluation, request, &result->totals);
  }
  result->was_binary = encoding == LabelEncoding::binary;
  return evaluation.is_valid();
}

// The encoding that kernels read. Elementwise losses get other values in place of class ids.
LabelEncoding encoding_of(const Batch& batch, const InstructionSet& set) {
  if (batch.reading == LabelReading::binary) return LabelEncoding::binary;
  const bool knows_ids = set.family_of(batch.loss) == Family::class_max;
  return batch.has_classes() && knows_ids ? LabelEncoding::class_ids : LabelEncoding::unchanged;
}

// Whether an attempt that turns out to be wrong leaves nothing behind. Derivatives that were added would stay.
bool can_retry(const Request& request) { return request.gradient.strides == nullptr; }

// Whether all labels are 0 or 1.
bool are_binary(Request request, const Machine& machine) {
  request.operation = Operation::sum;
  request.gradient = Output();
  Result result;
  return attempt(request, machine, LabelEncoding::binary, &result);
}

// False if a label is no class, where classes have weights.
bool sum_weights(const Batch& batch, const Machine& machine, Totals* totals) {
  ClassIds classes(batch, *machine.set);
  const RowSources sources(batch, classes);
  const int64_t alone = nanoseconds_for(batch.rows, 70);
  const size_t threads = useful_threads(batch, machine, alone, preparing_for_thread(Operation::weights));
  if (batch.weighs_classes() && !classes.decode(threads)) return false;
  std::atomic<bool> is_valid{true};
  WorkerTotals sums(totals, threads);
  const size_t rows = rows_of_group(batch);
  parallel(ceil_div(batch.rows, rows), threads, alone, [&](size_t i, size_t worker) {
    const size_t first = batch.first_row + i * rows;
    const size_t end = std::min(first + rows, batch.end_row());
    LaneTotals lanes;
    RowWeights weights(sources, *machine.set, batch.compute);
    for (size_t row = first; row < end; row += kRowTile) {
      weights.read(row, std::min(kRowTile, end - row));
      weights.add_to(lanes.weights, lanes.kept);
    }
    lanes.add_to(&sums.of(worker));
    if (!weights.are_labels_valid()) is_valid.store(false, std::memory_order_relaxed);
  });
  sums.merge();
  return is_valid.load();
}

}  // namespace

bool can_evaluate(const Batch& batch) {
  const InstructionSet& set = baseline();
  if (set.family_of(batch.loss) == Family::class_sum && !batch.has_classes()) return false;
  const Dtype computed = computed_in(batch.compute);
  return kernel_in_place(set.kernels_of(batch.loss, batch.parameters.is_squared), {computed, computed, computed},
                         encoding_of(batch, set)) != nullptr;
}

void evaluate(const Request& request, const Machine& machine, Result* result) {
  const Batch& batch = request.batch;
  if (request.operation == Operation::weights) {
    result->are_labels_valid = sum_weights(batch, machine, &result->totals);
    return;
  }
  const bool may_be_binary = batch.reading == LabelReading::automatic &&
                             machine.set->family_of(batch.loss) == Family::elementwise;
  if (may_be_binary && look_binary(batch, *machine.set)) {
    if (can_retry(request) || are_binary(request, machine)) {
      if (attempt(request, machine, LabelEncoding::binary, result)) return;
    }
    result->totals = Totals();
  }
  result->are_labels_valid = attempt(request, machine, encoding_of(batch, *machine.set), result);
}

}  // namespace maxmargin
