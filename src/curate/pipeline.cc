#include "rexbert/curate/pipeline.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <thread>

#include "curate/filter_batch.h"
#include "curate/source_base.h"
#include "curate/stages.h"
#include "rexbert/core/clock.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/version.h"
#include "rexbert/net/web_env.h"
#include "rexbert/text/input_files.h"

namespace rexbert::curate {
namespace {

struct Stage {
  std::string name;
  void (*run)(const StageContext&);
  bool has_parts = false;                        // works a file at a time
  void (*begin)(const StageContext&) = nullptr;  // where others may do the stage's work
  bool (*is_wanted)(const CurateConfig&) = [](const CurateConfig&) { return true; };
};

const std::vector<Stage>& all_stages() {
  static const std::vector<Stage> stages = {
      {.name = "explore", .run = run_explore, .has_parts = true},
      {.name = "sample", .run = run_sample, .has_parts = true},
      {.name = "label", .run = run_label},
      {.name = "audit",
       .run = run_audit,
       .is_wanted = [](const auto& config) { return config.audit.kind != LabellerKind::kNone; }},
      {.name = "train-classifier", .run = run_train_classifier},
      {.name = "filter", .run = run_filter, .has_parts = true, .begin = begin_filter},
      {.name = "dedup",
       .run = run_dedup,
       .begin = begin_dedup,
       .is_wanted = [](const auto& config) { return config.dedup.enabled; }},
      {.name = "decontaminate",
       .run = run_decontaminate,
       .has_parts = true,
       .is_wanted = [](const auto& config) { return !config.decontaminate.evaluation.empty(); }},
      {.name = "write", .run = run_write},
      {.name = "report", .run = run_report}};
  return stages;
}

const Stage& find_stage(const std::string& name) {
  for (const Stage& stage : all_stages()) {
    if (stage.name == name) return stage;
  }
  throw Error(ErrorCode::kUsage, str_cat("expected a stage of ", str_join(Pipeline::stages(), ", "),
                                         ", got ", str_quote(name)));
}

std::vector<InputFile> find_inputs(Env& env, const InputOptions& options) {
  std::vector<InputFile> inputs;
  for (const fs::path& path : text::expand_inputs(env, options.paths, source_extensions())) {
    const std::string number = str_printf("%05zu-", inputs.size());
    inputs.push_back({path, env.file_size(path), number + file_name_of(path.filename().string())});
  }
  return inputs;
}

}  // namespace

int threads_for(int wanted) {
  if (wanted > 0) return wanted == 1 ? 0 : wanted;
  const auto cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return cores == 1 ? 0 : cores;
}

std::unique_ptr<DocumentSource> StageContext::open(Env& reading, const InputFile& input,
                                                   Json& bad) const {
  bad = no_bad_records();
  text::OnBadLine handle = text::make_bad_line_handler(text::parse_on_error(config.input.on_error));
  return open_source(reading, input.path, config.input.source(),
                     [&bad, handle = std::move(handle)](const text::BadLine& line) {
                       handle(line);
                       add_bad_record(bad, line.line, line.reason);
                     });
}

std::unique_ptr<LineLearner> StageContext::learner() const {
  if (config.classifier.kind == ClassifierKind::kFastText) {
    FastTextOptions options = config.classifier.fasttext;
    options.seed = config.run.seed;
    return std::make_unique<FastTextLearner>(env, options);
  }
  if (make_encoder_learner == nullptr) {
    throw Error(ErrorCode::kConfig,
                "classifier.kind: expected fasttext, got encoder: this build has no LibTorch");
  }
  EncoderOptions options = config.classifier.encoder;
  options.seed = config.run.seed;
  return make_encoder_learner(env, options);
}

Json StageContext::input_settings() const {
  Json files = Json::object();
  for (const InputFile& input : inputs) files[input.path.string()] = input.bytes;
  return {{"files", files},
          {"format", static_cast<int>(config.input.format)},
          {"dataset", config.input.dataset},
          {"text_template", config.input.text_template},
          {"json_type", config.input.json_type},
          {"page_content", static_cast<int>(config.input.page_content)},
          {"domain", config.input.domain},
          {"max_record_bytes", config.input.max_record_bytes}};
}

void StageContext::require(const fs::path& file, const std::string& stage) const {
  if (env.exists(file)) return;
  throw Error(ErrorCode::kNotFound, str_cat(file.string(), " is not there: run `rexbert curate ",
                                            stage, "` first, all parts of it"));
}

std::string output_name(const InputFile& input) { return input.name + ".jsonl.zst"; }

const char* stage_before_decontaminate(const CurateConfig& config) {
  return config.dedup.enabled ? "dedup" : "filter";
}

const char* stage_before_write(const CurateConfig& config) {
  return config.decontaminate.evaluation.empty() ? stage_before_decontaminate(config)
                                                 : "decontaminate";
}

bool for_each_input(const StageContext& context, StageFolder& folder, const std::string& label,
                    const std::function<Json(const InputFile&, InputProgress&)>& body) {
  uint64_t bytes = 0;
  for (size_t i = 0; i < context.inputs.size(); ++i) {
    const InputFile& input = context.inputs[i];
    if (context.is_mine(i) && !folder.is_done(input.name)) bytes += input.bytes;
  }
  InputProgress progress(context.env, label, bytes);
  for (size_t i = 0; i < context.inputs.size(); ++i) {
    const InputFile& input = context.inputs[i];
    if (!context.is_mine(i) || folder.is_done(input.name)) continue;
    folder.finish(input.name, body(input, progress));
  }
  return std::all_of(context.inputs.begin(), context.inputs.end(),
                     [&](const InputFile& input) { return folder.is_done(input.name); });
}

struct Pipeline::Impl {
  net::WebEnv env;  // inputs may be URLs
  CurateConfig config;
  StageContext context;

