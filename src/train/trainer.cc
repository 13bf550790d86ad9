#include "rexbert/train/trainer.h"

#include <chrono>
#include <cmath>
#include <optional>
#include <utility>

#include "rexbert/core/clock.h"
#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"

namespace rexbert::train {
namespace {

using Clock = std::chrono::steady_clock;

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
    : parts_(std::move(parts)),
      reducer_(parts_.group.reducer(parts_.parameters, parts_.reducer)),
      callbacks_(std::move(callbacks)),
      first_step_(first_step) {}

RunEnd Trainer::run(const std::function<bool()>& stop_requested) {
  int64_t step = first_step_;
  std::optional<batch::LoadedStep> ahead;
  if (parts_.group.world_size() > 1 && step < parts_.plan.end_step()) {
    ahead = parts_.loader.next();
    settle_reducer(*ahead);
  }
  for (const auto& callback : callbacks_) callback->run_started(*this);
  StepResult result;
  bool signalled = false;
  while (step < parts_.plan.end_step() && !stop_ && !interrupted_ && !signalled) {
    parts_.group.set_step(step + 1);
    const Clock::time_point start = Clock::now();
    std::optional<batch::LoadedStep> next = ahead ? std::exchange(ahead, {}) : next_step();
    if (!next) {
      signalled = true;
      break;
    }
    batch::LoadedStep& loaded = *next;
    const double waited = seconds_since(start);
    result = train_step(loaded);
    result.seconds = seconds_since(start);
    result.data_wait_seconds = waited;
    for (const auto& callback : callbacks_) callback->step_done(*this, result);
    const auto votes =
        parts_.group.all_reduce_sum({stop_ ? 1.0 : 0.0, stop_requested() ? 1.0 : 0.0});
    stop_ = votes[0] > 0;
    signalled = votes[1] > 0;
    ++step;
  }
  if (step > first_step_) {
    for (const auto& callback : callbacks_) callback->run_stopped(*this, result);
    // A launcher ends all ranks when one has ended with an error: not while rank 0 still writes.
    parts_.group.barrier();
  }
  if (interrupted_) return RunEnd::kInterrupted;
  if (step == parts_.plan.end_step()) return RunEnd::kFinished;
  return signalled ? RunEnd::kInterrupted : RunEnd::kStopped;
}

// Nothing where a stop was asked for during the wait for data.
std::optional<batch::LoadedStep> Trainer::next_step() {
  try {
    return parts_.loader.next();
  } catch (const Error& error) {
    if (error.code() == ErrorCode::kInterrupted) return std::nullopt;
    throw;
  }
}

// Any batch will do: what it adds to the gradients is thrown away.
void Trainer::settle_reducer(batch::LoadedStep& first) {
  reducer_->settle(parts_.objective.loss(first.micro_batches.front(), first.spec).sum);
}

StepResult Trainer::train_step(batch::LoadedStep& loaded) {
  StepResult result;
  result.spec = loaded.spec;
  result.stream_rows = rows_by_stream(loaded, parts_.stream_names.size());

  Share share = accumulate_gradients(loaded);
  result.exposed_seconds = reducer_->exposed_seconds();
  result.flops = share.flops;
  const double terms = parts_.group.all_reduce_sum({share.terms}).front();
  scale_gradients(1.0 / terms);
  result.gradient_norm = read_numbers(share);
  const std::vector<double> sums =
      parts_.group.all_reduce_sum({share.loss, share.non_finite_micro_batch >= 0 ? 1.0 : 0.0});
  if (sums[1] > 0) fail_non_finite(loaded, share);
  result.loss = sums[0] / terms;
  result.masked_tokens = static_cast<int64_t>(terms);
  if (!std::isfinite(result.gradient_norm)) {
    fail_non_finite(loaded, -1, str_cat("the gradient norm is ", result.gradient_norm));
  }
  parts_.optimizer.step(loaded.spec.learning_rate, loaded.spec.weight_decay);

  const int64_t done = result.steps_done();
  result.run_ended = done == parts_.plan.end_step();
  result.phase_ended = done == parts_.plan.spans()[static_cast<size_t>(loaded.spec.phase)].end_step;
  return result;
}

Trainer::Share Trainer::accumulate_gradients(batch::LoadedStep& loaded) {
  parts_.optimizer.zero_grad();
  Share share;
  for (size_t i = 0; i < loaded.micro_batches.size(); ++i) {
    const Objective::Loss micro = parts_.objective.loss(loaded.micro_batches[i], loaded.spec);
    reducer_->backward(micro.sum, i + 1 == loaded.micro_batches.size());
    share.losses.push_back(micro.sum.detach().to(torch::kFloat64));
    share.terms += static_cast<double>(micro.count);
    share.flops += micro.flops;
  }
  return share;
}

// The gradients' norm, and into `share` what its losses are: here the host waits for the device,
// once a step. A loss that is not finite ends nothing yet: the other ranks wait in the same
// collectives.
double Trainer::read_numbers(Share& share) {
  std::vector<torch::Tensor> numbers = std::exchange(share.losses, {});
  numbers.push_back(parts_.optimizer.gradient_norm_tensor().to(torch::kFloat64));
  const torch::Tensor on_host = torch::stack(numbers).cpu();
  const auto read = on_host.accessor<double, 1>();
  for (int64_t i = 0; i + 1 < on_host.numel(); ++i) {
    share.loss += read[i];
    if (std::isfinite(read[i]) || share.non_finite_micro_batch >= 0) continue;
    share.non_finite_micro_batch = static_cast<int>(i);
    share.non_finite_loss = read[i];
  }
  return read[on_host.numel() - 1];
}

void Trainer::scale_gradients(double factor) {
  const torch::NoGradGuard no_grad;
  for (const torch::Tensor& parameter : parts_.parameters) {
    if (parameter.grad().defined()) parameter.mutable_grad().mul_(factor);
  }
}

void Trainer::fail_non_finite(const batch::LoadedStep& loaded, const Share& share) {
  const bool own = share.non_finite_micro_batch >= 0;
  std::vector<std::string> ranks;
  for (const std::string& rank :
       parts_.group.all_gather(own ? std::to_string(parts_.group.rank()) : "")) {
    if (!rank.empty()) ranks.push_back(rank);
  }
  if (own) {
    fail_non_finite(loaded, share.non_finite_micro_batch,
                    str_cat("the loss is ", share.non_finite_loss));
  }
  throw Error(ErrorCode::kNumeric,
              str_cat("step ", loaded.spec.step + 1, ": the loss is not finite on rank ",
                      str_join(ranks, ", "),
                      ", whose log names the samples; the weights are "
                      "those of the step before"));
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
    const std::string rank =
        parts_.group.world_size() > 1 ? str_cat("-rank-", parts_.group.rank()) : "";
    const fs::path path =
        parts_.forensics_directory / str_cat("non-finite-step-", step, rank, ".json");
    publish_file(Env::posix(), path,
                 Json({{"step", step}, {"what", what}, {"samples", samples}}).dump(1) + "\n");
    message += str_cat("; all of them in ", path.string());
  }
  message += "; the weights are those of the step before";
  throw Error(ErrorCode::kNumeric, message);
}

}  // namespace rexbert::train
