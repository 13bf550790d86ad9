#include "rexbert/infer/span_encoder.h"

#include <algorithm>

#include "infer/loaded_encoder.h"

namespace rexbert::infer {

// [CLS], the tokens of some spans, [SEP].
struct SpanEncoder::Window {
  std::vector<int32_t> tokens_T;
  std::vector<int64_t> span_P;    // rows of the spans that have tokens here
  std::vector<int64_t> length_P;  // tokens of each

  int64_t tokens() const { return static_cast<int64_t>(tokens_T.size()); }
};

SpanEncoder::SpanEncoder(Env& env, const fs::path& folder, const EncoderOptions& options)
    : encoder_(std::make_unique<LoadedEncoder>(env, folder, options)) {}

SpanEncoder::~SpanEncoder() = default;

int64_t SpanEncoder::hidden() const { return encoder_->hidden(); }

nn::MaskedLanguageModel& SpanEncoder::model() const { return encoder_->model(); }

std::vector<SpanEncoder::Window> SpanEncoder::cut_windows(std::span<const Spans> texts) const {
  const tokenizer::Tokenizer& tokenizer = encoder_->tokenizer();
  const int64_t room = encoder_->options().context_length - kFrameTokens;
  std::vector<Window> windows;
  std::vector<int32_t> ids;
  int64_t row = 0;
  const auto close = [&](Window& window) {
    if (window.span_P.empty()) return;
    window.tokens_T.push_back(tokenizer.sep_id());
    windows.push_back(std::move(window));
  };
  for (const Spans& spans : texts) {
    Window window{{tokenizer.cls_id()}, {}, {}};
    for (const std::string_view span : spans) {
      ids.clear();
      tokenizer.encode(span, ids);
      const int64_t length = std::min(static_cast<int64_t>(ids.size()), room);
      if (window.tokens() - 1 + length > room) {
        close(window);
        window = {{tokenizer.cls_id()}, {}, {}};
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
           (end == begin || tokens + windows[end].tokens() <= encoder_->options().micro_tokens)) {
      tokens += windows[end++].tokens();
    }
    encode({windows.data() + begin, end - begin}, states_SD);
  }
  return states_SD;
}

void SpanEncoder::encode(std::span<const Window> windows, torch::Tensor& states_SD) const {
  SequenceBatch batch;
  // The batch in segments: each special token one, each span one.
  std::vector<int64_t> lengths, segments, rows;
  for (const Window& window : windows) {
    batch.add(window.tokens_T);
    lengths.push_back(1);
    for (size_t p = 0; p < window.span_P.size(); ++p) {
      segments.push_back(static_cast<int64_t>(lengths.size()));
      lengths.push_back(window.length_P[p]);
      rows.push_back(window.span_P[p]);
    }
    lengths.push_back(1);
  }
  const torch::Tensor means = encoder_->means_of(batch, lengths).cpu();
  states_SD.index_put_({torch::tensor(rows, torch::kInt64)},
                       means.index_select(0, torch::tensor(segments, torch::kInt64)));
}

}  // namespace rexbert::infer
