#include "rexbert/batch/salience_builder.h"

#include <algorithm>
#include <map>
#include <unordered_map>
#include <utility>

#include "batch/span_patterns.h"
#include "batch/span_words.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::batch {
namespace {

constexpr size_t kLongestBrandWord = 24;
constexpr size_t kBrandWords = 4;
constexpr size_t kShortestCapitals = 4;
constexpr double kPairShare = 0.5;

struct Counts {
  uint64_t domain = 0, general = 0;
  uint64_t total() const { return domain + general; }
};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

std::string to_lower(std::string_view word) {
  std::string lower(word);
  for (char& c : lower) c = is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  return lower;
}

// Words by name; when there are too many, those that occurred least are forgotten.
class WordCounts {
 public:
  explicit WordCounts(size_t held) : held_(held) {}

  void add(std::string_view word, Corpus corpus) {
    buffer_.assign(word);
    Counts& counts = counts_[buffer_];
    ++(corpus == Corpus::kDomain ? counts.domain : counts.general);
    if (counts_.size() > held_) forget();
  }

  Counts of(const std::string& word) const {
    const auto found = counts_.find(word);
    return found == counts_.end() ? Counts() : found->second;
  }

  std::map<std::string, Counts> sorted() const { return {counts_.begin(), counts_.end()}; }

 private:
  void forget() {
    for (uint64_t bar = 1; counts_.size() > held_ / 2; ++bar) {
      std::erase_if(counts_, [bar](const auto& entry) { return entry.second.total() <= bar; });
    }
  }

  size_t held_;
  std::string buffer_;
  std::unordered_map<std::string, Counts> counts_;
};

// The word without punctuation around it, if letters alone are left (and ' & - inside).
std::string_view plain_word(std::string_view text) {
  size_t begin = 0, end = text.size();
  while (begin < end && !is_word_at(text, begin)) ++begin;
  while (end > begin && !is_word_at(text, end - 1)) --end;
  const std::string_view word = text.substr(begin, end - begin);
  if (word.size() < 2 || word.size() > kLongestBrandWord) return {};
  for (size_t i = 0; i < word.size(); ++i) {
    const bool joint = word[i] == '\'' || word[i] == '&' || word[i] == '-';
    if (!joint && !is_letter_at(word, i)) return {};
  }
  return word.ends_with("'s") ? word.substr(0, word.size() - 2) : word;
}

bool is_name_like(std::string_view word) {
  if (word.size() < 2 || !is_upper(word[0])) return false;
  const bool capitals = std::all_of(word.begin(), word.end(), is_upper);
  const std::string lower = to_lower(word);
  return !(capitals && word.size() < kShortestCapitals) && !is_unit(lower) &&
         !is_size_value(lower) && !is_pack_word(lower) && !is_currency_word(lower) &&
         lower != "size" && lower != "sizes" && lower != "model";
}

}  // namespace

struct SalienceCounter::Impl {
  MaskVocabulary vocabulary;
  SalienceOptions options;
  std::vector<uint64_t> domain_V, general_V;
  uint64_t domain_words = 0, general_words = 0;
  WordCounts words, pairs;

  std::string text;      // the word at hand
  std::string previous;  // the name-like word in front of it; empty where there is none
  std::string pair;

  void end_word(Corpus corpus);
  bool is_capitalised(const std::string& word, const Counts& counts) const;
  std::map<std::string, uint64_t> learned_brands() const;
};

SalienceCounter::SalienceCounter(MaskVocabulary vocabulary, SalienceOptions options) {
  vocabulary.check();
  if (!(options.prior_tokens > 0)) {
    throw Error(ErrorCode::kUsage,
                str_cat("salience: expected a prior above 0 tokens, got ", options.prior_tokens));
  }
  const std::vector<uint64_t> zeros(vocabulary.size(), 0);
  const size_t held = std::max<size_t>(options.held_words / 2, 1);
  impl_ = std::make_unique<Impl>(Impl{std::move(vocabulary), options, zeros, zeros, 0, 0,
                                      WordCounts(held), WordCounts(held), "", "", ""});
}

SalienceCounter::~SalienceCounter() = default;

void SalienceCounter::Impl::end_word(Corpus corpus) {
  if (text.empty()) return;
  ++(corpus == Corpus::kDomain ? domain_words : general_words);
  const std::string_view word = plain_word(text);
  const bool name = is_name_like(word);
  if (!word.empty()) words.add(word, corpus);
  // Punctuation between two words parts them.
  const bool opens = !word.empty() && text.starts_with(word);
  if (name && opens && !previous.empty() && corpus == Corpus::kDomain) {
    pair.assign(previous).append(" ").append(word);
    pairs.add(pair, corpus);
  }
  if (name && text.ends_with(word)) {
    previous.assign(word);
  } else {
    previous.clear();
  }
  text.clear();
}

