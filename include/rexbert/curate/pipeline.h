#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
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
  // Whether the stage works a file at a time, and so takes a part.
  static bool has_parts(const std::string& stage);

  // For those who do the work of filter or dedup elsewhere and leave its outputs in the folder
  // (scripts/spark): creates the stage's folder with its settings, or checks that it has the same.
  void begin(const std::string& stage);
  // And what they must know: {"version", "config": as YAML, "directory", "inputs": [{"path",
  // "name", "bytes", "format"}], "columns": those of text, id, url, domain, date and score,
  // "whole_objects": no template makes the text, "dedup": {"enabled", "similarity",
  // "bucket_window"}}.
  Json plan() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// A stream of JSON lines.
struct StreamInput {
  fs::path path = "-";
  // Every line that is read or written begins with where it comes from: FILE, a tab, the line's
  // number there, a tab.
  bool located = false;
};

struct StreamCounts {
  uint64_t read = 0;
  uint64_t kept = 0;
  Json files = Json::object();  // by Document::file, what the stage filter leaves in NAME.json
};

// Filters documents from one stream to another with the models that were trained: standard input
// to standard output, without a folder of its own.
StreamCounts filter_stream(Env& env, const CurateConfig& config, const StreamInput& input,
                           const std::function<void(const std::string&)>& write,
                           const MakeEncoderLearner& make_encoder_learner = {});

// What deduplication compares of the documents in a file of a stage, as JSON lines: {"line",
// "id", "bytes" of the text, "score" where there is one, "hash" of the words (32 digits), "bands"
// (16 digits each, end to end), "shingles" (8 digits each, rising)}, numbers in hexadecimal.
void sketch_stream(Env& env, const CurateConfig& config, const fs::path& input,
                   const std::function<void(const std::string&)>& write);

struct CopyOptions {
  std::vector<uint64_t> dropped;  // 1-based numbers of lines that are left out, rising
  bool json = false;              // each line is JSON, and written as all JSON here is
};

// Copies the lines of a file, decompressed by its name ("-": standard input), to write(), or into a
// file that appears when it is whole, as zstd frames where it ends in .zst.
void copy_lines(Env& env, const fs::path& input, const CopyOptions& options,
                const std::function<void(const std::string&)>& write);
void copy_lines(Env& env, const fs::path& input, const CopyOptions& options,
                const fs::path& output);

}  // namespace rexbert::curate
