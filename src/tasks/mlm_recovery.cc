#include "rexbert/tasks/mlm_recovery.h"

#include <algorithm>
#include <memory>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/strings.h"
#include "rexbert/dist/process_group.h"
#include "rexbert/eval/mlm.h"
#include "rexbert/hf/model_folder.h"
#include "rexbert/nn/device.h"
#include "rexbert/shard/token_stream.h"
#include "rexbert/text/document_reader.h"
#include "rexbert/tokenizer/tokenizer.h"

namespace rexbert::tasks {
namespace {

constexpr const char* kShardIndex = "index.json";

bool is_shards(Env& env, const fs::path& path) { return env.exists(path / kShardIndex); }

// Nothing declares shards made elsewhere: a suite has models of several tokenizers.
shard::TokenStream open_shards(Env& env, const std::string& path,
                               const batch::TokenizerIdentity& tokenizer) {
  return batch::open_tokens(env, {.path = path}, tokenizer, "");
}

text::DocumentReader open_text(Env& env, const std::string& path) {
  return {env, path, 0, {}, text::make_bad_line_handler(text::OnError::kStop)};
}

void add(eval::MlmScore& sum, const eval::TokenScore& token) {
  sum.loss += token.loss;
  sum.masked += 1;
  sum.top1 += token.above < 1;
  sum.top3 += token.above < 3;
  sum.top5 += token.above < 5;
}

Json to_json(const eval::MlmScore& score) {
  return {{"top1", score.share(score.top1)},
          {"top3", score.share(score.top3)},
          {"top5", score.share(score.top5)},
          {"loss", score.mean_loss()},
          {"masked", score.masked}};
}

class Recovery {
 public:
  Recovery(Env& env, const fs::path& folder, std::optional<uint64_t> random_seed,
           const TaskOptions& task, const SuiteOptions& suite,
           const std::function<bool()>& stop_requested)
      : env_(env),
        folder_(folder),
        task_(task),
        stop_requested_(stop_requested),
        tokenizer_(tokenizer::Tokenizer::load(env, folder)) {
    const hf::ModelConfig config = hf::load_model_config(env, folder);
    if (random_seed) {
      model_ = std::make_shared<nn::MaskedLanguageModel>(config.encoder);
      nn::initialize(*model_, *random_seed);
    } else {
      model_ = hf::load_model(env, folder).model;
    }
    model_->to(nn::use_device(suite.device));
    if (suite.device == "cuda") model_->set_precision(suite.precision);
    options_.probability = task.probability;
    options_.tokens = task.tokens;
    options_.section_tokens = task.block;
    options_.context_length = static_cast<int32_t>(config.max_position_embeddings);
    options_.micro_tokens = std::max<int64_t>(suite.micro_tokens, options_.context_length);
    options_.rope = config.rope;
  }

  TaskScore run() {
    eval::MlmScore total;
    Json domains = Json::object();
    for (const auto& [name, path] : task_.domains) {
      const eval::MlmScore score = with_context(str_cat("domains.", name), [&] {
        return is_shards(env_, path) ? of_shards(path) : of_text(path);
      });
      total.add(score);
      domains[name] = to_json(score);
    }
    TaskScore result;
    result.values = {{"top1", total.share(total.top1)},
                     {"top3", total.share(total.top3)},
                     {"top5", total.share(total.top5)},
                     {"loss", total.mean_loss()}};
    Json positions = Json::array();
    for (size_t bucket = 0; bucket < by_position_.size(); ++bucket) {
      Json line = to_json(by_position_[bucket]);
      const auto from = static_cast<int64_t>(bucket) * task_.position_bucket;
      line["from"] = from;
      line["to"] = from + task_.position_bucket;
      positions.push_back(line);
    }
    result.details = {{"domains", domains}, {"positions", positions}};
    return result;
  }

 private:
  eval::MlmScore of_shards(const std::string& path) {
    const shard::TokenStream stream =
        open_shards(env_, path, batch::identity_of(tokenizer_, folder_.string()));
    return eval::evaluate_mlm(*model_, stream, masker_, options_, *group_, listeners());
  }

  eval::MlmScore of_text(const std::string& path) {
    text::DocumentReader reader = open_text(env_, path);
    int64_t read = 0;
    const auto next = [&](eval::MlmDocument& document) {
      text::Document source;
      if (!reader.next(source)) return false;
      document.shard = 0;
      document.sample = read++;
      document.content = tokenizer_.encode(source.text);
      return true;
    };
    return eval::evaluate_mlm(*model_, next, masker_, options_, *group_, listeners());
  }

  eval::MlmListeners listeners() {
    return {.each_document =
                [this](const eval::DocumentScore& document) {
                  tokens_since_asked_ += document.score.tokens;
                  if (tokens_since_asked_ < options_.micro_tokens) return;
                  tokens_since_asked_ = 0;
                  if (!stop_requested_ || !stop_requested_()) return;
                  throw Error(ErrorCode::kInterrupted, "the scoring was asked to stop");
                },
            .each_token =
                [this](const eval::TokenScore& token) {
                  const auto bucket = static_cast<size_t>(token.position / task_.position_bucket);
                  if (bucket >= by_position_.size()) by_position_.resize(bucket + 1);
                  add(by_position_[bucket], token);
                }};
  }

  Env& env_;
  fs::path folder_;
  const TaskOptions& task_;
  const std::function<bool()>& stop_requested_;
  int64_t tokens_since_asked_ = 0;
  tokenizer::Tokenizer tokenizer_;
  std::shared_ptr<nn::MaskedLanguageModel> model_;
  eval::MlmOptions options_;
  batch::Masker masker_{eval::kEvaluationSeed, batch::MaskVocabulary::from(tokenizer_)};
  std::unique_ptr<dist::ProcessGroup> group_ = dist::single_process();
  std::vector<eval::MlmScore> by_position_;
};

}  // namespace

std::vector<SuiteMeasure> measures_of_recovery() {
  return {{"top-1 recovery", "top1"},
          {"top-3 recovery", "top3"},
          {"top-5 recovery", "top5"},
          {"loss, nats", "loss", 1, false}};
}

TaskScore score_recovery(Env& env, const fs::path& folder, std::optional<uint64_t> random_seed,
                         const TaskOptions& task, const SuiteOptions& suite,
                         const std::function<bool()>& stop_requested) {
  return Recovery(env, folder, random_seed, task, suite, stop_requested).run();
}

std::string about_recovery(const TaskOptions& task) {
  std::vector<std::string> names;
  for (const auto& [name, path] : task.domains) names.push_back(name);
  return str_cat(str_join(names, ", "),
                 task.block > 0 ? str_cat("; blocks of ", task.block, " tokens") : "",
                 str_printf(", %.0f%% masked", 100 * task.probability));
}

std::string hash_of_domains(Env& env, const TaskOptions& task) {
  std::string hashes;
  for (const auto& [name, domain] : task.domains) {
    fs::path path = domain;
    if (is_shards(env, path)) path /= kShardIndex;
    hashes += hash_hex("xxh3_64", env.map_file(path)->data()) + " ";
  }
  return hashes;
}

void check_domains(Env& env, const TaskOptions& task, const batch::TokenizerIdentity& tokenizer) {
  for (const auto& [name, domain] : task.domains) {
    with_context(str_cat("domains.", name), [&, &path = domain] {
      if (is_shards(env, path)) {
        open_shards(env, path, tokenizer);
      } else {
        text::Document first;
        open_text(env, path).next(first);
      }
    });
  }
}

}  // namespace rexbert::tasks
