#include "rexbert/infer/mask_filler.h"

#include "infer/loaded_encoder.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/text/utf8.h"

namespace rexbert::infer {
namespace {

using tokenizer::Tokenizer;

// The text's ids between [CLS] and [SEP].
std::vector<int32_t> encode(const Tokenizer& tokenizer, std::string_view text, int64_t longest) {
  if (!text::is_utf8(text)) {
    throw Error(ErrorCode::kUsage, str_cat("text: expected UTF-8, got ", str_quote(text)));
  }
  std::vector<int32_t> ids = {tokenizer.cls_id()};
  tokenizer.encode_masked(text, ids);
  ids.push_back(tokenizer.sep_id());
  if (static_cast<int64_t>(ids.size()) > longest) {
    throw Error(ErrorCode::kUsage,
                str_cat("text: expected at most ", longest, " tokens, got ", ids.size()));
  }
  return ids;
}

std::vector<int32_t> masks_of(const Tokenizer& tokenizer, std::string_view text,
                              const std::vector<int32_t>& ids) {
  std::vector<int32_t> masks;
  for (size_t i = 0; i < ids.size(); ++i) {
    if (ids[i] == tokenizer.mask_id()) masks.push_back(static_cast<int32_t>(i));
  }
  if (masks.empty()) {
    throw Error(ErrorCode::kUsage, str_cat("text: expected ", tokenizer.piece(tokenizer.mask_id()),
                                           " in it at least once, got ", str_quote(text)));
  }
  return masks;
}

}  // namespace

MaskFiller::MaskFiller(Env& env, const fs::path& folder, const EncoderOptions& options)
    : encoder_(std::make_unique<LoadedEncoder>(env, folder, options)) {}

MaskFiller::~MaskFiller() = default;

std::vector<std::vector<MaskCandidate>> MaskFiller::fill(std::string_view text, int64_t top) const {
  const Tokenizer& tokenizer = encoder_->tokenizer();
  if (top < 1 || top > tokenizer.vocabulary_size()) {
    throw Error(ErrorCode::kUsage,
                str_cat("top: expected 1 to ", tokenizer.vocabulary_size(), ", got ", top));
  }
  std::vector<int32_t> ids = encode(tokenizer, text, encoder_->options().context_length);
  const std::vector<int32_t> masks = masks_of(tokenizer, text, ids);
  SequenceBatch batch;
  batch.add(ids);
  const auto logits_MV = encoder_->logits_MV(batch, masks).to(torch::kCPU, torch::kFloat64);
  // The model may have more rows than the tokenizer has tokens.
  const auto [probabilities, tokens] =
      logits_MV.softmax(1).narrow(1, 0, tokenizer.vocabulary_size()).topk(top, 1);
  const auto probability = probabilities.accessor<double, 2>();
  const auto token = tokens.accessor<int64_t, 2>();

  const auto count = static_cast<int64_t>(masks.size());
  const auto place = [&](int64_t m) -> int32_t& {
    return ids[static_cast<size_t>(masks[static_cast<size_t>(m)])];
  };
  for (int64_t m = 0; m < count; ++m) place(m) = static_cast<int32_t>(token[m][0]);
  std::vector<std::vector<MaskCandidate>> filled(masks.size());
  for (int64_t m = 0; m < count; ++m) {
    const int32_t likeliest = place(m);
    for (int64_t k = 0; k < top; ++k) {
      const auto id = static_cast<int32_t>(token[m][k]);
      place(m) = id;
      filled[static_cast<size_t>(m)].push_back(
          {id, std::string(tokenizer.piece(id)), probability[m][k], tokenizer.decode(ids)});
    }
    place(m) = likeliest;
  }
  return filled;
}

}  // namespace rexbert::infer
