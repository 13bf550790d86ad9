// The stages that look at the input: explore and sample.

#include <algorithm>
#include <optional>
#include <set>

#include "curate/stages.h"
#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/curate/document_filter.h"

namespace rexbert::curate {
namespace {

Json counts_to_json(const std::map<std::string, DomainCounts>& domains) {
  Json json = Json::object();
  for (const auto& [domain, counts] : domains) {
    json[domain] = {counts.documents,       counts.bytes,           counts.lines,
                    counts.words,           counts.kept_lines_2_16, counts.kept_words_2_16,
                    counts.unlabelled_lines};
  }
  return json;
}

DomainCounts counts_from_json(const Json& values) {
  return {.documents = values.at(0),
          .bytes = values.at(1),
          .lines = values.at(2),
          .words = values.at(3),
          .kept_lines_2_16 = values.at(4),
          .kept_words_2_16 = values.at(5),
          .unlabelled_lines = values.at(6)};
}

bool is_explored(const Document& document, const CurateConfig& config) {
  if (config.explore.share >= 1) return true;
  KeyedRng rng(config.run.seed, Purpose::kExploration, hash64(document.id), hash64(document.text));
  return rng.next_uniform() < config.explore.share;
}

// The domains of what was explored, for a document without one "none".
Json explore_file(const StageContext& context, const WeakLabeller& labeller, const InputFile& input,
                  InputProgress& progress) {
  Json bad;
  const auto source = context.open(progress.env(), input, bad);
  Exploration whole;
  map_source<Exploration>(
      *source, context.threads,
      [&] {
        return [&](DocumentBatch&& batch) {
          Exploration part;
          for (Document& document : batch) {
            if (!is_explored(document, context.config)) continue;
            document.domain = domain_name(document);
            part.add(document, labeller.scores(document));
          }
          return part;
        };
      },
      [&](Exploration&& part) {
        whole.merge(part);
        progress.show(input.path.filename().string());
      });
  return {{"domains", counts_to_json(whole.domains())}, {"bad_records", bad}};
}

constexpr uint64_t kShownEvery = 256;  // documents

std::string sampler_file(const InputFile& input) { return input.name + ".sample.jsonl"; }

Json sample_file(const StageContext& context, const StageFolder& folder,
                 const std::set<std::string>& domains, const SampleOptions& options,
                 const InputFile& input, InputProgress& progress) {
  Json bad;
  const auto source = context.open(progress.env(), input, bad);
  DocumentSampler sampler(options);
  Document document;
  while (source->next(document)) {
    document.domain = domain_name(document);
    if (domains.contains(document.domain)) sampler.add(document);
    if (sampler.seen() % kShownEvery == 0) progress.show(input.path.filename().string());
  }
  sampler.save(context.env, folder / sampler_file(input));
  return {{"documents", sampler.seen()}, {"bad_records", bad}};
}

}  // namespace

void run_explore(const StageContext& context) {
  const ExploreOptions& options = context.config.explore;
  const WeakLabeller labeller(context.config.label.weak);
  StageFolder folder(context.env, context.directory("explore"),
                     {{"input", context.input_settings()},
                      {"share", options.share},
                      {"seed", context.config.run.seed},
                      {"minimum_share", options.proposal.minimum_share},
                      {"minimum_kept_words", options.proposal.minimum_kept_words}},
                     context.writer());
  if (!for_each_input(context, folder, "exploring",
                      [&](const InputFile& input, InputProgress& progress) {
                        return explore_file(context, labeller, input, progress);
                      })) {
    return;  // the part that ends last goes on
  }
  const auto lock = folder.try_lock();
  if (lock == nullptr || folder.is_done("explore")) return;
  std::map<std::string, DomainCounts> domains;
  for (const InputFile& input : context.inputs) {
    const Json result = folder.result(input.name);
    for (const auto& [domain, values] : result.at("domains").items()) {
      domains[domain] += counts_from_json(values);
    }
  }
  ProposalOptions proposal = options.proposal;
  proposal.expansion = 1 / options.share;
  folder.finish("explore", to_json(proposal, propose(domains, proposal)));
}

std::vector<std::string> chosen_domains(const StageContext& context) {
  if (!context.config.explore.domains.empty()) return context.config.explore.domains;
  const fs::path file = context.directory("explore") / "explore.json";
  context.require(file, "explore");
  const Json json = parse_json(context.env.read_file(file), file.string());
  const auto names = json_get<std::vector<std::string>>(json, "worthwhile", file.string());
  if (names.empty()) {
    throw Error(ErrorCode::kUsage,
                str_cat(file.string(), ": no domain is worth filtering; lower ",
                        "explore.proposal.minimum_share or minimum_kept_words, or name ",
                        "explore.domains"));
  }
  return names;
}

void run_sample(const StageContext& context) {
  const auto names = chosen_domains(context);
  const std::set<std::string> domains(names.begin(), names.end());
  SampleOptions options = context.config.sample;
  options.seed = context.config.run.seed;
  StageFolder folder(context.env, context.directory("sample"),
                     {{"input", context.input_settings()},
                      {"seed", options.seed},
                      {"per_domain", options.per_domain},
                      {"length_edges", options.length_edges},
                      {"domains", domains}},
                     context.writer());
  if (!for_each_input(context, folder, "sampling",
                      [&](const InputFile& input, InputProgress& progress) {
                        return sample_file(context, folder, domains, options, input, progress);
                      })) {
    return;
  }
  const auto lock = folder.try_lock();
  if (lock == nullptr || folder.is_done("sample")) return;
  DocumentSampler all(options);
  for (const InputFile& input : context.inputs) {
    all.merge(DocumentSampler::load(context.env, folder / sampler_file(input)));
  }
  PublishedFile file(context.env, folder / "sample.jsonl");
  std::map<std::string, uint64_t> drawn;
  for (const SampledDocument& sampled : all.sample()) {
    file.append(to_json_line(sampled.document));
    ++drawn[sampled.document.domain];
  }
  file.publish();
  folder.finish("sample", {{"documents", drawn}, {"seen", all.seen()}});
}

std::vector<Document> sampled_documents(const StageContext& context) {
  const fs::path file = context.directory("sample") / "sample.jsonl";
  context.require(file, "sample");
  std::vector<Document> documents;
  const std::string text = context.env.read_file(file);
  size_t number = 0;
  for (const std::string_view line : split_lines(text)) {
    documents.push_back(parse_document(line, str_cat(file.string(), ":", ++number)));
  }
  return documents;
}

}  // namespace rexbert::curate
