#include "rexbert/eval/mlm.h"

#include <algorithm>
#include <cstring>
#include <deque>
#include <string>

#include "eval/exchange.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/eval/model_input.h"

namespace rexbert::eval {
namespace {

// What became of one masked token.
struct ScoredToken {
  int64_t document;  // counted from the stream's start
  int64_t position;  // in its section
  int64_t above;     // logits above the target's
  double loss;       // a float's value
};

// Collects chunks of documents into batches and scores them. A token's loss may depend in its last
// bits on the batch that it lies in, and a sum on its order: so every rank makes the same batches,
// scores one of as many as there are ranks, and adds all of them up as one process would.
class Scorer {
 public:
  Scorer(nn::MaskedLanguageModel& model, const batch::Masker& masker, const MlmOptions& options,
         dist::ProcessGroup& group, const MlmListeners& listeners)
      : model_(model),
        masker_(masker),
        options_(options),
        group_(group),
        exchange_(group),
        listeners_(listeners) {
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
    end_round(true);
    while (!open_.empty()) close_front();
    return total_;
  }

  // Tells the ranks that would wait for this one.
  void fail(const std::exception& error) noexcept { exchange_.fail(error); }

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
      position_S_.push_back(begin - section_begin);
    }
  }

  void clear() {
    batch_ = {};
    batch_.offsets_S1.push_back(0);
    document_S_.clear();
    position_S_.clear();
  }

  void add_chunk(int32_t shard, int32_t sample, const std::vector<int32_t>& content, int64_t begin,
                 int64_t end) {
    auto& tokens = batch_.tokens_T;
    tokens.push_back(masker_.vocabulary().cls_id);
    tokens.insert(tokens.end(), content.begin() + begin, content.begin() + end);
    tokens.push_back(masker_.vocabulary().sep_id);
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
    tokens_read_ += batch_.tokens();
    if (batches_in_round_ == group_.rank()) score_batch();
    clear();
    if (++batches_in_round_ == group_.world_size()) end_round(false);
  }

  void score_batch() {
    plan::MaskingSpec spec;
    spec.probability = options_.probability;
    spec.mask_share = 1;  // recovery is about tokens that cannot be seen
    spec.random_share = 0;
    masker_.apply_frozen(spec, batch_);
    const ModelInput input = to_device(view_batch(batch_, options_.rope), model_.device());
    const ops::TokenScores scores = model_.score(input.encoder, input.masked_M, input.targets_M);
    const auto loss_M = scores.loss_M.cpu();
    const auto above_M = scores.above_M.cpu();
    const auto loss = loss_M.accessor<float, 1>();
    const auto above = above_M.accessor<int64_t, 1>();
    size_t sequence = 0;
    for (size_t m = 0; m < batch_.masked_M.size(); ++m) {
      while (batch_.masked_M[m] >= batch_.offsets_S1[sequence + 1]) ++sequence;
      const auto i = static_cast<int64_t>(m);
      const int64_t content_before = batch_.masked_M[m] - batch_.offsets_S1[sequence] - 1;
      const ScoredToken token = {document_S_[sequence], position_S_[sequence] + content_before,
                                 above[i], loss[i]};
      found_.append(reinterpret_cast<const char*>(&token), sizeof(token));
    }
  }

  void end_round(bool last) {
    for (const std::string& found : exchange_.round(found_, tokens_read_, last)) {
      ScoredToken token;
      for (size_t at = 0; at + sizeof(token) <= found.size(); at += sizeof(token)) {
        std::memcpy(&token, found.data() + at, sizeof(token));
        add_token(token);
      }
    }
    found_.clear();
    batches_in_round_ = 0;
    while (open_.size() > 1) close_front();  // the last one may still get chunks
  }

  void add_token(const ScoredToken& token) {
    MlmScore& score = open_.at(static_cast<size_t>(token.document - first_open_)).score;
    score.loss += token.loss;
    score.masked += 1;
    score.top1 += token.above < 1;
    score.top3 += token.above < 3;
    score.top5 += token.above < 5;
    if (listeners_.each_token) listeners_.each_token({token.position, token.loss, token.above});
  }

  void close_front() {
    total_.add(open_.front().score);
    if (listeners_.each_document) listeners_.each_document(open_.front());
    open_.pop_front();
    ++first_open_;
  }

  nn::MaskedLanguageModel& model_;
  const batch::Masker& masker_;
  const MlmOptions& options_;
  dist::ProcessGroup& group_;
  Exchange exchange_;
  const MlmListeners& listeners_;
  batch::PackedBatch batch_;
  std::vector<int64_t> document_S_;  // which document a sequence belongs to
  std::vector<int64_t> position_S_;  // of its first content token in its section
  std::deque<DocumentScore> open_;   // documents that may still get scores
  int64_t first_open_ = 0;           // number of the document at the front of open_
  int64_t tokens_read_ = 0;          // in whole batches
  int batches_in_round_ = 0;
  std::string found_;  // the ScoredTokens of this rank's batch of the round
  MlmScore total_;
};

// The documents of a stream from its start on, without the special tokens that some hold.
class StreamDocuments {
 public:
  StreamDocuments(const shard::TokenStream& stream, const batch::MaskVocabulary& vocabulary,
                  int32_t lookahead)
      : stream_(stream), vocabulary_(vocabulary), lookahead_(static_cast<size_t>(lookahead)) {}

  bool next(MlmDocument& document) {
    while (shard_ == nullptr || sample_ == shard_->samples()) {
      if (next_shard_ == stream_.shards()) return false;
      stream_.prefetch_behind(next_shard_, lookahead_);
      shard_ = stream_.open_shard(next_shard_++);
      sample_ = 0;
    }
    document.shard = static_cast<int64_t>(next_shard_) - 1;
    document.sample = static_cast<int64_t>(sample_);
    std::vector<int32_t>& content = document.content;
    content.resize(shard_->length(sample_));
    shard_->copy(sample_, 0, shard_->length(sample_), content.data());
    if (!content.empty() && content.back() == vocabulary_.sep_id) content.pop_back();
    if (!content.empty() && content.front() == vocabulary_.cls_id) content.erase(content.begin());
    ++sample_;
    return true;
  }

 private:
  const shard::TokenStream& stream_;
  const batch::MaskVocabulary& vocabulary_;
  size_t lookahead_;
  size_t next_shard_ = 0;
  std::shared_ptr<const shard::TokenShard> shard_;
  uint64_t sample_ = 0;
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
                      dist::ProcessGroup& group, const MlmListeners& listeners) {
  StreamDocuments documents(stream, masker.vocabulary(), options.lookahead);
  return evaluate_mlm(
      model, [&](MlmDocument& document) { return documents.next(document); }, masker, options,
      group, listeners);
}

MlmScore evaluate_mlm(nn::MaskedLanguageModel& model, const std::function<bool(MlmDocument&)>& next,
                      const batch::Masker& masker, const MlmOptions& options,
                      dist::ProcessGroup& group, const MlmListeners& listeners) {
  if (options.context_length < 8) {
    throw Error(ErrorCode::kUsage,
                str_cat("evaluation: expected a context length of at least 8, got ",
                        options.context_length));
  }
  Scorer scorer(model, masker, options, group, listeners);
  try {
    MlmDocument document;
    int64_t read = 0;
    while ((options.tokens == 0 || read < options.tokens) && next(document)) {
      read += static_cast<int64_t>(document.content.size()) + 2;
      scorer.add_document(document.shard, document.sample, document.content);
    }
    return scorer.finish();
  } catch (const std::exception& error) {
    scorer.fail(error);
    throw;
  }
}

}  // namespace rexbert::eval
