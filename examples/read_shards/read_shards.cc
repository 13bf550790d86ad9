// Batches from shards, without LibTorch:
//   read_shards SHARDS TOKENIZER
// reads folders that `rexbert tokenize` and `rexbert tokenizer train` wrote, and prints what three
// steps of eight rows of 256 tokens hold.
#include <cstdio>
#include <exception>

#include "rexbert/batch/loader.h"
#include "rexbert/batch/masking.h"
#include "rexbert/plan/plan.h"
#include "rexbert/tokenizer/tokenizer.h"

using namespace rexbert;

int main(int argc, char** argv) try {
  if (argc != 3) {
    std::fprintf(stderr, "usage: read_shards SHARDS TOKENIZER\n");
    return 2;
  }
  Env& env = Env::posix();
  const auto tokenizer = tokenizer::Tokenizer::load(env, argv[2]);
  const batch::DataOptions data = {.lanes = 8, .micro_tokens = 1024};
  const auto streams = batch::open_streams(env, {{"text", {.path = argv[1]}}}, data.lanes,
                                           batch::identity_of(tokenizer, argv[2]));

  plan::PhaseOptions phase;
  phase.name = "read";
  phase.tokens = 3 * 8 * 256;
  phase.context_length = 256;
  phase.learning_rate.peak = 1e-3;  // a plan has one, whoever reads it
  phase.batch.rows = 8;
  phase.mixture.from = {{"text", 1.0}};
  const plan::Plan plan({.phases = {phase}, .streams = {"text"}});

  const batch::Masker masker(/*seed=*/1, batch::MaskVocabulary::from(tokenizer));
  batch::Loader loader({.streams = streams,
                        .step_at = [&](int64_t step) { return plan.at(step); },
                        .end_step = plan.end_step(),
                        .mask = [&](const plan::MaskingSpec& spec,
                                    batch::PackedBatch& batch) { masker.apply(spec, batch); },
                        .options = data,
                        .seed = 1});
  for (int64_t step = 0; step < plan.end_step(); ++step) {
    for (const batch::PackedBatch& batch : loader.next().micro_batches) {
      std::printf("step %lld: %zu tokens in %zu sequences, %zu masked; begins with:",
                  static_cast<long long>(step), batch.tokens_T.size(), batch.sample_S.size(),
                  batch.masked_M.size());
      for (size_t t = 0; t < 8 && t < batch.tokens_T.size(); ++t) {
        std::printf(" %s", std::string(tokenizer.piece(batch.tokens_T[t])).c_str());
      }
      std::printf("\n");
    }
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "read_shards: %s\n", error.what());
  return 1;
}
