#pragma once

// nn: the ModernBERT encoder and its masked-language-model head.
//
// Tokens are flat: the sequences of a batch lie end to end, [T, hidden], and offsets say where each
// begins; there is no padding. named_parameters() of MaskedLanguageModel are exactly those of
// transformers' ModernBertForMaskedLM (a decoder's weight that is tied to the embedding is not
// listed), in shape and meaning too: there is no mapping table. Numerics follow transformers 4.57's
// modeling_modernbert.py; tests/nn compares logits, gradients and training steps with it.
//
// Not as transformers: a [PAD] token, which has no place in packed batches, would get a gradient.

#include <torch/torch.h>

#include <map>
#include <memory>

#include "rexbert/nn/config.h"
#include "rexbert/ops/ops.h"

namespace rexbert::nn {

// Base of the rotary embedding's wavelengths; phases change it, so it belongs to a call.
struct RopeTheta {
  double global = 10000;
  double local = 10000;
};

// One micro-batch as the encoder sees it; all tensors int32 on the model's device.
struct EncoderInput {
  torch::Tensor tokens_T;
  torch::Tensor positions_T;   // position inside its own sequence
  torch::Tensor offsets_S1;    // where each sequence begins, and T
  torch::Tensor rows_T;        // row of the global batch; read only when dropout is on
  torch::Tensor row_tokens_T;  // token in that row; read only when dropout is on
  int64_t longest = 0;  // longest sequence, tokens; 0: looked up, for which a GPU is waited for
  RopeTheta rope;
  bool training = false;  // dropout happens only then
  uint64_t seed = 0;      // with step, layer, row and token: names a draw of dropout
  int64_t step = 0;
};

// A linear map without bias or a norm: one parameter, `weight`.
class Weight : public torch::nn::Module {
 public:
  explicit Weight(torch::IntArrayRef sizes);
  // The weight in the type of x, which is a copy when that is not float32. The copy's gradient is
  // added to the weight's own, in float32.
  torch::Tensor like(const torch::Tensor& x) const { return weight.to(x.scalar_type()); }
  torch::Tensor weight;
};

class Embeddings : public torch::nn::Module {
 public:
  explicit Embeddings(const EncoderConfig& config);
  // Takes tok_embeddings' weight in the type to compute in.
  torch::Tensor forward(const torch::Tensor& weight_VD, const torch::Tensor& tokens_T) const;

  std::shared_ptr<Weight> tok_embeddings;  // [V, D]
  std::shared_ptr<Weight> norm;

 private:
  double norm_eps_;
};

class AttentionBlock : public torch::nn::Module {
 public:
  explicit AttentionBlock(const EncoderConfig& config);
  std::shared_ptr<Weight> qkv;  // Wqkv [3 D, D]: all queries, all keys, all values
  std::shared_ptr<Weight> out;  // Wo [D, D]
};

class MlpBlock : public torch::nn::Module {
 public:
  explicit MlpBlock(const EncoderConfig& config);
  std::shared_ptr<Weight> in;   // Wi [2 I, D]: the activated half, then the gate
  std::shared_ptr<Weight> out;  // Wo [D, I]
};

// x += Wo attention(Wqkv norm(x)); x += Wo geglu(Wi norm(x)). The first layer has no attention
// norm.
class Layer : public torch::nn::Module {
 public:
  Layer(const EncoderConfig& config, int64_t index);
  torch::Tensor forward(const torch::Tensor& hidden_TD, const EncoderInput& input,
                        const ops::RopeTable& rope) const;

 private:
  torch::Tensor attend(const torch::Tensor& hidden_TD, const EncoderInput& input,
                       const ops::RopeTable& rope) const;

  EncoderConfig config_;
  int64_t index_;
  std::shared_ptr<Weight> attn_norm_;
  std::shared_ptr<AttentionBlock> attn_;
  std::shared_ptr<Weight> mlp_norm_;
  std::shared_ptr<MlpBlock> mlp_;
};

class Encoder : public torch::nn::Module {
 public:
  // Weights are not initialized: initialize() or a checkpoint does that. Error(kConfig).
  explicit Encoder(const EncoderConfig& config);

