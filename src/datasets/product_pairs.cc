#include "rexbert/datasets/product_pairs.h"

#include <array>
#include <unordered_map>
#include <utility>

#include "datasets/json_lines.h"
#include "rexbert/core/strings.h"

namespace rexbert::datasets {
namespace {

struct Grade {
  std::string_view letter;
  double gain;
};

// In the order of EsciLabel.
constexpr std::array<Grade, 4> kGrades = {{{"E", 1.0}, {"S", 0.66}, {"C", 0.33}, {"I", 0.0}}};

EsciLabel read_label(const JsonLines& json) {
  const std::string& letter = json.string("label");
  for (size_t i = 0; i < kGrades.size(); ++i) {
    if (kGrades[i].letter == letter) return static_cast<EsciLabel>(i);
  }
  json.lines().fail("a label E, S, C or I", str_quote(letter));
}

}  // namespace

double esci_gain(EsciLabel label) { return kGrades[static_cast<size_t>(label)].gain; }

ProductPairs read_product_pairs(Env& env, const fs::path& path, std::string_view split) {
  JsonLines json(env, path);
  SplitFilter filter(split);
  ProductPairs result;
  std::unordered_map<std::string, size_t> queries;  // places in by_query
  while (json.next()) {
    if (!filter.takes(json)) continue;
    ProductPair pair;
    pair.query = json.string("query");
    pair.product_id = json.string("product_id");
    pair.title = json.string("title");
    pair.label = read_label(json);
    pair.line = json.lines().number();
    for (const auto& [name, text] : {std::pair("query", &pair.query), {"title", &pair.title}}) {
      if (str_trim(*text).empty())
        json.lines().fail(str_cat("a text as ", str_quote(name)), "none");
    }
    const auto [query, first] = queries.try_emplace(pair.query, result.by_query.size());
    if (first) result.by_query.emplace_back();
    result.by_query[query->second].push_back(result.pairs.size());
    result.pairs.push_back(std::move(pair));
  }
  filter.check_taken(json);
  return result;
}

}  // namespace rexbert::datasets
