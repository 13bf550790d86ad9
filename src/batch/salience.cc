#include "rexbert/batch/salience.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "rexbert/core/error.h"
#include "rexbert/core/hash.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"

namespace rexbert::batch {
namespace {

constexpr std::string_view kFormat = "rexbert-salience";
constexpr std::string_view kHash = "xxh3_128";

Json to_json(const SalienceTable& table) {
  Json brands = Json::array();
  for (const SalienceTable::Brand& brand : table.brands) {
    brands.push_back({{"count", brand.count}, {"name", brand.name}});
  }
  return {{"brands", std::move(brands)},
          {"domain_counts", table.domain_V},
          {"general_counts", table.general_V},
          {"prior_tokens", table.prior_tokens},
          {"tokenizer", table.tokenizer_fingerprint}};
}

uint64_t sum(const std::vector<uint64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

}  // namespace

double LogOdds::salience() const {
  constexpr double kTwoSided95 = 1.96;
  return std::copysign(std::max(0.0, std::abs(delta) - kTwoSided95 * deviation), delta);
}

LogOdds log_odds(uint64_t domain_count, uint64_t general_count, uint64_t domain_tokens,
                 uint64_t general_tokens, double prior_tokens) {
  if (domain_count + general_count == 0) return {};
  const double alpha = prior_tokens * (static_cast<double>(domain_count) + general_count) /
                       (static_cast<double>(domain_tokens) + general_tokens);
  const double domain = domain_count + alpha;
  const double general = general_count + alpha;
  return {std::log(domain / (domain_tokens + prior_tokens - domain)) -
              std::log(general / (general_tokens + prior_tokens - general)),
          std::sqrt(1 / domain + 1 / general)};
}

uint64_t SalienceTable::domain_tokens() const { return sum(domain_V); }
uint64_t SalienceTable::general_tokens() const { return sum(general_V); }

std::vector<LogOdds> SalienceTable::log_odds_V() const {
  const uint64_t domain = domain_tokens(), general = general_tokens();
  std::vector<LogOdds> result;
  result.reserve(domain_V.size());
  for (size_t id = 0; id < domain_V.size(); ++id) {
    result.push_back(log_odds(domain_V[id], general_V[id], domain, general, prior_tokens));
  }
  return result;
}

std::vector<std::string> SalienceTable::brand_names() const {
  std::vector<std::string> names;
  for (const Brand& brand : brands) names.push_back(brand.name);
  return names;
}

void SalienceTable::require_tokenizer(std::string_view fingerprint, int32_t size) const {
  if (fingerprint == tokenizer_fingerprint && size == vocabulary_size()) return;
  throw Error(ErrorCode::kIncompatible,
              str_cat("salience table: expected one made with tokenizer ", fingerprint, " of ",
                      size, " ids, got one made with ", tokenizer_fingerprint, " of ",
                      vocabulary_size(), " ids; make it anew with `rexbert salience`"));
}

std::string SalienceTable::dump() const {
  const Json table = to_json(*this);
  const Json file = {{"format", kFormat},
                     {"hash", hash_hex(kHash, table.dump())},
                     {"table", table},
                     {"version", kSalienceVersion}};
  return file.dump() + "\n";
}

SalienceTable SalienceTable::parse(std::string_view text, std::string_view source) {
  const Json file = parse_json(text, source);
  const auto corrupt = [&](const std::string& problem) {
    throw Error(ErrorCode::kCorrupt, str_cat(source, ": ", problem));
  };
  const auto format = json_get<std::string>(file, "format", source);
  if (format != kFormat) corrupt(str_cat("expected format ", kFormat, ", got ", str_quote(format)));
  const auto version = json_get<int64_t>(file, "version", source);
  if (version != kSalienceVersion) {
    throw Error(ErrorCode::kIncompatible, str_cat(source, ": expected version ", kSalienceVersion,
                                                  " of the format, got ", version));
  }
  const Json contents = json_get<Json>(file, "table", source);
  const auto hash = json_get<std::string>(file, "hash", source);
  if (file.size() != 4) corrupt("expected the keys format, hash, table and version alone");
  if (const std::string found = hash_hex(kHash, contents.dump()); found != hash) {
    corrupt(str_cat("expected a table of hash ", hash, ", got ", found));
  }
  SalienceTable table;
  table.tokenizer_fingerprint = json_get<std::string>(contents, "tokenizer", source);
  table.prior_tokens = json_get<double>(contents, "prior_tokens", source);
  table.domain_V = json_get<std::vector<uint64_t>>(contents, "domain_counts", source);
  table.general_V = json_get<std::vector<uint64_t>>(contents, "general_counts", source);
  for (const Json& brand : json_get<std::vector<Json>>(contents, "brands", source)) {
    table.brands.push_back(
        {json_get<std::string>(brand, "name", source), json_get<uint64_t>(brand, "count", source)});
  }
  if (table.domain_V.size() != table.general_V.size()) {
    corrupt(str_cat("expected ", table.domain_V.size(), " general counts, got ",
                    table.general_V.size()));
  }
  if (!(table.prior_tokens > 0)) {
    corrupt(str_cat("expected a prior above 0 tokens, got ", table.prior_tokens));
  }
  return table;
}

SalienceTable SalienceTable::load(Env& env, const fs::path& path) {
  return parse(env.read_file(path), path.string());
}

void SalienceTable::save(Env& env, const fs::path& path) const {
  if (path.has_parent_path()) env.create_directories(path.parent_path());
  publish_file(env, path, dump());
}

}  // namespace rexbert::batch
