#include "rexbert/infer/span_encoder.h"

#include <algorithm>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/nn/device.h"

namespace rexbert::infer {
namespace {

constexpr int64_t kSpecialTokens = 2;  // [CLS] and [SEP]
constexpr int64_t kShortestContext = 8;

torch::Tensor int32_tensor(const std::vector<int32_t>& values, c10::Device device) {
  return torch::tensor(values, torch::kInt32).to(device);
}

}  // namespace

// [CLS], the tokens of some spans, [SEP].
struct SpanEncoder::Window {
  std::vector<int32_t> tokens_T;
  std::vector<int64_t> span_P;    // rows of the spans that have tokens here
  std::vector<int64_t> length_P;  // tokens of each

  int64_t tokens() const { return static_cast<int64_t>(tokens_T.size()); }
};

SpanEncoder::SpanEncoder(Env& env, const fs::path& folder, const SpanEncoderOptions& options)
    : tokenizer_(tokenizer::Tokenizer::load(env, folder)), options_(options) {
  const c10::Device device = nn::use_device(options.device);
  const hf::LoadedModel loaded = hf::load_model(env, folder);
  model_ = loaded.model;
  model_->to(device);
  model_->set_precision(options.precision);
  rope_ = loaded.config.rope;
  if (options_.context_length == 0) {
    options_.context_length = loaded.config.max_position_embeddings;
  }
  if (options_.context_length < kShortestContext) {
    throw Error(ErrorCode::kUsage,
                str_cat("encoder: context length: expected at least ", kShortestContext,
                        " tokens, got ", options_.context_length));
  }
}

std::vector<SpanEncoder::Window> SpanEncoder::cut_windows(std::span<const Spans> texts) const {
  const int64_t room = options_.context_length - kSpecialTokens;
  std::vector<Window> windows;
  std::vector<int32_t> ids;
  int64_t row = 0;
  const auto close = [&](Window& window) {
    if (window.span_P.empty()) return;
    window.tokens_T.push_back(tokenizer_.sep_id());
    windows.push_back(std::move(window));
  };
  for (const Spans& spans : texts) {
    Window window{{tokenizer_.cls_id()}, {}, {}};
    for (const std::string_view span : spans) {
      ids.clear();
      tokenizer_.encode(span, ids);
      const int64_t length = std::min(static_cast<int64_t>(ids.size()), room);
      if (window.tokens() - 1 + length > room) {
        close(window);
        window = {{tokenizer_.cls_id()}, {}, {}};
      }
      if (length > 0) {
        window.tokens_T.insert(window.tokens_T.end(), ids.begin(), ids.begin() + length);
        window.span_P.push_back(row);
        window.length_P.push_back(length);
      }
      ++row;
    }
    close(window);
  }
  return windows;
}

torch::Tensor SpanEncoder::mean_states(std::span<const Spans> texts) const {
  int64_t spans = 0;
  for (const Spans& text : texts) spans += static_cast<int64_t>(text.size());
  torch::Tensor states_SD = torch::zeros({spans, hidden()}, torch::kFloat32);
  const std::vector<Window> windows = cut_windows(texts);
  for (size_t begin = 0, end = 0; begin < windows.size(); begin = end) {
    int64_t tokens = 0;
    while (end < windows.size() &&
           (end == begin || tokens + windows[end].tokens() <= options_.micro_tokens)) {
      tokens += windows[end++].tokens();
    }
    encode({windows.data() + begin, end - begin}, states_SD);
  }
  return states_SD;
}

void SpanEncoder::encode(std::span<const Window> windows, torch::Tensor& states_SD) const {
  const torch::NoGradGuard no_grad;
  std::vector<int32_t> tokens_T, positions_T, offsets_S1 = {0};
  // The batch in segments: each special token one, each span one.
  std::vector<int64_t> lengths, segments, rows;
  int64_t longest = 0;
  for (const Window& window : windows) {
    tokens_T.insert(tokens_T.end(), window.tokens_T.begin(), window.tokens_T.end());
    for (int32_t i = 0; i < window.tokens(); ++i) positions_T.push_back(i);
    offsets_S1.push_back(static_cast<int32_t>(tokens_T.size()));
    longest = std::max(longest, window.tokens());
    lengths.push_back(1);
    for (size_t p = 0; p < window.span_P.size(); ++p) {
      segments.push_back(static_cast<int64_t>(lengths.size()));
      lengths.push_back(window.length_P[p]);
      rows.push_back(window.span_P[p]);
    }
    lengths.push_back(1);
  }
  const c10::Device device = model_->device();
  nn::EncoderInput input;
  input.tokens_T = int32_tensor(tokens_T, device);
  input.positions_T = int32_tensor(positions_T, device);
  input.offsets_S1 = int32_tensor(offsets_S1, device);
  input.longest = longest;
  input.rope = rope_;
  torch::Tensor means;
  {
    const std::scoped_lock lock(computing_);
    const torch::Tensor hidden_TD = model_->encoder().forward(input).to(torch::kFloat32);
    means =
        torch::segment_reduce(hidden_TD, "mean", torch::tensor(lengths, torch::kInt64).to(device))
            .cpu();
  }
  states_SD.index_put_({torch::tensor(rows, torch::kInt64)},
                       means.index_select(0, torch::tensor(segments, torch::kInt64)));
}

}  // namespace rexbert::infer
