#include "rexbert/train/trainer.h"

#include <chrono>
#include <cmath>

#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"

namespace rexbert::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::vector<int64_t> rows_by_stream(const batch::LoadedStep& loaded, size_t streams) {
  std::vector<int64_t> rows(streams, 0);
  for (const batch::PackedBatch& micro : loaded.micro_batches) {
    for (size_t s = 0; s < micro.row_S.size(); ++s) {
      const bool first_of_row = s == 0 || micro.row_S[s] != micro.row_S[s - 1];
      if (first_of_row) ++rows[static_cast<size_t>(micro.sample_S[s].stream)];
    }
  }
  return rows;
}

Json describe_samples(const batch::PackedBatch& micro, const std::vector<std::string>& streams) {
  Json samples = Json::array();
  for (size_t s = 0; s < micro.sample_S.size(); ++s) {
    const batch::SampleId& id = micro.sample_S[s];
    samples.push_back({{"stream", streams[static_cast<size_t>(id.stream)]},
                       {"epoch", id.epoch},
                       {"shard", id.shard},
                       {"sample", id.sample},
                       {"token", id.token},
                       {"row", micro.row_S[s]},
                       {"tokens", micro.offsets_S1[s + 1] - micro.offsets_S1[s]}});
  }
  return samples;
}

std::string short_name(const Json& sample) {
  return str_cat(sample["stream"].get<std::string>(), " shard ", sample["shard"].get<int>(),
                 " sample ", sample["sample"].get<int>(), " token ", sample["token"].get<int>());
}

}  // namespace

Trainer::Trainer(TrainerParts parts, std::vector<std::unique_ptr<Callback>> callbacks,
                 int64_t first_step)
    : parts_(std::move(parts)), callbacks_(std::move(callbacks)), first_step_(first_step) {}

RunEnd Trainer::run(const std::function<bool()>& stop_requested) {
  for (const auto& callback : callbacks_) callback->run_started(*this);
  StepResult result;
  int64_t step = first_step_;
  while (step < parts_.plan.end_step() && !stop_requested_) {
    const Clock::time_point start = Clock::now();
    batch::LoadedStep loaded = parts_.loader.next();
    const double waited = seconds_since(start);
    result = train_step(loaded);
    result.seconds = seconds_since(start);
    result.data_wait_seconds = waited;
    for (const auto& callback : callbacks_) callback->step_done(*this, result);
    stop_requested_ |= stop_requested();
    ++step;
  }
  if (step > first_step_) {
    for (const auto& callback : callbacks_) callback->run_stopped(*this, result);
  }
  return step == parts_.plan.end_step() ? RunEnd::kFinished : RunEnd::kStopped;
}

StepResult Trainer::train_step(batch::LoadedStep& loaded) {
  StepResult result;
  result.spec = loaded.spec;
  for (const batch::PackedBatch& micro : loaded.micro_batches) {
    result.masked_tokens += parts_.objective.count(micro);
  }
  result.masked_tokens = parts_.group.all_reduce_sum(result.masked_tokens);
  result.stream_rows = rows_by_stream(loaded, parts_.stream_names.size());

  result.loss = accumulate_gradients(loaded, result.masked_tokens);
  reduce_gradients();
  result.gradient_norm = parts_.optimizer.gradient_norm();
  if (!std::isfinite(result.gradient_norm)) {
    fail_non_finite(loaded, -1, str_cat("the gradient norm is ", result.gradient_norm));
  }
  parts_.optimizer.step(loaded.spec.learning_rate, loaded.spec.weight_decay);

  const int64_t done = result.steps_done();
  result.run_ended = done == parts_.plan.end_step();
  result.phase_ended = done == parts_.plan.spans()[static_cast<size_t>(loaded.spec.phase)].end_step;
  return result;
}

double Trainer::accumulate_gradients(batch::LoadedStep& loaded, int64_t masked_tokens) {
  parts_.optimizer.zero_grad();
  const double scale = 1.0 / static_cast<double>(masked_tokens);
  double loss = 0;
  for (size_t i = 0; i < loaded.micro_batches.size(); ++i) {
    const Objective::Loss micro = parts_.objective.loss(loaded.micro_batches[i], loaded.spec);
    const double sum = micro.sum.item<double>();
    if (!std::isfinite(sum)) {
      fail_non_finite(loaded, static_cast<int>(i), str_cat("the loss is ", sum));
    }
    (micro.sum * scale).backward();
    loss += sum * scale;
  }
  return loss;
}

void Trainer::reduce_gradients() {
  if (parts_.group.world_size() == 1) return;
  std::vector<at::Tensor> gradients;
  for (const torch::Tensor& parameter : parts_.parameters) gradients.push_back(parameter.grad());
  parts_.group.all_reduce_sum(gradients);
}

void Trainer::fail_non_finite(const batch::LoadedStep& loaded, int micro_batch,
                              const std::string& what) const {
  Json samples = Json::array();
  for (size_t i = 0; i < loaded.micro_batches.size(); ++i) {
    if (micro_batch >= 0 && i != static_cast<size_t>(micro_batch)) continue;
    const Json more = describe_samples(loaded.micro_batches[i], parts_.stream_names);
    samples.insert(samples.end(), more.begin(), more.end());
  }
  constexpr size_t kNamed = 5;
  std::vector<std::string> named;
  for (size_t i = 0; i < std::min(kNamed, samples.size()); ++i) {
    named.push_back(short_name(samples[i]));
  }
  const int64_t step = loaded.spec.step + 1;
  std::string message = str_cat(
      "step ", step, " (phase ", parts_.plan.phases()[static_cast<size_t>(loaded.spec.phase)].name,
      "): ", what,
      micro_batch >= 0
          ? str_cat(" in micro-batch ", micro_batch + 1, " of ", loaded.micro_batches.size())
          : std::string(),
      "; its samples: ", str_join(named, ", "));
  if (samples.size() > kNamed) message += str_cat(" and ", samples.size() - kNamed, " more");
  if (!parts_.forensics_directory.empty()) {
    const fs::path path = parts_.forensics_directory / str_cat("non-finite-step-", step, ".json");
    publish_file(Env::posix(), path,
                 Json({{"step", step}, {"what", what}, {"samples", samples}}).dump(1) + "\n");
    message += str_cat("; all of them in ", path.string());
  }
  message += "; the weights are those of the step before";
  throw Error(ErrorCode::kNumeric, message);
}

}  // namespace rexbert::train
