// A callback of your own in a run as `rexbert train` makes it: stops when the loss has not fallen
// for PATIENCE steps, with a checkpoint: custom_callback CONFIG PATIENCE
#include <cstdio>
#include <exception>
#include <limits>
#include <string>

#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/train/run.h"

using namespace rexbert;

// Smooths the loss over some 20 steps, since batches differ.
class StopOnPlateau final : public train::Callback {
 public:
  explicit StopOnPlateau(int64_t patience) : patience_(patience) {}

  void step_done(train::Trainer& trainer, const train::StepResult& result) override {
    constexpr double kShare = 0.05;
    smoothed_ = smoothed_ == 0 ? result.loss : (1 - kShare) * smoothed_ + kShare * result.loss;
    if (smoothed_ < lowest_) {
      lowest_ = smoothed_;
      lowest_at_ = result.steps_done();
    } else if (result.steps_done() - lowest_at_ >= patience_) {
      log::info("the loss has not fallen since step " + std::to_string(lowest_at_));
      trainer.request_stop();
    }
  }

 private:
  int64_t patience_;
  double smoothed_ = 0, lowest_ = std::numeric_limits<double>::infinity();
  int64_t lowest_at_ = 0;
};

int main(int argc, char** argv) try {
  if (argc != 3) throw Error(ErrorCode::kUsage, "usage: custom_callback CONFIG PATIENCE");
  Env& env = Env::posix();
  const train::LoadedConfig config = train::load_run_config(env, argv[1]);
  train::RunRequest request;
  request.make_callbacks = [patience = std::stoll(argv[2])] {
    std::vector<std::unique_ptr<train::Callback>> callbacks;
    callbacks.push_back(std::make_unique<StopOnPlateau>(patience));
    return callbacks;
  };
  const train::RunEnd end = train::run_training(env, config, request);
  std::printf("%s\n", end == train::RunEnd::kStopped ? "stopped by the callback" : "finished");
} catch (const std::exception& error) {
  return std::fprintf(stderr, "custom_callback: %s\n", error.what()), 1;
}