  Impl(Env& used, CurateConfig given, corpus::Part part, MakeEncoderLearner make_encoder_learner)
      : env(used),
        config(std::move(given)),
        context{env,
                config,
                part,
                find_inputs(env, config.input),
                threads_for(config.run.threads),
                std::move(make_encoder_learner)} {
    if (part.index < 1 || part.index > part.count) {
      throw Error(ErrorCode::kUsage,
                  str_cat("part: expected 1/1 or more, got ", part.index, "/", part.count));
    }
    env.create_directories(config.run.directory);
  }

  void run(const Stage& stage) {
    if (!stage.is_wanted(config)) {
      log::info(str_cat("curate ", stage.name, ": left out by the config"));
      return;
    }
    const auto start = std::chrono::steady_clock::now();
    log::info("curate " + stage.name);
    with_context("curate " + stage.name, [&] { stage.run(context); });
    log::info(str_cat("curate ", stage.name, ": done in ", format_duration(seconds_since(start))));
  }

  // What was done: the settings and results of every stage that is there. Without the report, which
  // says the same again. Parts leave it to the next that is none.
  void write_manifest() const {
    Json manifest = {{"version", 1}, {"rexbert", kVersion}, {"config", to_yaml(config)}};
    Json& stages = manifest["stages"] = Json::object();
    for (const Stage& stage : all_stages()) {
      const fs::path folder = context.directory(stage.name);
      if (stage.name == "report" || !context.env.exists(folder / "settings.json")) continue;
      for (const std::string& name : context.env.list_directory(folder)) {
        if (!name.ends_with(".json")) continue;
        stages[stage.name][name.substr(0, name.size() - 5)] =
            parse_json(context.env.read_file(folder / name), (folder / name).string());
      }
    }
    publish_file(context.env, fs::path(config.run.directory) / "manifest.json",
                 manifest.dump(1) + "\n");
  }
};

Pipeline::Pipeline(Env& env, CurateConfig config, corpus::Part part,
                   MakeEncoderLearner make_encoder_learner)
    : impl_(std::make_unique<Impl>(env, std::move(config), part, std::move(make_encoder_learner))) {
}
Pipeline::~Pipeline() = default;

const std::vector<std::string>& Pipeline::stages() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Stage& stage : all_stages()) all.push_back(stage.name);
    return all;
  }();
  return names;
}

bool Pipeline::has_parts(const std::string& stage) { return find_stage(stage).has_parts; }

void Pipeline::run(const std::string& name) {
  impl_->run(find_stage(name));
  if (impl_->context.part.count == 1) impl_->write_manifest();
}

void Pipeline::run_all() {
  for (const Stage& stage : all_stages()) impl_->run(stage);
  impl_->write_manifest();
}

void Pipeline::begin(const std::string& name) {
  const Stage& stage = find_stage(name);
  if (stage.begin == nullptr) {
    throw Error(ErrorCode::kUsage,
                str_cat("expected a stage that others may do, filter or dedup, got ", name));
  }
  with_context("curate " + name, [&] { stage.begin(impl_->context); });
}

Json Pipeline::plan() const {
  const CurateConfig& config = impl_->config;
  const SourceOptions source = config.input.source();
  const SourceFields& fields = source.fields;
  const auto formats = names_of(source.format);
  const auto name_of = [&](SourceFormat format) {
    return std::ranges::find(formats, format, [](const auto& entry) { return entry.first; })
        ->second;
  };
  Json inputs = Json::array();
  for (const InputFile& input : impl_->context.inputs) {
    inputs.push_back({{"path", input.path.string()},
                      {"name", input.name},
                      {"bytes", input.bytes},
                      {"format", name_of(resolve_format(input.path, source.format))}});
  }
  return {
      {"version", 1},
      {"config", to_yaml(config)},
      {"directory", config.run.directory},
      {"inputs", inputs},
      {"columns", {fields.text, fields.id, fields.url, fields.domain, fields.date, fields.score}},
      {"whole_objects", source.text_template.empty() && source.json_type.empty()},
      {"dedup",
       {{"enabled", config.dedup.enabled},
        {"similarity", config.dedup.near.similarity},
        {"bucket_window", config.dedup.near.bucket_window}}}};
}

}  // namespace rexbert::curate
