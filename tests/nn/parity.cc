#include "nn/parity.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "rexbert/core/env.h"
#include "rexbert/core/philox.h"

namespace rexbert::nn {
namespace {

c10::ScalarType scalar_type(const std::string& name) {
  if (name == "I32") return torch::kInt32;
  if (name == "F32") return torch::kFloat32;
  return torch::kFloat64;
}

}  // namespace

EncoderConfig ParityCase::config() const {
  EncoderConfig config;
  config.vocabulary = shape.at("vocabulary");
  config.hidden = shape.at("hidden");
  config.intermediate = shape.at("intermediate");
  config.layers = shape.at("layers");
  config.heads = shape.at("heads");
  config.attention_dropout_out = 0;
  return config;
}

EncoderInput ParityCase::input() const {
  std::vector<int32_t> positions;
  const auto& offsets = tensors.at("offsets");
  const int32_t* offset = offsets.const_data_ptr<int32_t>();
  for (int64_t s = 0; s + 1 < offsets.size(0); ++s) {
    for (int32_t i = 0; i < offset[s + 1] - offset[s]; ++i) positions.push_back(i);
  }
  EncoderInput input;
  input.tokens_T = tensors.at("tokens");
  input.positions_T = torch::tensor(positions, torch::kInt32);
  input.offsets_S1 = offsets;
  input.rope = {.global = shape.at("theta_global"), .local = shape.at("theta_local")};
  return input;
}

ParityCase read_parity_case(const std::string& path) {
  const std::string file = Env::posix().read_file(path);
  uint64_t header_size = 0;
  std::memcpy(&header_size, file.data(), sizeof(header_size));
  const Json header = parse_json(file.substr(8, header_size), path);
  ParityCase parity;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") {
      parity.shape = parse_json(entry.at("shape").get<std::string>(), path);
      continue;
    }
    const auto sizes = entry.at("shape").get<std::vector<int64_t>>();
    auto tensor = torch::empty(sizes, scalar_type(entry.at("dtype")));
    const size_t begin = 8 + header_size + entry.at("data_offsets").at(0).get<size_t>();
    std::memcpy(tensor.data_ptr(), file.data() + begin, tensor.nbytes());
    parity.tensors[name] = tensor;
  }
  return parity;
}

void draw_weights(MaskedLanguageModel& model, uint64_t seed) {
  torch::NoGradGuard no_grad;
  std::map<std::string, torch::Tensor> sorted;
  for (const auto& item : model.named_parameters()) sorted[item.key()] = item.value();
  uint64_t stream = 0;
  for (auto& [name, parameter] : sorted) {
    double center = 0;
    double spread = 1.5 / std::sqrt(static_cast<double>(parameter.size(-1)));
    if (name.ends_with("norm.weight")) {
      center = 1.0;
      spread = 0.3;
    } else if (name.ends_with("bias")) {
      spread = 0.5;
    } else if (name.ends_with("tok_embeddings.weight")) {
      spread = 0.1;
    }
    const KeyedRng rng(seed, Purpose::kTest, stream++);
    float* values = parameter.data_ptr<float>();
    for (int64_t i = 0; i < parameter.numel(); ++i) {
      const auto index = static_cast<uint64_t>(i);
      const double uniform = static_cast<double>(rng.block(index / 4)[index % 4]) * 0x1p-32;
      values[i] = static_cast<float>(center + spread * (2 * uniform - 1));
    }
  }
}

double logit_error(const ParityCase& parity, const torch::Tensor& logits) {
  return (logits.detach() - parity["logits"]).abs().max().item<double>();
}

GradientError gradient_error(const ParityCase& parity, MaskedLanguageModel& model) {
  GradientError result;
  for (const auto& item : model.named_parameters()) {
    const auto expected = parity["gradient." + item.key()].to(torch::kFloat64);
    const double error =
        (item.value().grad().cpu().to(torch::kFloat64) - expected).norm().item<double>() /
        expected.norm().item<double>();
    if (error <= result.largest) continue;
    result = {error, item.key()};
  }
  return result;
}

}  // namespace rexbert::nn
