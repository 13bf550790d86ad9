#pragma once

#include <map>
#include <string>
#include <vector>

#include "rexbert/config/schema.h"
#include "rexbert/curate/audit.h"
#include "rexbert/curate/decontaminate.h"
#include "rexbert/curate/dedup.h"
#include "rexbert/curate/domain_model.h"
#include "rexbert/curate/encoder_learner.h"
#include "rexbert/curate/explore.h"
#include "rexbert/curate/fasttext_classifier.h"
#include "rexbert/curate/line_filter.h"
#include "rexbert/curate/openai_labeller.h"
#include "rexbert/curate/sample.h"
#include "rexbert/curate/source.h"
#include "rexbert/curate/weak_labeller.h"

// The config file of `rexbert curate`: a block for each stage.
namespace rexbert::curate {

struct CurateOptions {
  std::string directory;  // of all outputs
  uint64_t seed = 17;
  int threads = 0;  // 0: one for each core
};

struct InputOptions {
  std::vector<std::string> paths;
  SourceFormat format = SourceFormat::kByExtension;
  std::string dataset = "default";
  std::string text_template;
  std::string json_type;
  PageContent page_content = PageContent::kMainText;
  std::string domain;
  int64_t max_record_bytes = int64_t{64} << 20;
  std::string on_error = "stop";

  SourceOptions source() const;
};

struct ExploreOptions {
  double share = 1;
  ProposalOptions proposal;
  std::vector<std::string> domains;  // to curate, whatever is proposed
};

enum class LabellerKind { kNone, kWeak, kOpenAi, kFile };

struct LabellerOptions {
  LabellerKind kind = LabellerKind::kNone;
  std::string file;
  WeakLabellerOptions weak;
  OpenAiOptions openai;
};

struct LabelOptions : LabellerOptions {
  LabelOptions() { kind = LabellerKind::kWeak; }
  int64_t lines_per_document = 400;
};

struct AuditStageOptions : LabellerOptions {
  double share = 0.2;
  double minimum_kappa = 0.6;
  AuditOptions agreement;
};

enum class ClassifierKind { kFastText, kEncoder };

struct ClassifierStageOptions : DomainModelOptions {
  ClassifierKind kind = ClassifierKind::kFastText;
  FastTextOptions fasttext;
  EncoderOptions encoder;
};

struct DedupStageOptions {
  bool enabled = true;
  DedupOptions near;
};

struct DecontaminateStageOptions {
  std::map<std::string, EvaluationFile> evaluation;  // by any name
  DecontaminateOptions overlap;
};

struct WriteOptions {
  std::string tokenizer;  // folder; empty: no shards and no salience table
  double holdout = 0.01;
  std::string general;  // folder of shards; empty: the sample
  int64_t salience_tokens = 200'000'000;
};

struct CurateConfig {
  CurateOptions run;
  InputOptions input;
  ExploreOptions explore;
  SampleOptions sample;
  LabelOptions label;
  AuditStageOptions audit;
  ClassifierStageOptions classifier;
  LineFilterOptions filter;
  DedupStageOptions dedup;
  DecontaminateStageOptions decontaminate;
  WriteOptions write;
};

// Reads `path` with `--set` overrides. Throws Error(kConfig) with every problem found.
CurateConfig load_curate_config(Env& env, const fs::path& path,
                                const std::vector<std::string>& overrides = {});
// The resolved config as YAML.
std::string to_yaml(const CurateConfig& config);
// The page docs/curation-configuration.md.
std::string curate_configuration_reference();

}  // namespace rexbert::curate
