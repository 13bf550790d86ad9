#include "rexbert/infer/embedder.h"

#include <algorithm>

#include "infer/loaded_encoder.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::infer {
namespace {

constexpr double kSmallestNorm = 1e-12;  // of torch.nn.functional.normalize

torch::Tensor pool(const LoadedEncoder& encoder, const SequenceBatch& batch, Pooling pooling) {
  const std::vector<int32_t>& offsets = batch.offsets_S1();
  if (pooling == Pooling::kCls) {
    const torch::Tensor states_TD = encoder.states_TD(batch);
    const std::vector<int64_t> first(offsets.begin(), offsets.end() - 1);
    return states_TD.index_select(0, torch::tensor(first, torch::kInt64).to(states_TD.device()));
  }
  std::vector<int64_t> lengths;
  for (size_t s = 1; s < offsets.size(); ++s) lengths.push_back(offsets[s] - offsets[s - 1]);
  return encoder.means_of(batch, lengths);
}

}  // namespace

Embedder::Embedder(Env& env, const fs::path& folder, const EmbedderOptions& options)
    : options_(options), encoder_(std::make_unique<LoadedEncoder>(env, folder, options.encoder)) {
  options_.encoder = encoder_->options();
  if (options_.dimensions == 0) options_.dimensions = encoder_->hidden();
  if (options_.dimensions < 1 || options_.dimensions > encoder_->hidden()) {
    throw Error(ErrorCode::kUsage, str_cat("embedder: dimensions: expected 1 to ",
                                           encoder_->hidden(), ", got ", options_.dimensions));
  }
}

Embedder::~Embedder() = default;

int64_t Embedder::encode(std::string_view text, std::vector<int32_t>& ids) const {
  const tokenizer::Tokenizer& tokenizer = encoder_->tokenizer();
  const auto longest = ids.size() + static_cast<size_t>(options_.encoder.context_length);
  tokenizer.encode_document(text, ids);
  if (ids.size() <= longest) return 0;
  const size_t left_out = ids.size() - longest;
  ids.resize(longest);
  ids.back() = tokenizer.sep_id();
  return static_cast<int64_t>(left_out);
}

torch::Tensor Embedder::embed_ids(std::span<const int32_t> ids_T,
                                  std::span<const int64_t> lengths_S) const {
  const torch::NoGradGuard no_grad;
  const auto sequences = static_cast<int64_t>(lengths_S.size());
  torch::Tensor vectors = torch::empty({sequences, options_.dimensions}, torch::kFloat32);
  SequenceBatch batch;
  int64_t done = 0;
  const auto flush = [&] {
    if (batch.sequences() == 0) return;
    const torch::Tensor pooled =
        pool(*encoder_, batch, options_.pooling).slice(1, 0, options_.dimensions);
    vectors.narrow(0, done, batch.sequences()).copy_(pooled);
    done += batch.sequences();
    batch.clear();
  };
  for (const int64_t length : lengths_S) {
    if (batch.tokens() + length > options_.encoder.micro_tokens) flush();
    batch.add(ids_T.first(static_cast<size_t>(length)));
    ids_T = ids_T.subspan(static_cast<size_t>(length));
  }
  flush();
  if (options_.normalize) {
    vectors.div_(at::linalg_vector_norm(vectors, 2, 1, /*keepdim=*/true).clamp_min(kSmallestNorm));
  }
  return vectors;
}

torch::Tensor Embedder::embed(std::span<const std::string_view> texts) const {
  std::vector<int32_t> ids_T;
  std::vector<int64_t> lengths_S;
  for (const std::string_view text : texts) {
    const size_t before = ids_T.size();
    encode(text, ids_T);
    lengths_S.push_back(static_cast<int64_t>(ids_T.size() - before));
  }
  return embed_ids(ids_T, lengths_S);
}

}  // namespace rexbert::infer
