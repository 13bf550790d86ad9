// hf_logits FOLDER OUTPUT.safetensors LENGTH...: loads a model folder and writes, for one sequence
// of each length with made-up ids, `tokens_T` and `logits_TV`. tools/oracle/check_checkpoint.py
// drives it.

#include <torch/torch.h>

#include <cstdio>
#include <string>
#include <vector>

#include "rexbert/core/error.h"
#include "rexbert/core/philox.h"
#include "rexbert/hf/model_folder.h"
#include "rexbert/hf/safetensors.h"

namespace rexbert {
namespace {

torch::Tensor as_tensor(std::vector<int32_t>& values) {
  return torch::from_blob(values.data(), {static_cast<int64_t>(values.size())}, torch::kInt);
}

void write_logits(const fs::path& folder, const fs::path& output,
                  const std::vector<int32_t>& lengths) {
  const hf::LoadedModel loaded = hf::load_model(Env::posix(), folder);
  KeyedRng rng(1, Purpose::kTest);
  std::vector<int32_t> tokens, positions, all, offsets = {0};
  for (const int32_t length : lengths) {
    for (int32_t t = 0; t < length; ++t) {
      all.push_back(static_cast<int32_t>(tokens.size()));
      const auto words = static_cast<uint64_t>(loaded.config.encoder.vocabulary - 1);
      tokens.push_back(static_cast<int32_t>(1 + rng.next_below(words)));  // no [PAD]
      positions.push_back(t);
    }
    offsets.push_back(static_cast<int32_t>(tokens.size()));
  }
  nn::EncoderInput input;
  input.tokens_T = as_tensor(tokens);
  input.positions_T = as_tensor(positions);
  input.offsets_S1 = as_tensor(offsets);
  input.rope = loaded.config.rope;
  const torch::NoGradGuard no_grad;
  hf::write_safetensors(Env::posix(), output,
                        {{"tokens_T", input.tokens_T},
                         {"offsets_S1", input.offsets_S1},
                         {"logits_TV", loaded.model->logits(input, as_tensor(all))}});
}

}  // namespace
}  // namespace rexbert

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: hf_logits FOLDER OUTPUT.safetensors LENGTH...\n");
    return 2;
  }
  try {
    std::vector<int32_t> lengths;
    for (int i = 3; i < argc; ++i) lengths.push_back(std::stoi(argv[i]));
    rexbert::write_logits(argv[1], argv[2], lengths);
    return 0;
  } catch (const rexbert::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return static_cast<int>(error.code());
  }
}
