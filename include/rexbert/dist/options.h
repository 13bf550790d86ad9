#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace rexbert::dist {

enum class Compression { kNone, kBf16 };

struct ReducerOptions {
  // Gradients that travel together. Default 25 MiB. Cost: as much memory again while under way
  // with compression.
  int64_t bucket_bytes = int64_t{25} << 20;
  // Gradients travel as they are, or rounded to bf16: half the bytes, sums in 8 bits of precision.
  Compression compression = Compression::kNone;
  // Off: the reduction starts when the backward pass has ended, to measure what overlap saves.
  bool overlap = true;
};

enum class Backend { kAuto, kGloo, kNccl };

struct GroupOptions {
  // What carries tensors: NCCL between GPUs, Gloo between CPUs; texts and numbers always take Gloo.
  Backend backend = Backend::kAuto;
  // "cpu" or "cuda".
  std::string device = "cpu";
  // How long the processes may take to meet, and any collective to end. Default 10 minutes.
  std::chrono::milliseconds timeout = std::chrono::minutes(10);
  // Network interface of the collectives; empty: GLOO_SOCKET_IFNAME where it is set, else the one
  // that leads to the meeting place.
  std::string interface = {};
};

}  // namespace rexbert::dist
