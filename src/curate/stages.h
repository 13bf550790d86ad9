#pragma once

#include <map>
#include <string>
#include <vector>

#include "curate/document_batches.h"
#include "curate/stage_folder.h"
#include "rexbert/core/input_meter.h"
#include "rexbert/core/json.h"
#include "rexbert/core/progress.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"
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
  MakeEncoderLearner make_encoder_learner;

  fs::path directory(const std::string& stage) const {
    return fs::path(config.run.directory) / stage;
  }
  // Names this process among those of the other parts (PublishedFile).
  std::string writer() const {
    return part.count == 1 ? "" : str_cat(".", part.index, "-of-", part.count);
  }
  bool is_mine(size_t input) const {
    return input % static_cast<size_t>(part.count) == static_cast<size_t>(part.index - 1);
  }
  // A source of an input file, read through `reading`; what is broken goes where input.on_error
  // says, and is noted in `bad`.
  std::unique_ptr<DocumentSource> open(Env& reading, const InputFile& input, Json& bad) const;
  // What learns and reads classifiers of the config's kind.
  std::unique_ptr<LineLearner> learner() const;
  // The settings that decide what is read: paths and sizes of the inputs, format and fields.
  Json input_settings() const;
  // Throws Error(kNotFound) naming the stage that makes `file`, where it is not there.
  void require(const fs::path& file, const std::string& stage) const;
};

// The file that a stage makes of an input file.
std::string output_name(const InputFile& input);
// The stages that the config has run before these.
const char* stage_before_decontaminate(const CurateConfig& config);
const char* stage_before_write(const CurateConfig& config);

// As the config names them.
config::EnumNames<SourceFormat> names_of(SourceFormat);

// Threads beside the calling one, for a setting run.threads.
int threads_for(int wanted);

// How far input files are read.
class InputProgress {
 public:
  InputProgress(Env& env, const std::string& label, uint64_t bytes)
      : meter_(env), progress_(label, bytes, format_bytes) {}

  // Counts what is read through it.
  Env& env() { return meter_; }
  // `note`: the file at hand and what came of it.
  void show(const std::string& note) { progress_.update(meter_.bytes_read(), note); }

 private:
  InputMeter meter_;
  Progress progress_;
};

// Calls body(input, progress) for each input file of this part that the folder has no result of,
// and finishes it with what that returns. True where afterwards all files of all parts are done.
bool for_each_input(const StageContext& context, StageFolder& folder, const std::string& label,
                    const std::function<Json(const InputFile&, InputProgress&)>& body);

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
void begin_filter(const StageContext& context);
void begin_dedup(const StageContext& context);

// The domains to curate: those of the config, else those that explore proposes.
std::vector<std::string> chosen_domains(const StageContext& context);
// The documents that sample chose, in order.
std::vector<Document> sampled_documents(const StageContext& context);
// These with the labels that label left.
std::vector<LabelTask> labelled_tasks(const StageContext& context);
// The models of all chosen domains.
std::map<std::string, DomainModel> load_models(const StageContext& context);

}  // namespace rexbert::curate
