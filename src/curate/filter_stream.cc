#include <utility>

#include "curate/filter_batch.h"
#include "curate/source_base.h"
#include "curate/stages.h"
#include "rexbert/curate/pipeline.h"

namespace rexbert::curate {

StreamCounts filter_stream(Env& env, const CurateConfig& config, const StreamInput& input,
                           const std::function<void(const std::string&)>& write,
                           const MakeEncoderLearner& make_encoder_learner) {
  const StageContext context{
      env, config, {}, {}, threads_for(config.run.threads), make_encoder_learner};
  const DocumentFilter filter(load_models(context), config.filter);
  std::map<std::string, Json> bad;
  const auto on_bad = [&bad, handle = text::make_bad_line_handler(text::parse_on_error(
                                 config.input.on_error))](const text::BadLine& line) {
    handle(line);
    add_bad_record(bad.try_emplace(line.file, no_bad_records()).first->second, line.line,
                   line.reason);
  };
  SourceOptions options = config.input.source();
  options.format = SourceFormat::kJsonLines;
  const auto source = input.located
                          ? open_located_source(open_byte_source(env, input.path), options, on_bad)
                          : open_source(env, input.path, options, on_bad);
  std::map<std::string, DomainFilterCounts> files;
  StreamCounts counts;
  map_source<FilteredBatch>(
      *source, context.threads,
      [&] {
        return [&](DocumentBatch&& batch) {
          return filter_batch(filter, std::move(batch), input.located);
        };
      },
      [&](FilteredBatch&& result) {
        for (const auto& [file, domains] : result.files) add_counts(files[file], domains);
        write(result.lines);
      });
  for (const auto& [file, records] : bad) files[file];
  for (const auto& [file, domains] : files) {
    const auto records = bad.find(file);
    counts.files[file] =
        filter_result(domains, records == bad.end() ? no_bad_records() : records->second);
    for (const auto& [domain, of_domain] : domains) {
      counts.read += of_domain.at("documents");
      const auto kept = of_domain.find("kept_documents");
      if (kept != of_domain.end()) counts.kept += kept->second;
    }
  }
  return counts;
}

}  // namespace rexbert::curate
