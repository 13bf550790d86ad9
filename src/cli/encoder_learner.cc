#include "cli/encoder_learner.h"

#include <map>
#include <mutex>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"
#include "rexbert/hf/model_folder.h"
#include "rexbert/hf/safetensors.h"
#include "rexbert/infer/span_encoder.h"
#include "rexbert/infer/span_head.h"
#include "rexbert/tasks/span_head_fit.h"

namespace rexbert::cli {
namespace {

using curate::DocumentLines;
using curate::Label;
using curate::LabelTask;

constexpr const char* kSuffix = ".head.safetensors";
constexpr const char* kEncoderKey = "encoder";
constexpr int64_t kClasses = 2;  // other, e-commerce, as Label has them

class EncoderClassifier : public curate::LineClassifier {
 public:
  EncoderClassifier(std::shared_ptr<const infer::SpanEncoder> encoder,
                    std::shared_ptr<infer::SpanHead> head, std::string encoder_hash)
      : encoder_(std::move(encoder)), head_(std::move(head)), hash_(std::move(encoder_hash)) {}

  std::vector<std::vector<double>> log_odds(
      std::span<const DocumentLines> documents) const override {
    const torch::NoGradGuard no_grad;
    const torch::Tensor states_SD = encoder_->mean_states(documents);
    const torch::Tensor logits_SC = head_->forward(states_SD).to(torch::kFloat64);
    // A line without tokens says nothing.
    const torch::Tensor odds_S =
        torch::where(states_SD.any(1), logits_SC.select(1, 1) - logits_SC.select(1, 0),
                     torch::zeros({}, torch::kFloat64))
            .contiguous();
    const double* next = odds_S.data_ptr<double>();
    std::vector<std::vector<double>> odds;
    for (const DocumentLines& lines : documents) {
      odds.emplace_back(next, next + lines.size());
      next += lines.size();
    }
    return odds;
  }

  void save(Env& env, const fs::path& base) const override {
    head_->save(env, base.string() + kSuffix, {{"format", "pt"}, {kEncoderKey, hash_}});
  }

 private:
  std::shared_ptr<const infer::SpanEncoder> encoder_;
  std::shared_ptr<infer::SpanHead> head_;
  std::string hash_;
};

class EncoderLearner : public curate::LineLearner {
 public:
  EncoderLearner(Env& env, const curate::EncoderOptions& options)
      : env_(env),
        options_(options),
        hash_(hash_hex("xxh3_128",
                       env.map_file(fs::path(options.checkpoint) / hf::kWeightsFile)->data())) {}

  std::unique_ptr<curate::LineClassifier> train(std::span<const LabelTask* const> tasks,
                                                const fs::path&) const override {
    std::vector<torch::Tensor> states;
    std::vector<int64_t> classes;
    std::array<uint64_t, kClasses> counts{};
    for (const LabelTask* task : tasks) {
      states.push_back(states_of(*task));
      for (const Label label : task->labels) {
        if (label == Label::kFailed) continue;
        classes.push_back(static_cast<int64_t>(label));
        ++counts.at(static_cast<size_t>(label));
      }
    }
    if (counts[0] == 0 || counts[1] == 0) {
      throw Error(ErrorCode::kUsage,
                  str_cat("classifier: expected lines of both kinds, got ", counts[1],
                          " that are e-commerce and ", counts[0], " that are not"));
    }
    auto head = std::make_shared<infer::SpanHead>(encoder()->model(), kClasses);
    tasks::fit_span_head(*head, torch::cat(states), torch::tensor(classes, torch::kInt64),
                         {.epochs = options_.epochs,
                          .batch = options_.batch_lines,
                          .learning_rate = options_.learning_rate,
                          .seed = options_.seed});
    return std::make_unique<EncoderClassifier>(encoder(), std::move(head), hash_);
  }

  std::unique_ptr<curate::LineClassifier> load(const fs::path& base) const override {
    const fs::path path = base.string() + kSuffix;
    const auto metadata = hf::read_safetensors_metadata(env_, path);
    const auto made_with = metadata.find(kEncoderKey);
    if (made_with == metadata.end() || made_with->second != hash_) {
      throw Error(ErrorCode::kIncompatible,
                  str_cat(path.string(), ": expected a head for the encoder in ",
                          options_.checkpoint, " (weights ", hash_, "), got one for ",
                          made_with == metadata.end() ? "none" : made_with->second));
    }
    auto head = std::make_shared<infer::SpanHead>(encoder()->model(), kClasses);
    head->load(env_, path);
    return std::make_unique<EncoderClassifier>(encoder(), std::move(head), hash_);
  }

  const char* suffix() const override { return kSuffix; }

  Json settings() const override {
    return {{"encoder", hash_},
            {"precision", options_.precision},
            {"context_length", options_.context_length},
            {"epochs", options_.epochs},
            {"batch_lines", options_.batch_lines},
            {"learning_rate", options_.learning_rate}};
  }

 private:
  std::shared_ptr<const infer::SpanEncoder> encoder() const {
    std::call_once(loading_, [this] {
      encoder_ = std::make_shared<const infer::SpanEncoder>(
          env_, options_.checkpoint,
          infer::EncoderOptions{.context_length = options_.context_length,
                                .micro_tokens = options_.micro_tokens,
                                .device = options_.device,
                                .precision = options_.precision == "bf16" ? nn::Precision::kBf16
                                                                          : nn::Precision::kF32});
    });
    return encoder_;
  }

  // Of the labelled lines, in their order; float16.
  torch::Tensor states_of(const LabelTask& task) const {
    const uint64_t key = hash64(task.document.text, hash64(task.document.id));
    {
      const std::scoped_lock lock(mutex_);
      if (const auto found = states_.find(key); found != states_.end()) return found->second;
    }
    const DocumentLines lines = curate::split_lines(task.document.text);
    std::vector<int64_t> labelled;
    for (size_t i = 0; i < task.lines.size(); ++i) {
      if (task.labels[i] != Label::kFailed) labelled.push_back(task.lines[i]);
    }
    const torch::Tensor states = encoder()
                                     ->mean_states({&lines, 1})
                                     .index_select(0, torch::tensor(labelled, torch::kInt64))
                                     .to(torch::kFloat16);
    const std::scoped_lock lock(mutex_);
    return states_.emplace(key, states).first->second;
  }

  Env& env_;
  curate::EncoderOptions options_;
  std::string hash_;  // of the encoder's weights
  mutable std::once_flag loading_;
  mutable std::shared_ptr<const infer::SpanEncoder> encoder_;
  mutable std::mutex mutex_;
  mutable std::map<uint64_t, torch::Tensor> states_;
};

}  // namespace

std::unique_ptr<curate::LineLearner> make_encoder_learner(Env& env,
                                                          const curate::EncoderOptions& options) {
  return std::make_unique<EncoderLearner>(env, options);
}

}  // namespace rexbert::cli
