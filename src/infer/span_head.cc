#include "rexbert/infer/span_head.h"

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/hf/safetensors.h"

namespace rexbert::infer {

SpanHead::SpanHead(nn::MaskedLanguageModel& model, int64_t classes) {
  const torch::NoGradGuard no_grad;
  head_ = register_module("head", std::make_shared<nn::PredictionHead>(model.config()));
  classifier_ = register_module("classifier", torch::nn::Linear(model.config().hidden, classes));
  const auto pretrained = model.named_parameters();
  for (auto& parameter : named_parameters()) {
    const auto* const source = pretrained.find(parameter.key());
    if (source != nullptr) {
      parameter.value().copy_(*source);
    } else {
      parameter.value().zero_();
    }
  }
}

torch::Tensor SpanHead::forward(const torch::Tensor& states_MD) const {
  return torch::nn::functional::linear(head_->forward(states_MD), classifier_->weight,
                                       classifier_->bias);
}

void SpanHead::save(Env& env, const fs::path& path,
                    const std::map<std::string, std::string>& metadata) const {
  hf::NamedTensors tensors;
  for (const auto& parameter : named_parameters()) {
    tensors.emplace_back(parameter.key(), parameter.value());
  }
  const fs::path aside = path.string() + ".partial";
  hf::write_safetensors(env, aside, tensors, metadata);
  env.rename(aside, path);
  env.sync_directory(path.parent_path());
}

void SpanHead::load(Env& env, const fs::path& path) {
  const torch::NoGradGuard no_grad;
  const auto tensors = hf::read_safetensors(env, path);
  for (auto& parameter : named_parameters()) {
    const auto found = tensors.find(parameter.key());
    if (found != tensors.end() && found->second.sizes() == parameter.value().sizes()) {
      parameter.value().copy_(found->second);
      continue;
    }
    throw Error(ErrorCode::kIncompatible,
                str_cat(path.string(), ": tensor ", parameter.key(), ": expected one of ",
                        parameter.value().numel(), " numbers, got ",
                        found == tensors.end() ? str_cat("none")
                                               : str_cat("one of ", found->second.numel())));
  }
}

}  // namespace rexbert::infer
