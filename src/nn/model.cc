#include "rexbert/nn/model.h"

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/nn/step_profile.h"

namespace rexbert::nn {

Weight::Weight(torch::IntArrayRef sizes)
    : weight(register_parameter("weight", torch::empty(sizes))) {}

Embeddings::Embeddings(const EncoderConfig& config)
    : tok_embeddings(register_module("tok_embeddings", std::make_shared<Weight>(torch::IntArrayRef{
                                                           config.vocabulary, config.hidden}))),
      norm(register_module("norm", std::make_shared<Weight>(torch::IntArrayRef{config.hidden}))),
      norm_eps_(config.norm_eps) {}

torch::Tensor Embeddings::forward(const torch::Tensor& weight_VD,
                                  const torch::Tensor& tokens_T) const {
  const PartScope scope(StepPart::kEmbedding);
  return ops::embedding_norm(weight_VD, norm->like(weight_VD), tokens_T, norm_eps_);
}

AttentionBlock::AttentionBlock(const EncoderConfig& config)
    : qkv(register_module(
          "Wqkv", std::make_shared<Weight>(torch::IntArrayRef{3 * config.hidden, config.hidden}))),
      out(register_module(
          "Wo", std::make_shared<Weight>(torch::IntArrayRef{config.hidden, config.hidden}))) {}

MlpBlock::MlpBlock(const EncoderConfig& config)
    : in(register_module("Wi", std::make_shared<Weight>(
                                   torch::IntArrayRef{2 * config.intermediate, config.hidden}))),
      out(register_module(
          "Wo", std::make_shared<Weight>(torch::IntArrayRef{config.hidden, config.intermediate}))) {
}

Layer::Layer(const EncoderConfig& config, int64_t index) : config_(config), index_(index) {
  const auto norm = [&] { return std::make_shared<Weight>(torch::IntArrayRef{config.hidden}); };
  if (index > 0) attn_norm_ = register_module("attn_norm", norm());
  attn_ = register_module("attn", std::make_shared<AttentionBlock>(config));
  mlp_norm_ = register_module("mlp_norm", norm());
  mlp_ = register_module("mlp", std::make_shared<MlpBlock>(config));
}

namespace {

torch::Tensor norm(const torch::Tensor& x_TD, const Weight& weight, double eps) {
  const PartScope scope(StepPart::kNorms);
  return ops::layer_norm(x_TD, weight.like(x_TD), eps);
}

ops::Recomputable recomputable_norm(const torch::Tensor& x_TD, const Weight& weight, double eps) {
  const PartScope scope(StepPart::kNorms);
  const auto weight_D = weight.like(x_TD);
  return {ops::layer_norm(x_TD, weight_D, eps), {x_TD, weight_D}, [eps](const auto& from) {
            return ops::layer_norm(from[0], from[1], eps);
          }};
}

ops::Recomputable gate(const ops::Recomputable& x_TD, const Weight& in) {
  const auto wide_T2I =
      in_part(StepPart::kMlpIn, [&] { return ops::linear(x_TD, in.like(x_TD.value)); });
  return {in_part(StepPart::kGeglu, [&] { return ops::geglu(wide_T2I); }),
          {wide_T2I},
          [](const auto& from) { return ops::geglu(from[0]); }};
}

}  // namespace

torch::Tensor Layer::attend(const torch::Tensor& hidden_TD, const EncoderInput& input,
                            const ops::RopeTable& rope) const {
  const ops::Recomputable normed_TD =
      attn_norm_
          ? recomputable_norm(hidden_TD, *attn_norm_, config_.norm_eps)
          : ops::Recomputable{hidden_TD, {hidden_TD}, [](const auto& from) { return from[0]; }};
  const auto qkv_T3NH = in_part(StepPart::kQkv, [&] {
    return ops::linear(normed_TD, attn_->qkv->like(hidden_TD))
        .view({hidden_TD.size(0), 3, config_.heads, config_.head_dim()});
  });
  const bool global = config_.is_global(index_);
  const int64_t window = global ? ops::kGlobalAttention : config_.local_window / 2;
  return in_part(global ? StepPart::kGlobalAttention : StepPart::kLocalAttention, [&] {
    return ops::attention(qkv_T3NH, rope, input.positions_T, input.offsets_S1, window,
                          input.longest)
        .reshape({hidden_TD.size(0), config_.hidden});
  });
}

torch::Tensor Layer::forward(const torch::Tensor& input_TD, const EncoderInput& input,
                             const ops::RopeTable& rope) const {
  const auto attended_TD = attend(input_TD, input, rope);
  const auto hidden_TD = in_part(StepPart::kAttentionOut, [&]() -> torch::Tensor {
    const auto out_DD = attn_->out->like(attended_TD);
    if (!input.training || config_.attention_dropout_out == 0) {
      return torch::addmm(input_TD, attended_TD, out_DD.t());
    }
    return ops::dropout_add(input_TD, torch::linear(attended_TD, out_DD), input.rows_T,
                            input.row_tokens_T, config_.attention_dropout_out,
                            {.seed = input.seed, .step = input.step, .layer = index_});
  });
  const auto gated_TI = gate(recomputable_norm(hidden_TD, *mlp_norm_, config_.norm_eps), *mlp_->in);
  return in_part(StepPart::kMlpOut,
                 [&] { return ops::linear(gated_TI, mlp_->out->like(gated_TI.value), hidden_TD); });
}

Encoder::Encoder(const EncoderConfig& config) : config_(config) {
  validate(config);
  embeddings_ = register_module("embeddings", std::make_shared<Embeddings>(config));
  layers_ = register_module("layers", torch::nn::ModuleList());
  for (int64_t i = 0; i < config.layers; ++i)
    layers_->push_back(std::make_shared<Layer>(config, i));
  final_norm_ =
      register_module("final_norm", std::make_shared<Weight>(torch::IntArrayRef{config.hidden}));
}

ops::RopeTable Encoder::rope_table(double theta, int64_t positions) {
  ops::RopeTable& table = ropes_[theta];
  if (!table.cos_PH.defined() || table.cos_PH.size(0) < positions ||
      table.cos_PH.device() != device()) {
    constexpr int64_t kGranularity = 1024;
    const int64_t rounded = (positions + kGranularity - 1) / kGranularity * kGranularity;
    table = ops::rope_table(rounded, config_.head_dim(), theta);
    table = {table.cos_PH.to(device()), table.sin_PH.to(device())};
  }
  return table;
}

torch::Tensor Encoder::embedding_VD() const {
  return embeddings_->tok_embeddings->weight.to(precision_ == Precision::kBf16 ? torch::kBFloat16
                                                                               : torch::kFloat32);
}

torch::Tensor Encoder::forward(const EncoderInput& batch, const torch::Tensor& embedding_VD) {
  EncoderInput input = batch;
  if (input.longest == 0 && input.positions_T.numel() > 0) {
    input.longest = input.positions_T.max().item<int64_t>() + 1;
  }
  const ops::RopeTable global = rope_table(input.rope.global, input.longest);
  const ops::RopeTable local = rope_table(input.rope.local, input.longest);
  auto hidden_TD = embeddings_->forward(embedding_VD, input.tokens_T);
  for (int64_t i = 0; i < config_.layers; ++i) {
    hidden_TD = layers_->at<Layer>(static_cast<size_t>(i))
                    .forward(hidden_TD, input, config_.is_global(i) ? global : local);
  }
  return norm(hidden_TD, *final_norm_, config_.norm_eps);
}

PredictionHead::PredictionHead(const EncoderConfig& config)
    : dense_(register_module(
          "dense", std::make_shared<Weight>(torch::IntArrayRef{config.hidden, config.hidden}))),
      norm_(register_module("norm", std::make_shared<Weight>(torch::IntArrayRef{config.hidden}))),
      norm_eps_(config.norm_eps) {}

torch::Tensor PredictionHead::forward(const torch::Tensor& hidden_MD) const {
  return ops::layer_norm(torch::gelu(torch::linear(hidden_MD, dense_->like(hidden_MD))),
                         norm_->like(hidden_MD), norm_eps_);
}

Decoder::Decoder(const EncoderConfig& config) {
  if (!config.tied) {
    weight = register_parameter("weight", torch::empty({config.vocabulary, config.hidden}));
  }
  bias = register_parameter("bias", torch::empty({config.vocabulary}));
}

MaskedLanguageModel::MaskedLanguageModel(const EncoderConfig& config)
    : model_(register_module("model", std::make_shared<Encoder>(config))),
      head_(register_module("head", std::make_shared<PredictionHead>(config))),
      decoder_(register_module("decoder", std::make_shared<Decoder>(config))) {}

MaskedLanguageModel::Head MaskedLanguageModel::head(const EncoderInput& input,
                                                    const torch::Tensor& masked_M) {
  const auto embedding_VD = model_->embedding_VD();
  const auto hidden_TD = model_->forward(input, embedding_VD);
  const auto type = embedding_VD.scalar_type();
  const auto weight_VD = config().tied ? embedding_VD : decoder_->weight.to(type);
  const auto states_MD =
      in_part(StepPart::kHead, [&] { return head_->forward(hidden_TD.index_select(0, masked_M)); });
  return {states_MD, weight_VD, decoder_->bias.to(type)};
}

MlmLoss MaskedLanguageModel::loss(const EncoderInput& input, const torch::Tensor& masked_M,
                                  const torch::Tensor& targets_M) {
  const Head last = head(input, masked_M);
  const PartScope scope(StepPart::kDecoder);
  return {ops::linear_cross_entropy(last.states_MD, last.weight_VD, last.bias_V, targets_M),
          masked_M.size(0)};
}

ops::TokenScores MaskedLanguageModel::score(const EncoderInput& input,
                                            const torch::Tensor& masked_M,
                                            const torch::Tensor& targets_M) {
  torch::NoGradGuard no_grad;
  const Head last = head(input, masked_M);
  return ops::score_tokens(last.states_MD, last.weight_VD, last.bias_V, targets_M);
}

torch::Tensor MaskedLanguageModel::logits(const EncoderInput& input,
                                          const torch::Tensor& masked_M) {
  const Head last = head(input, masked_M);
  return torch::linear(last.states_MD, last.weight_VD, last.bias_V).to(torch::kFloat32);
}

}  // namespace rexbert::nn
