#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/corpus/tokenize.h"
#include "rexbert/curate/config.h"

namespace rexbert::curate {

// The stages of a curation, each a function of its config and of what the stages before it left in
// the output folder:
//
//   explore/explore.json        documents, lines and e-commerce share by domain, and the proposal
//   sample/sample.jsonl         the documents whose lines are labelled
//   label/labels.jsonl          their labels, a document a line, in the order of the sample
//   audit/audit.json            agreement with a second labeller, audit/disagreements.jsonl
//   train-classifier/DOMAIN.*   a classifier, and .json: its curve and its threshold
//   filter/NAME.jsonl.zst       the kept lines of an input file's documents; NAME.json counts them
//   dedup/NAME.jsonl.zst        of these, one of each kind; dedup/duplicates.jsonl the others
//   corpus/DOMAIN.jsonl.zst     what comes out; with a tokenizer shards/DOMAIN, salience.json and
//                               streams.yaml
//   report/report.html, .json   what became of everything
//   manifest.json               what was done, with which settings
//
// Every stage publishes a file at a time and passes over those that are there: killed anywhere and
// started again, it ends with the same bytes. Outputs do not depend on threads or parts.
class Pipeline {
 public:
  // `part`: of the input files that explore, sample and filter read, every count-th is this part's.
  // `make_encoder_learner`: for classifier.kind encoder, which is Error(kConfig) without.
  Pipeline(Env& env, CurateConfig config, corpus::Part part = {},
           MakeEncoderLearner make_encoder_learner = {});
  ~Pipeline();

  // By their order. Each throws Error(kNotFound) naming the stage that must come first,
  // Error(kIncompatible) where it was begun with other settings or inputs, naming the first
  // difference.
  static const std::vector<std::string>& stages();
  void run(const std::string& stage);
  void run_all();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Filters documents from one stream of JSON lines to another with the models that were trained:
// standard input to standard output, without a folder of its own. Returns how many were read and
// kept.
struct StreamCounts {
  uint64_t read = 0;
  uint64_t kept = 0;
};
StreamCounts filter_stream(Env& env, const CurateConfig& config, const fs::path& input,
                           const std::function<void(const std::string&)>& write,
                           const MakeEncoderLearner& make_encoder_learner = {});

}  // namespace rexbert::curate
