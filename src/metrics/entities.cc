#include "rexbert/metrics/entities.h"

#include <algorithm>
#include <string_view>

#include "metrics/check_lengths.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::metrics {
namespace {

constexpr std::string_view kNoType = "_";

// A tag's first character, which may be any, and what stands behind it.
struct Tag {
  char prefix = 'O';  // of a character of several bytes, the first byte
  std::string_view rest = {};
};

Tag split_tag(std::string_view tag) {
  size_t rest = 1;
  while (rest < tag.size() && (static_cast<unsigned char>(tag[rest]) & 0xC0) == 0x80) ++rest;
  return {tag.front(), tag.substr(rest)};
}

[[noreturn]] void refuse(std::string_view tag, size_t sequence, size_t word,
                         std::string_view expected) {
  throw Error(ErrorCode::kUsage, str_cat("sequence ", sequence, ", word ", word, ": expected ",
                                         expected, ", got the tag ", str_quote(tag)));
}

bool is_any_of(char prefix, std::string_view prefixes) {
  return prefixes.find(prefix) != std::string_view::npos;
}

// get_entities() of seqeval, with its state at the ends of sequences: there it goes on as after one
// O more.
class ConllScanner {
 public:
  void scan(const TagSequence& tags, size_t sequence) {
    for (size_t i = 0; i < tags.size(); ++i) {
      if (tags[i].empty()) refuse(tags[i], sequence, i, "a tag");
      const Tag tag = split_tag(tags[i]);
      // Behind the first hyphen, wherever it is.
      const size_t hyphen = tag.rest.find('-');
      step(tag.prefix, hyphen == tag.rest.npos ? tag.rest : tag.rest.substr(hyphen + 1));
    }
    step('O', {});
  }

  std::vector<Entity> take() { return std::move(entities_); }

 private:
  void step(char prefix, std::string_view type) {
    if (type.empty()) type = kNoType;
    if (ends_before(prefix, type)) entities_.push_back({std::string(type_), begin_, at_});
    if (begins_with(prefix, type)) begin_ = at_;
    prefix_ = prefix;
    type_ = type;
    ++at_;
  }

  bool ends_before(char prefix, std::string_view type) const {
    return is_any_of(prefix_, "ES") || (is_any_of(prefix_, "BI") && is_any_of(prefix, "BSO")) ||
           (!is_any_of(prefix_, "O.") && type_ != type);
  }

  bool begins_with(char prefix, std::string_view type) const {
    return is_any_of(prefix, "BS") || (is_any_of(prefix_, "ESO") && is_any_of(prefix, "EI")) ||
           (!is_any_of(prefix, "O.") && type_ != type);
  }

  char prefix_ = 'O';
  std::string_view type_ = {};
  size_t begin_ = 0;
  size_t at_ = 0;
  std::vector<Entity> entities_;
};

std::string_view without_hyphens(std::string_view text) {
  while (text.starts_with('-')) text.remove_prefix(1);
  while (text.ends_with('-')) text.remove_suffix(1);
  return text;
}

class StrictScanner {
 public:
  void scan(const TagSequence& tags, size_t sequence) {
    bool open = false;
    for (size_t i = 0; i < tags.size(); ++i) {
      const Tag tag = tags[i].empty() ? Tag{'\0'} : split_tag(tags[i]);
      if (!is_any_of(tag.prefix, "OBI")) refuse(tags[i], sequence, i, "O, B-type or I-type");
      std::string_view type = without_hyphens(tag.rest);
      if (type.empty()) type = kNoType;
      if (tag.prefix == 'B') {
        entities_.push_back({std::string(type), at_ + i, at_ + i + 1});
        open = true;
      } else if (open && tag.prefix == 'I' && entities_.back().type == type) {
        ++entities_.back().end;
      } else {
        open = false;
      }
    }
    at_ += tags.size() + 1;
  }

  std::vector<Entity> take() { return std::move(entities_); }

 private:
  size_t at_ = 0;
  std::vector<Entity> entities_;
};

template <class Scanner>
std::vector<Entity> scan_all(std::span<const TagSequence> sequences) {
  Scanner scanner;
  for (size_t i = 0; i < sequences.size(); ++i) scanner.scan(sequences[i], i);
  std::vector<Entity> entities = scanner.take();
  std::sort(entities.begin(), entities.end());
  entities.erase(std::unique(entities.begin(), entities.end()), entities.end());
  return entities;
}

}  // namespace

std::vector<Entity> find_entities(std::span<const TagSequence> sequences, EntityMode mode) {
  return mode == EntityMode::kConll ? scan_all<ConllScanner>(sequences)
                                    : scan_all<StrictScanner>(sequences);
}

EntityReport score_entities(std::span<const TagSequence> truth,
                            std::span<const TagSequence> predicted, EntityMode mode) {
  check_lengths(truth.size(), predicted.size(), 1);
  for (size_t i = 0; i < truth.size(); ++i) {
    with_context(str_cat("sequence ", i),
                 [&] { check_lengths(truth[i].size(), predicted[i].size(), 0); });
  }
  const std::vector<Entity> actual = find_entities(truth, mode);
  const std::vector<Entity> found = find_entities(predicted, mode);
  std::map<std::string, Counts> counts;
  for (const Entity& entity : actual) ++counts[entity.type].actual;
  for (const Entity& entity : found) {
    Counts& of_type = counts[entity.type];
    ++of_type.predicted;
    of_type.correct += std::binary_search(actual.begin(), actual.end(), entity) ? 1 : 0;
  }

  EntityReport report;
  std::vector<Counts> all;
  for (const auto& [type, of_type] : counts) {
    report.types.emplace(type, scores_of(of_type));
    all.push_back(of_type);
  }
  report.micro = average_scores(all, Average::kMicro);
  report.macro = average_scores(all, Average::kMacro);
  report.weighted = average_scores(all, Average::kWeighted);
  return report;
}

}  // namespace rexbert::metrics
