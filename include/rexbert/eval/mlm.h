#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "rexbert/batch/masking.h"
#include "rexbert/dist/process_group.h"
#include "rexbert/nn/model.h"
#include "rexbert/shard/token_stream.h"

// eval: how good a model is. It reads, masks and scores, and never trains.
namespace rexbert::eval {

struct MlmOptions {
  double probability = 0.15;  // uniform masks, the same every time
  int32_t context_length =
      1024;            // longer documents are cut into chunks of it, [CLS] and [SEP] included
  int64_t tokens = 0;  // how much of the stream is read, from its start; 0: all
  // Documents are cut into sections of so many content tokens before anything else, each scored as
  // a document of its own; 0: none. With it, the same tokens can be scored with more and less
  // context.
  int64_t section_tokens = 0;
  int64_t micro_tokens = 16'384;  // tokens scored at once; activation memory grows with it
  int32_t lookahead = 1;  // shards fetched ahead of the one that is read, of a stream behind a URL
  nn::RopeTheta rope;
};

// Sums over masked tokens.
struct MlmScore {
  double loss = 0;  // nats, a sum
  int64_t masked = 0;
  int64_t top1 = 0, top3 = 0, top5 = 0;  // tokens among the k likeliest
  int64_t tokens = 0;                    // read, special tokens included
  int64_t documents = 0;

  bool operator==(const MlmScore&) const = default;
  void add(const MlmScore& other);
  double mean_loss() const { return masked > 0 ? loss / static_cast<double>(masked) : 0; }
  double share(int64_t recovered) const {
    return masked > 0 ? static_cast<double>(recovered) / static_cast<double>(masked) : 0;
  }
};

struct DocumentScore {
  int64_t shard = 0;
  int64_t sample = 0;
  int64_t token = 0;  // first content token: above 0 for later sections
  MlmScore score;

  bool operator==(const DocumentScore&) const = default;
};

// The seed of all evaluation masks: a token is masked or not whatever run, step or context length
// it is evaluated with, so that scores can be compared token by token.
inline constexpr uint64_t kEvaluationSeed = 15;

// One masked token.
struct TokenScore {
  int64_t position = 0;  // content tokens of its section before it
  double loss = 0;       // nats
  int64_t above = 0;     // tokens that the model holds likelier
};

// Content tokens, without [CLS] and [SEP]. The two numbers name the document, and its masks depend
// on them.
struct MlmDocument {
  int64_t shard = 0;
  int64_t sample = 0;
  std::vector<int32_t> content;
};

// Who wants to know more than the sums, in the order of the stream; all may be empty.
struct MlmListeners {
  std::function<void(const DocumentScore&)> each_document = {};
  std::function<void(const TokenScore&)> each_token = {};
};

// Masked-token recovery (RexBERT, arXiv 2602.04605: top-k accuracy at 15%) of `model` on a stream
// of documents, in the order of its shards. `masker` must be made with kEvaluationSeed.
//
// The ranks of `group` share the work; all call this with the same arguments, and all get the same
// bits as one process would. An Error on one of them ends the call on all.
MlmScore evaluate_mlm(nn::MaskedLanguageModel& model, const shard::TokenStream& stream,
                      const batch::Masker& masker, const MlmOptions& options,
                      dist::ProcessGroup& group, const MlmListeners& listeners = {});

// The same of documents from anywhere: `next` fills the next one, the same on all ranks, or returns
// false.
MlmScore evaluate_mlm(nn::MaskedLanguageModel& model, const std::function<bool(MlmDocument&)>& next,
                      const batch::Masker& masker, const MlmOptions& options,
                      dist::ProcessGroup& group, const MlmListeners& listeners = {});

}  // namespace rexbert::eval
