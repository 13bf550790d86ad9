#include "rexbert/eval/mlm.h"

#include <algorithm>
#include <deque>

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/eval/model_input.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::eval {
namespace {

// Collects chunks of documents into batches and scores them.
class Scorer {
 public:
  Scorer(nn::MaskedLanguageModel& model, const batch::Masker& masker, const MlmOptions& options,
         const std::function<void(const DocumentScore&)>& each_document)
      : model_(model), masker_(masker), options_(options), each_document_(each_document) {
    clear();
  }

  void add_document(int64_t shard, int64_t sample, const std::vector<int32_t>& content) {
    const auto length = static_cast<int64_t>(content.size());
    const int64_t section = options_.section_tokens > 0 ? options_.section_tokens : length;
    for (int64_t begin = 0; begin < length; begin += section) {
      add_section(shard, sample, content, begin, std::min(length, begin + section));
    }
  }

  MlmScore finish() {
    flush();
    while (!open_.empty()) close_front();
    return total_;
  }

 private:
  void add_section(int64_t shard, int64_t sample, const std::vector<int32_t>& content,
                   int64_t section_begin, int64_t section_end) {
    open_.push_back({shard, sample, section_begin, {}});
    open_.back().score.documents = 1;
    const int64_t room = options_.context_length - 2;
    for (int64_t begin = section_begin; begin < section_end; begin += room) {
      const int64_t end = std::min(section_end, begin + room);
      if (batch_.tokens() > 0 && batch_.tokens() + end - begin + 2 > options_.micro_tokens) flush();
      add_chunk(static_cast<int32_t>(shard), static_cast<int32_t>(sample), content, begin, end);
    }
  }

  void clear() {
    batch_ = {};
    batch_.offsets_S1.push_back(0);
    document_S_.clear();
  }

  void add_chunk(int32_t shard, int32_t sample, const std::vector<int32_t>& content, int64_t begin,
                 int64_t end) {
    auto& tokens = batch_.tokens_T;
    tokens.push_back(tokenizer::kClsId);
    tokens.insert(tokens.end(), content.begin() + begin, content.begin() + end);
    tokens.push_back(tokenizer::kSepId);
    const auto length = static_cast<int32_t>(end - begin + 2);
    for (int32_t i = 0; i < length; ++i) batch_.positions_T.push_back(i);
    batch_.offsets_S1.push_back(static_cast<int32_t>(tokens.size()));
    batch_.sample_S.push_back({0, 0, shard, sample, static_cast<int32_t>(begin)});
    // One row for the whole batch: masking gives a row without masks one, and where batches end
    // must not show in the masks.
    batch_.row_S.push_back(0);
    batch_.row_start_S.push_back(batch_.offsets_S1[batch_.offsets_S1.size() - 2]);
    batch_.longest = std::max(batch_.longest, length);
    document_S_.push_back(first_open_ + static_cast<int64_t>(open_.size()) - 1);
    open_.back().score.tokens += length;
  }

  void flush() {
    if (batch_.tokens() == 0) return;
    plan::MaskingSpec spec;
    spec.probability = options_.probability;
    spec.mask_share = 1;  // recovery is about tokens that cannot be seen
    spec.random_share = 0;
    masker_.apply_frozen(spec, batch_);
    const ModelInput input = view_batch(batch_, options_.rope);
    const ops::TokenScores scores = model_.score(input.encoder, input.masked_M, input.targets_M);
    const auto loss = scores.loss_M.accessor<float, 1>();
    const auto above = scores.above_M.accessor<int64_t, 1>();
    size_t sequence = 0;
    for (size_t m = 0; m < batch_.masked_M.size(); ++m) {
      while (batch_.masked_M[m] >= batch_.offsets_S1[sequence + 1]) ++sequence;
      MlmScore& score = open_[static_cast<size_t>(document_S_[sequence] - first_open_)].score;
      const auto i = static_cast<int64_t>(m);
      score.loss += loss[i];
      score.masked += 1;
      score.top1 += above[i] < 1;
      score.top3 += above[i] < 3;
      score.top5 += above[i] < 5;
    }
    clear();
    while (open_.size() > 1) close_front();  // the last one may still get chunks
  }

  void close_front() {
    total_.add(open_.front().score);
    if (each_document_) each_document_(open_.front());
    open_.pop_front();
    ++first_open_;
  }

  nn::MaskedLanguageModel& model_;
  const batch::Masker& masker_;
  const MlmOptions& options_;
  const std::function<void(const DocumentScore&)>& each_document_;
  batch::PackedBatch batch_;
  std::vector<int64_t> document_S_;  // which document a sequence belongs to
  std::deque<DocumentScore> open_;   // documents that may still get scores
  int64_t first_open_ = 0;           // number of the document at the front of open_
  MlmScore total_;
};

}  // namespace

void MlmScore::add(const MlmScore& other) {
  loss += other.loss;
  masked += other.masked;
  top1 += other.top1;
  top3 += other.top3;
  top5 += other.top5;
  tokens += other.tokens;
  documents += other.documents;
}

MlmScore evaluate_mlm(nn::MaskedLanguageModel& model, const shard::TokenStream& stream,
                      const batch::Masker& masker, const MlmOptions& options,
                      const std::function<void(const DocumentScore&)>& each_document) {
  if (options.context_length < 8) {
    throw Error(ErrorCode::kUsage,
                str_cat("evaluation: expected a context length of at least 8, got ",
                        options.context_length));
  }
  Scorer scorer(model, masker, options, each_document);
  int64_t read = 0;
  std::vector<int32_t> content;
  for (size_t index = 0; index < stream.shards(); ++index) {
    const auto shard = stream.open_shard(index);
    for (uint64_t sample = 0; sample < shard->samples(); ++sample) {
      if (options.tokens > 0 && read >= options.tokens) return scorer.finish();
      content.resize(shard->length(sample));
      shard->copy(sample, 0, shard->length(sample), content.data());
      if (!content.empty() && content.back() == tokenizer::kSepId) content.pop_back();
      if (!content.empty() && content.front() == tokenizer::kClsId) content.erase(content.begin());
      read += static_cast<int64_t>(content.size()) + 2;
      scorer.add_document(static_cast<int64_t>(index), static_cast<int64_t>(sample), content);
    }
  }
  return scorer.finish();
}

}  // namespace rexbert::eval