void SalienceCounter::add(Corpus corpus, std::span<const int32_t> tokens_T) {
  Impl& impl = *impl_;
  std::vector<uint64_t>& counts_V = corpus == Corpus::kDomain ? impl.domain_V : impl.general_V;
  const auto end_text = [&] {
    impl.end_word(corpus);
    impl.previous.clear();
  };
  for (const int32_t id : tokens_T) {
    if (id < 0 || id >= impl.vocabulary.size()) {
      throw Error(ErrorCode::kIncompatible,
                  str_cat("salience: expected ids below ", impl.vocabulary.size(), ", got ", id));
    }
    if (impl.vocabulary.special_V[id]) {
      end_text();
      continue;
    }
    ++counts_V[id];
    if (impl.vocabulary.begins_word_V[id]) impl.end_word(corpus);
    impl.text += impl.vocabulary.text_V[id];
    if (impl.vocabulary.ends_in_break_V[id]) end_text();
  }
  end_text();
}

bool SalienceCounter::Impl::is_capitalised(const std::string& word, const Counts& counts) const {
  const auto capital = static_cast<double>(counts.total());
  const auto small = static_cast<double>(words.of(to_lower(word)).total());
  return capital >= options.brand_capital_share * (capital + small);
}

std::map<std::string, uint64_t> SalienceCounter::Impl::learned_brands() const {
  std::map<std::string, uint64_t> brands;
  for (const auto& [word, counts] : words.sorted()) {
    if (counts.domain < options.brand_count || !is_name_like(word)) continue;
    const LogOdds odds =
        log_odds(counts.domain, counts.general, domain_words, general_words, options.prior_tokens);
    if (odds.salience() >= options.brand_salience && is_capitalised(word, counts)) {
      brands[word] = counts.domain;
    }
  }
  std::map<std::string, uint64_t> joined;
  for (const auto& [names, counts] : pairs.sorted()) {
    const size_t space = names.find(' ');
    const std::string first = names.substr(0, space), second = names.substr(space + 1);
    if (counts.domain < options.brand_count || !(brands.contains(first) || brands.contains(second)))
      continue;
    const Counts first_counts = words.of(first), second_counts = words.of(second);
    const uint64_t rarer = std::min(first_counts.domain, second_counts.domain);
    if (counts.domain >= kPairShare * rarer && is_capitalised(first, first_counts) &&
        is_capitalised(second, second_counts)) {
      joined[names] = counts.domain;
    }
  }
  brands.merge(joined);
  return brands;
}

SalienceTable SalienceCounter::finish(std::string tokenizer_fingerprint,
                                      const std::vector<std::string>& listed) const {
  std::map<std::string, uint64_t> brands = impl_->learned_brands();
  for (const std::string& name : listed) brands.emplace(name, 0);
  SalienceTable table{.tokenizer_fingerprint = std::move(tokenizer_fingerprint),
                      .prior_tokens = impl_->options.prior_tokens,
                      .domain_V = impl_->domain_V,
                      .general_V = impl_->general_V,
                      .brands = {}};
  for (const auto& [name, count] : brands) table.brands.push_back({name, count});
  return table;
}

void count_stream(SalienceCounter& counter, Corpus corpus, const shard::TokenStream& stream,
                  const SalienceOptions& options, const std::function<void(uint64_t)>& progress) {
  constexpr uint32_t kPiece = 1 << 20;
  constexpr size_t kShardsAhead = 4;
  const size_t shards = stream.shards();
  std::vector<int32_t> tokens;
  uint64_t done = 0;
  for (size_t index = 0; index < shards; ++index) {
    const uint64_t quota = options.tokens == 0 ? ~uint64_t{0}
                                               : options.tokens * (index + 1) / shards -
                                                     options.tokens * index / shards;
    stream.prefetch_behind(index, kShardsAhead);
    const auto shard = stream.open_shard(index);
    uint64_t taken = 0;
    for (uint64_t sample = 0; sample < shard->samples() && taken < quota; ++sample) {
      const auto length =
          static_cast<uint32_t>(std::min<uint64_t>(shard->length(sample), quota - taken));
      for (uint32_t begin = 0; begin < length; begin += kPiece) {
        const uint32_t end = std::min(length, begin + kPiece);
        tokens.resize(end - begin);
        shard->copy(sample, begin, end, tokens.data());
        counter.add(corpus, tokens);
      }
      taken += length;
    }
    done += taken;
    if (progress) progress(done);
  }
}

std::vector<std::string> read_brand_list(Env& env, const fs::path& path) {
  std::vector<std::string> names;
  int number = 0;
  for (const std::string& line : str_split(env.read_file(path), '\n')) {
    ++number;
    const std::string_view name = str_trim(line);
    if (name.empty() || name.starts_with("#")) continue;
    const auto words = static_cast<size_t>(1 + std::count(name.begin(), name.end(), ' '));
    if (words > kBrandWords || !is_word_at(name, 0)) {
      throw Error(ErrorCode::kCorrupt,
                  str_cat(path.string(), ":", number, ": expected a brand of one to ", kBrandWords,
                          " words with a letter or digit in front, got ", str_quote(name)));
    }
    names.emplace_back(name);
  }
  return names;
}

}  // namespace rexbert::batch
