// What tools/oracle/check_storage.py runs:
//
//   make FOLDER COMPRESSION DOCUMENTS   a stream of made-up tokens; COMPRESSION may be "none"
//   sync FROM TO                      as `rexbert shards sync`
//   batches PATH CACHE STEPS          a hash of all batches of each step, a line each
//   wait PATH CACHE RATE STEPS        share of its time that a trainer of RATE tokens a second
//   waits

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

#include "rexbert/batch/loader.h"
#include "rexbert/batch/loader_bench.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/philox.h"
#include "rexbert/shard/sync.h"
#include "rexbert/shard/writer.h"

namespace rexbert::batch {
namespace {

constexpr int32_t kLanes = 4;

void make(const fs::path& folder, const std::string& compression, int documents) {
  shard::MdsWriter writer(Env::posix(), folder,
                          {.columns = {{"input_ids", "ndarray:uint16"}},
                           .compression = compression == "none" ? "" : compression,
                           .hashes = {"sha1"},
                           .size_limit = 1 << 20});
  KeyedRng rng(1, Purpose::kTest);
  for (int document = 0; document < documents; ++document) {
    std::vector<uint16_t> ids(100 + static_cast<size_t>(rng.next_uniform() * 1900));
    for (uint16_t& id : ids) id = static_cast<uint16_t>(5 + rng.next_uniform() * 50'000);
    writer.write(
        std::vector<shard::Value>{shard::NdArray::from<uint16_t>(std::span<const uint16_t>(ids))});
  }
  writer.finish();
}

StreamOptions stream_at(const std::string& path, const std::string& cache) {
  StreamOptions options{.path = path};
  options.cache.directory = cache;
  return options;
}

void print_batches(const std::string& path, const std::string& cache, int64_t steps) {
  LoaderSetup setup;
  setup.streams = {StreamSource::open(Env::posix(), "s", stream_at(path, cache), kLanes, {})};
  setup.step_at = [](int64_t step) {
    plan::StepSpec spec;
    spec.step = step;
    spec.first_row = step * 16;
    spec.rows = 16;
    spec.context_length = 1024;
    spec.mixture = {1.0};
    return spec;
  };
  setup.end_step = steps;
  setup.options.lanes = kLanes;
  Loader loader(setup);
  for (int64_t step = 0; step < steps; ++step) {
    uint64_t hash = 0;
    const auto add = [&](const auto& values) {
      hash = hash64({reinterpret_cast<const char*>(values.data()), 4 * values.size()}, hash);
    };
    for (const PackedBatch& batch : loader.next().micro_batches) {
      add(batch.tokens_T);
      add(batch.offsets_S1);
    }
    std::printf("%llu\n", static_cast<unsigned long long>(hash));
    std::fflush(stdout);
  }
}

void print_wait(const std::string& path, const std::string& cache, double rate, int64_t tokens) {
  LoaderBenchOptions options;
  options.streams = {stream_at(path, cache)};
  options.rate = rate;
  options.repeats = 1;
  options.tokens = tokens;
  const LoaderBenchResult result = bench_loader(Env::posix(), options);
  std::printf("%.6f %.3f\n", result.data_wait, result.first_step_seconds);
}

}  // namespace
}  // namespace rexbert::batch

int main(int count, char** words) try {
  using namespace rexbert;
  const std::vector<std::string> all(words + 1, words + count);
  if (all.size() == 4 && all[0] == "make") {
    batch::make(all[1], all[2], std::stoi(all[3]));
  } else if (all.size() == 3 && all[0] == "sync") {
    const auto report = shard::sync_stream(Env::posix(), all[1], all[2]);
    std::printf("%llu copied\n", static_cast<unsigned long long>(report.copied));
  } else if (all.size() == 4 && all[0] == "batches") {
    batch::print_batches(all[1], all[2], std::stoll(all[3]));
  } else if (all.size() == 5 && all[0] == "wait") {
    batch::print_wait(all[1], all[2], std::stod(all[3]), std::stoll(all[4]));
  } else {
    return 2;
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