  // With kBf16 a forward pass reads each float32 weight and writes its bfloat16 copy once (6 bytes
  // a parameter), and a backward pass turns each gradient back and adds it (18 bytes): 3.6 GB of
  // memory traffic a micro-batch for the base preset. Hooks on the weights' gradients run as ever.
  void set_precision(Precision precision) { precision_ = precision; }

  // The last layer's output after the final norm, [T, D]. Error(kUsage) as the ops say.
  torch::Tensor forward(const EncoderInput& input) { return forward(input, embedding_VD()); }
  // With what embedding_VD() gave, where it is needed elsewhere too.
  torch::Tensor forward(const EncoderInput& input, const torch::Tensor& embedding_VD);

  const EncoderConfig& config() const { return config_; }
  c10::Device device() const { return embeddings_->tok_embeddings->weight.device(); }
  // The embedding in the type that is computed in.
  torch::Tensor embedding_VD() const;

 private:
  ops::RopeTable rope_table(double theta, int64_t positions);

  EncoderConfig config_;
  Precision precision_ = Precision::kF32;
  std::shared_ptr<Embeddings> embeddings_;
  torch::nn::ModuleList layers_;
  std::shared_ptr<Weight> final_norm_;
  std::map<double, ops::RopeTable> ropes_;  // by theta; a run has a few
};

class PredictionHead : public torch::nn::Module {
 public:
  explicit PredictionHead(const EncoderConfig& config);
  // norm(gelu(dense x)).
  torch::Tensor forward(const torch::Tensor& hidden_MD) const;

 private:
  std::shared_ptr<Weight> dense_;
  std::shared_ptr<Weight> norm_;
  double norm_eps_;
};

class Decoder : public torch::nn::Module {
 public:
  explicit Decoder(const EncoderConfig& config);
  torch::Tensor weight;  // [V, D]; undefined where the embedding serves
  torch::Tensor bias;
};

// The summed loss of a micro-batch's masked tokens. The loss of a step is the sum of these over all
// micro-batches and ranks divided by the sum of the counts.
struct MlmLoss {
  torch::Tensor sum;  // scalar
  int64_t count = 0;
};

class MaskedLanguageModel : public torch::nn::Module {
 public:
  explicit MaskedLanguageModel(const EncoderConfig& config);

  // masked_M: indices into T, int32, ascending; targets_M: the ids there, int32.
  MlmLoss loss(const EncoderInput& input, const torch::Tensor& masked_M,
               const torch::Tensor& targets_M);
  // Per-token losses and ranks, without a gradient.
  ops::TokenScores score(const EncoderInput& input, const torch::Tensor& masked_M,
                         const torch::Tensor& targets_M);
  // Logits at some tokens, float32 [M, V].
  torch::Tensor logits(const EncoderInput& input, const torch::Tensor& masked_M);

  void set_precision(Precision precision) { model_->set_precision(precision); }

  Encoder& encoder() { return *model_; }
  const EncoderConfig& config() const { return model_->config(); }
  c10::Device device() const { return model_->device(); }

 private:
  // What the decoder turns into logits.
  struct Head {
    torch::Tensor states_MD;
    torch::Tensor weight_VD;
    torch::Tensor bias_V;
  };
  Head head(const EncoderInput& input, const torch::Tensor& masked_M);

  std::shared_ptr<Encoder> model_;
  std::shared_ptr<PredictionHead> head_;
  std::shared_ptr<Decoder> decoder_;
};

// Megatron initialization: matrices from a normal distribution truncated at two standard
// deviations, of init_std, or init_std / sqrt(2 layers) where they write to the residual stream;
// norms 1; biases 0. Each parameter's draws depend on the seed and its name only.
void initialize(MaskedLanguageModel& model, uint64_t seed);

}  // namespace rexbert::nn
