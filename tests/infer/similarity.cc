#include "rexbert/infer/embedder.h"

using namespace rexbert;

// How near two texts are, -1 to 1.
float similarity(const fs::path& checkpoint, std::string_view one, std::string_view other) {
  infer::EmbedderOptions options;
  options.pooling = infer::Pooling::kMean;
  options.normalize = true;
  const infer::Embedder embedder(Env::posix(), checkpoint, options);
  const std::vector<std::string_view> texts = {one, other};
  const torch::Tensor vectors = embedder.embed(texts);  // float32 [2, hidden]
  return vectors[0].dot(vectors[1]).item<float>();
}
