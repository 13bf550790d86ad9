#include "rexbert/train/options.h"

#include "rexbert/shard/cache_options.h"

namespace rexbert::dist {

config::EnumNames<Backend> names_of(Backend) {
  return {{Backend::kAuto, "auto"}, {Backend::kGloo, "gloo"}, {Backend::kNccl, "nccl"}};
}

config::EnumNames<Compression> names_of(Compression) {
  return {{Compression::kNone, "none"}, {Compression::kBf16, "bf16"}};
}

}  // namespace rexbert::dist

namespace rexbert::train {
namespace {

bool on_gpu(const RunOptions& run) { return run.device == "cuda"; }

}  // namespace

dist::GroupOptions DistributedOptions::group(const std::string& device) const {
  return {.backend = backend,
          .device = device,
          .timeout = std::chrono::milliseconds(static_cast<int64_t>(timeout * 1000)),
          .interface = interface};
}

dist::ReducerOptions DistributedOptions::reducer() const {
  return {.bucket_bytes = bucket_bytes, .compression = compression};
}

config::EnumNames<OptimizerName> names_of(OptimizerName) {
  return {{OptimizerName::kStableAdamW, "stable_adamw"}};
}

void describe(config::Schema<RunOptions>& schema) {
  schema.field("name", &RunOptions::name).doc("What the run is called in logs.");
  schema.field("directory", &RunOptions::directory)
      .doc("Where checkpoints, metrics and logs of the run go.")
      .required();
  schema.field("seed", &RunOptions::seed)
      .doc("Seed of everything that is drawn: weights, data order, masks, dropout.")
      .min(0);
  schema.field("device", &RunOptions::device)
      .doc(
          "Where the model lives: cpu, or cuda for a GPU, which a build with REXBERT_CUDA can "
          "use.");
  schema.field("precision", &RunOptions::precision)
      .doc(
          "What activations and products are computed in; weights, gradients and moments are f32 "
          "always. f32 is slow on a GPU and meant for comparisons.")
      .only_when("where device is cuda", on_gpu);
  schema.field("deterministic", &RunOptions::deterministic)
      .doc(
          "Take only algorithms whose bits do not change from run to run, so that a resumed run "
          "ends "
          "in the bits of one that never stopped.")
      .cost("attention's backward pass is slower and holds more memory")
      .only_when("where device is cuda", on_gpu);
  schema.field("threads", &RunOptions::threads)
      .doc(
          "Threads of the CPU's kernels; 0 takes the cores that the process is bound to, else its "
          "share of the machine's. Bits are equal only at equal threads.")
      .min(0)
      .max(1024);
  schema.check([](const RunOptions& run, const auto& complain) {
    if (run.device != "cpu" && run.device != "cuda") {
      complain("device", "expected cpu or cuda, got " + run.device);
    }
    if (run.directory.empty()) complain("directory", "expected a folder, got an empty text");
  });
}

void describe(config::Schema<TokenizerOptions>& schema) {
  schema.field("path", &TokenizerOptions::path)
      .doc("Folder that `rexbert tokenizer train` made.")
      .required();
}

void describe(config::Schema<OptimizerOptions>& schema) {
  schema.field("name", &OptimizerOptions::name).doc("The optimizer.");
  schema.field("betas", &OptimizerOptions::betas)
      .doc("Decay of the moving averages of the gradient and of its square, debiased.")
      .min(0)
      .max(0.999999);
  schema.field("epsilon", &OptimizerOptions::epsilon)
      .doc("Added to the root of the second moment.")
      .above(0);
  schema.field("weight_decay", &OptimizerOptions::weight_decay)
      .doc("Fully decoupled weight decay at the peak learning rate; none on norms and biases.")
      .unit("share of a weight a step")
      .min(0)
      .max(1);
  schema.check([](const OptimizerOptions& optimizer, const auto& complain) {
    if (optimizer.betas.size() != 2) {
      complain("betas", "expected two numbers, got " + std::to_string(optimizer.betas.size()));
    }
  });
}

void describe(config::Schema<CheckpointOptions>& schema) {
  schema.field("every", &CheckpointOptions::every)
      .doc(
          "A checkpoint each time this many tokens were trained on; 0: only at phase ends and "
          "stops.")
      .unit("tokens")
      .cost(
          "12 bytes a parameter on disk and as many of memory; training pauses while they are "
          "copied, not while they are written")
      .count()
      .min(0);
  schema.field("keep", &CheckpointOptions::keep).doc("How many of the newest stay.").min(1);
  schema.field("keep_every", &CheckpointOptions::keep_every)
      .doc("Every Nth checkpoint (by `every`) stays for good; 0: none.")
      .min(0)
      .only_when("where every is above 0",
                 [](const CheckpointOptions& options) { return options.every > 0; });
  schema.field("at_phase_ends", &CheckpointOptions::at_phase_ends)
      .doc(
          "A checkpoint at the end of each phase, which stays for good. The run's end always has "
          "one.");
  schema.field("mirror", &CheckpointOptions::mirror)
      .doc(
          "s3:// URL that every checkpoint is copied to while training goes on, and that a run "
          "whose "
          "directory holds no checkpoint goes on from (docs/object-storage.md). Empty: none.");
  schema.check([](const CheckpointOptions& options, const auto& complain) {
    if (const auto problem = shard::stream_url_problem(options.mirror)) {
      complain("mirror", *problem);
    } else if (!options.mirror.empty() && !options.mirror.starts_with("s3://")) {
      complain("mirror", "expected an s3:// URL, got " + options.mirror);
    }
  });
}

void describe(config::Schema<EvaluationOptions>& schema) {
  schema.field("streams", &EvaluationOptions::streams)
      .doc(
          "Held-out streams, as `rexbert tokenize --holdout` makes; masked-token loss and recovery "
          "are measured on each.");
  schema.field("every", &EvaluationOptions::every)
      .doc("Evaluate each time this many tokens were trained on; 0: only at phase ends.")
      .unit("tokens")
      .count()
      .min(0);
  schema.field("at_phase_ends", &EvaluationOptions::at_phase_ends)
      .doc("Evaluate at the end of each phase, and before the first step.");
  schema.field("tokens", &EvaluationOptions::tokens)
      .doc("How much of each stream is read, from its start; 0: all.")
      .unit("tokens")
      .count()
      .min(0);
  schema.field("probability", &EvaluationOptions::probability)
      .doc("Share of tokens masked, uniformly, with masks that never change.")
      .above(0)
      .max(1);
  const auto has_suite = [](const EvaluationOptions& options) { return !options.suite.empty(); };
  schema.field("suite", &EvaluationOptions::suite)
      .doc(
          "Config of a suite, as `rexbert eval suite` takes it, that is run on the model of the "
          "moment: its scores go into metrics.jsonl, its report into the run's folder suite/. "
          "Before it a checkpoint is made, wherever checkpoint.every stands.")
      .cost(
          "training waits for it and for the checkpoint to be written; of several ranks the first "
          "runs it and answers the others after each batch, so distributed.timeout must be longer "
          "than a checkpoint takes to be written and the files of its tasks to be read and "
          "tokenized");
  schema.field("suite_every", &EvaluationOptions::suite_every)
      .doc("Run the suite each time this many tokens were trained on; 0: only at phase ends.")
      .unit("tokens")
      .count()
      .min(0)
      .only_when("where there is a suite", has_suite);
  schema.field("suite_at_phase_ends", &EvaluationOptions::suite_at_phase_ends)
      .doc("Run the suite at the end of each phase.")
      .only_when("where there is a suite", has_suite);
}

void describe(config::Schema<LoggingOptions>& schema) {
  schema.field("every_steps", &LoggingOptions::every_steps)
      .doc("A line on the console and in metrics.jsonl every so many steps.")
      .unit("steps")
      .min(1);
  schema.field("tensorboard", &LoggingOptions::tensorboard)
      .doc("Write TensorBoard event files as well.");
}

void describe(config::Schema<DistributedOptions>& schema) {
  schema.field("backend", &DistributedOptions::backend)
      .doc("What carries gradients: nccl between GPUs, gloo between CPUs, auto by the device.");
  schema.field("timeout", &DistributedOptions::timeout)
      .doc(
          "How long the processes may take to meet and any of their collectives to end, before the "
          "run ends with an error that names who is missing. Longer than the longest pause of one "
          "rank, such as reading a checkpoint.")
      .unit("seconds")
      .above(0);
  schema.field("interface", &DistributedOptions::interface)
      .doc(
          "Network interface of the processes' connections; empty: the one that leads to the "
          "meeting place.");
  schema.field("bucket_bytes", &DistributedOptions::bucket_bytes)
      .doc(
          "Gradients that travel together, while the backward pass goes on. It is part of the "
          "order of sums, and with it of the bits.")
      .unit("bytes")
      .bytes()
      .min(1);
  schema.field("compression", &DistributedOptions::compression)
      .doc("bf16: gradients travel rounded to bf16, half the bytes.")
      .cost("sums in 8 bits of precision, and memory for the rounded gradients");
  schema.field("check_every_steps", &DistributedOptions::check_every_steps)
      .doc(
          "Every so many steps the weights of all ranks are compared; a difference ends the run. "
          "0: never.")
      .unit("steps")
      .cost("a hash of all weights")
      .min(0);
}

}  // namespace rexbert::train
