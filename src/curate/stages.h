#pragma once

#include <map>
#include <string>
#include <vector>

#include "curate/document_batches.h"
#include "curate/stage_folder.h"
#include "rexbert/core/json.h"
#include "rexbert/corpus/tokenize.h"
#include "rexbert/curate/config.h"
#include "rexbert/curate/domain_model.h"

namespace rexbert::curate {

struct InputFile {
  fs::path path;
  uint64_t bytes = 0;
  std::string name;  // of what is made of it: its number and its own name
};

// What all stages work with.
struct StageContext {
  Env& env;
  const CurateConfig& config;
  corpus::Part part;
  std::vector<InputFile> inputs;
  int threads = 0;  // beside the calling one

  fs::path directory(const std::string& stage) const {
    return fs::path(config.run.directory) / stage;
  }
  bool is_mine(size_t input) const {
    return input % static_cast<size_t>(part.count) == static_cast<size_t>(part.index - 1);
  }
  // A source of an input file; what is broken goes where input.on_error says, and is noted in
  // `bad`.
  std::unique_ptr<DocumentSource> open(const InputFile& input, Json& bad) const;
  // The settings that decide what is read: paths and sizes of the inputs, format and fields.
  Json input_settings() const;
  // Throws Error(kNotFound) naming the stage that makes `file`, where it is not there.
  void require(const fs::path& file, const std::string& stage) const;
};

// Calls body(input, index) for each input file of this part that the folder has no result of, and
// finishes it with what that returns. True where afterwards all files of all parts are done.
bool for_each_input(const StageContext& context, StageFolder& folder, const std::string& label,
                    const std::function<Json(const InputFile&)>& body);

void run_explore(const StageContext& context);
void run_sample(const StageContext& context);
void run_label(const StageContext& context);
void run_audit(const StageContext& context);
void run_train_classifier(const StageContext& context);
void run_filter(const StageContext& context);
void run_dedup(const StageContext& context);
void run_decontaminate(const StageContext& context);
void run_write(const StageContext& context);
void run_report(const StageContext& context);

// The domains to curate: those of the config, else those that explore proposes.
std::vector<std::string> chosen_domains(const StageContext& context);
// The documents that sample chose, in order.
std::vector<Document> sampled_documents(const StageContext& context);
// The models of all chosen domains.
std::map<std::string, DomainModel> load_models(const StageContext& context);

}  // namespace rexbert::curate
