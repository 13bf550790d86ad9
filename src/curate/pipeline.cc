#include "rexbert/curate/pipeline.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <thread>

#include "curate/stages.h"
#include "rexbert/core/clock.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/version.h"
#include "rexbert/curate/document_filter.h"
#include "rexbert/net/web_env.h"
#include "rexbert/text/input_files.h"

namespace rexbert::curate {
namespace {

struct Stage {
  std::string name;
  void (*run)(const StageContext&);
  bool (*is_wanted)(const CurateConfig&) = [](const CurateConfig&) { return true; };
};

const std::vector<Stage>& all_stages() {
  static const std::vector<Stage> stages = {
      {"explore", run_explore},
      {"sample", run_sample},
      {"label", run_label},
      {"audit", run_audit,
       [](const auto& config) { return config.audit.kind != LabellerKind::kNone; }},
      {"train-classifier", run_train_classifier},
      {"filter", run_filter},
      {"dedup", run_dedup, [](const auto& config) { return config.dedup.enabled; }},
      {"decontaminate", run_decontaminate,
       [](const auto& config) { return !config.decontaminate.evaluation.empty(); }},
      {"write", run_write},
      {"report", run_report}};
  return stages;
}

std::vector<InputFile> find_inputs(Env& env, const InputOptions& options) {
  std::vector<InputFile> inputs;
  for (const fs::path& path : text::expand_inputs(env, options.paths, source_extensions())) {
    const std::string number = str_printf("%05zu-", inputs.size());
    inputs.push_back({path, env.file_size(path), number + file_name_of(path.filename().string())});
  }
  return inputs;
}

int threads_for(int wanted) {
  if (wanted > 0) return wanted == 1 ? 0 : wanted;
  const auto cores = static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
  return cores == 1 ? 0 : cores;
}

}  // namespace

std::unique_ptr<DocumentSource> StageContext::open(Env& reading, const InputFile& input,
                                                   Json& bad) const {
  constexpr size_t kListed = 1000;
  bad = {{"count", 0}, {"first", Json::array()}};
  text::OnBadLine handle = text::make_bad_line_handler(text::parse_on_error(config.input.on_error));
  return open_source(reading, input.path, config.input.source(),
                     [&bad, handle = std::move(handle)](const text::BadLine& line) {
                       handle(line);
                       bad["count"] = bad["count"].get<uint64_t>() + 1;
                       if (bad["first"].size() < kListed) {
                         bad["first"].push_back({{"line", line.line}, {"reason", line.reason}});
                       }
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
  // says the same again.
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

void Pipeline::run(const std::string& name) {
  for (const Stage& stage : all_stages()) {
    if (stage.name != name) continue;
    impl_->run(stage);
    impl_->write_manifest();
    return;
  }
  throw Error(ErrorCode::kUsage,
              str_cat("expected a stage of ", str_join(stages(), ", "), ", got ", str_quote(name)));
}

void Pipeline::run_all() {
  for (const Stage& stage : all_stages()) impl_->run(stage);
  impl_->write_manifest();
}

StreamCounts filter_stream(Env& env, const CurateConfig& config, const fs::path& input,
                           const std::function<void(const std::string&)>& write,
                           const MakeEncoderLearner& make_encoder_learner) {
  StageContext context{env,
                       config,
                       {},
                       {{input, 0, "stream"}},
                       threads_for(config.run.threads),
                       make_encoder_learner};
  const DocumentFilter filter(load_models(context), config.filter);
  Json bad;
  const auto source = context.open(env, context.inputs.front(), bad);
  StreamCounts counts;
  struct Result {
    std::string lines;
    StreamCounts counts;
  };
  map_source<Result>(
      *source, context.threads,
      [&] {
        return [&filter](DocumentBatch&& batch) {
          Result result;
          result.counts.read = batch.size();
          const auto reasons = filter.apply(batch);
          for (size_t d = 0; d < batch.size(); ++d) {
            if (reasons[d] != nullptr) continue;
            ++result.counts.kept;
            result.lines += to_json_line(batch[d]);
          }
          return result;
        };
      },
      [&](Result&& result) {
        counts.read += result.counts.read;
        counts.kept += result.counts.kept;
        write(result.lines);
      });
  return counts;
}

}  // namespace rexbert::curate
