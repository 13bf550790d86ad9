#include "rexbert/tasks/example_loader.h"

#include <algorithm>
#include <utility>

#include "rexbert/core/philox.h"

namespace rexbert::tasks {

void ExamplePacker::add(const Example& example, int64_t place, int64_t row, int32_t epoch) {
  int32_t row_start = 0;
  for (size_t i = 0; i < example.sequences.size(); ++i) {
    const std::vector<int32_t>& sequence = example.sequences[i];
    const auto length = static_cast<int32_t>(sequence.size());
    batch_.tokens_T.insert(batch_.tokens_T.end(), sequence.begin(), sequence.end());
    for (int32_t position = 0; position < length; ++position) {
      batch_.positions_T.push_back(position);
    }
    batch_.offsets_S1.push_back(static_cast<int32_t>(batch_.tokens_T.size()));
    batch_.sample_S.push_back(
        {0, epoch, 0, static_cast<int32_t>(place), static_cast<int32_t>(i), 0});
    batch_.row_S.push_back(row);
    batch_.row_start_S.push_back(row_start);
    batch_.longest = std::max(batch_.longest, length);
    row_start += length;
  }
}

batch::PackedBatch ExamplePacker::take() {
  batch::PackedBatch full = std::exchange(batch_, {});
  batch_.offsets_S1.push_back(0);
  return full;
}

ExampleLoader::ExampleLoader(const Setup& setup, int64_t first_step)
    : setup_(setup), state_{.next_step = first_step, .seed = setup.seed, .lanes = 1} {}

int64_t ExampleLoader::place(int64_t row) const {
  const auto count = static_cast<int64_t>(setup_.examples.size());
  const KeyedPermutation order(static_cast<uint64_t>(count), setup_.seed, Purpose::kHeadOrder,
                               static_cast<uint64_t>(row / count));
  return static_cast<int64_t>(order(static_cast<uint64_t>(row % count)));
}

std::vector<int64_t> ExampleLoader::places(const plan::StepSpec& spec) const {
  std::vector<int64_t> places;
  for (int64_t i = 0; i < spec.rows; ++i) places.push_back(place(spec.first_row + i));
  return places;
}

batch::LoadedStep ExampleLoader::next() {
  batch::LoadedStep step;
  step.spec = setup_.plan.at(state_.next_step);
  ExamplePacker packer;
  int64_t row = step.spec.first_row;
  for (const int64_t place : places(step.spec)) {
    const Example& example = setup_.examples[static_cast<size_t>(place)];
    const bool is_full = packer.tokens() + example.tokens() > setup_.micro_tokens;
    if (packer.tokens() > 0 && is_full && !setup_.whole_batches) {
      step.micro_batches.push_back(packer.take());
    }
    packer.add(example, place, row,
               static_cast<int32_t>(row / static_cast<int64_t>(setup_.examples.size())));
    ++row;
  }
  step.micro_batches.push_back(packer.take());
  ++state_.next_step;
  return step;
}

}  // namespace rexbert::tasks
