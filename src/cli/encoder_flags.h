#pragma once

#include <ATen/Parallel.h>

#include <CLI/CLI.hpp>
#include <string>

#include "rexbert/ckpt/store.h"
#include "rexbert/core/error.h"
#include "rexbert/infer/encoder_options.h"
#include "rexbert/ops/memory.h"

namespace rexbert::cli {

// The options that every command that runs a checkpoint on text has.
struct EncoderFlags {
  std::string checkpoint;
  int64_t context_length = 0;
  std::string device = "cpu";
  std::string precision = "auto";
  int threads = 0;

  void add_to(CLI::App& command) {
    command
        .add_option("--checkpoint", checkpoint, "Checkpoint folder, or a run directory: its newest")
        ->required();
    command
        .add_option("--context", context_length,
                    "Most tokens of a text (default: the checkpoint's context length)")
        ->check(CLI::Range(8, 1 << 20));
    command.add_option("--device", device, "Where the model lives")
        ->check(CLI::IsMember({"cpu", "cuda"}))
        ->capture_default_str();
    command
        .add_option("--precision", precision,
                    "What is computed in; auto: bf16 where the device has it in hardware, else f32")
        ->check(CLI::IsMember({"auto", "f32", "bf16"}))
        ->capture_default_str();
    command.add_option("--threads", threads, "Threads that compute; 0: one a core")
        ->check(CLI::Range(0, 1024))
        ->capture_default_str();
  }

  fs::path folder() const {
    return with_context("--checkpoint",
                        [&] { return ckpt::resolve_checkpoint(Env::posix(), checkpoint); });
  }

  // Also sets the process up to compute by them.
  infer::EncoderOptions apply() const {
    ops::keep_freed_memory();
    if (threads > 0) at::set_num_threads(threads);
    infer::EncoderOptions options;
    options.context_length = context_length;
    options.device = device;
    if (precision != "auto") {
      options.precision = precision == "bf16" ? nn::Precision::kBf16 : nn::Precision::kF32;
    }
    return options;
  }
};

}  // namespace rexbert::cli
