#include "rexbert/batch/spans.h"

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <unordered_map>
#include <utility>

#include "batch/span_patterns.h"
#include "batch/span_words.h"
#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"

namespace rexbert::batch {
namespace {

// What a token's text holds, looked up once for every id of the vocabulary.
enum TokenFlag : uint16_t {
  kSpecial = 1,
  kBegins = 2,           // starts a word
  kEndsBreak = 4,        // whatever follows starts a word, and no span goes on behind it
  kNumber = 8,           // a digit or a currency sign
  kUpper = 16,           // an upper-case letter
  kKeyword = 32,         // may start a word like "size", if a span may start where it starts
  kBrand = 64,           // may start a brand
  kEndsOpen = 128,       // does not end in a letter or digit: a span may start behind it
  kKeywordInside = 256,  // has such a word behind punctuation of its own
};

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// The letters and digits at the start of `text`.
std::string_view leading_word(std::string_view text) {
  size_t end = 0;
  while (is_word_at(text, end)) ++end;
  return text.substr(0, end);
}

std::string_view without_opening(std::string_view text) {
  size_t begin = 0;
  while (begin < text.size() && !is_word_at(text, begin)) ++begin;
  return text.substr(begin);
}

bool may_start_keyword(std::string_view text) {
  std::string run;
  for (size_t i = 0; is_letter_at(text, i); ++i) {
    run += is_upper(text[i]) ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
  }
  return !run.empty() && starts_keyword(run);
}

bool holds_keyword_inside(std::string_view text) {
  for (size_t at = 1; at < text.size(); ++at) {
    if (!is_word_at(text, at - 1) && may_start_keyword(text.substr(at))) return true;
  }
  return false;
}

bool has_number(std::string_view text) {
  // Parts of currency and fraction signs count, since a sign may be cut into byte tokens.
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return is_digit(c) || c == '$' || c == '\xC2' || c == '\xE2'; });
}

struct Word {
  int32_t begin, end;  // tokens
  uint16_t flags;
  bool follows;  // a space, and neither a special token nor a break, lies in front of it
};

// A word and what comes behind it, as text, with the token that every byte comes from.
struct Window {
  std::string text;
  std::vector<int32_t> token;
  size_t word_end = 0;  // bytes of the first word
};

struct TransparentHash {
  using is_transparent = void;
  size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

}  // namespace

std::string_view to_string(SpanKind kind) {
  constexpr std::string_view kNames[kSpanKinds] = {"quantity", "size", "model number", "price",
                                                   "brand"};
  return kNames[static_cast<size_t>(kind)];
}

struct SpanDetector::Impl {
  std::vector<uint16_t> flags_V;
  std::vector<std::string> text_V;
  // Brands by their leading word, longest first.
  std::unordered_map<std::string, std::vector<std::string>, TransparentHash, std::equal_to<>>
      brands;

  void set_flags(const MaskVocabulary& vocabulary);
  void find_words(std::span<const int32_t> tokens_T, std::vector<Word>& words) const;
  void open_window(std::span<const int32_t> tokens_T, const std::vector<Word>& words, size_t first,
                   Window& window) const;
  size_t brand_end(std::string_view text, size_t begin) const;
};

void SpanDetector::Impl::set_flags(const MaskVocabulary& vocabulary) {
  std::set<std::string, std::less<>> heads;
  for (const auto& [head, names] : brands) heads.insert(head);
  const auto may_start_brand = [&heads](std::string_view word) {
    const auto at = heads.lower_bound(word);
    return !word.empty() && at != heads.end() && at->starts_with(word);
  };
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    const std::string_view text = text_V[id];
    const bool ends_open = text.empty() || !is_word_at(text, text.size() - 1);
    const bool upper = std::any_of(text.begin(), text.end(), is_upper);
    const std::string_view word = leading_word(without_opening(text));
    flags_V.push_back(static_cast<uint16_t>(
        (vocabulary.special_V[id] ? kSpecial : 0) | (vocabulary.begins_word_V[id] ? kBegins : 0) |
        (vocabulary.ends_in_break_V[id] ? kEndsBreak : 0) | (has_number(text) ? kNumber : 0) |
        (upper ? kUpper : 0) | (may_start_keyword(text) ? kKeyword : 0) |
        (holds_keyword_inside(text) ? kKeywordInside : 0) | (may_start_brand(word) ? kBrand : 0) |
        (ends_open ? kEndsOpen : 0)));
  }
}

void SpanDetector::Impl::find_words(std::span<const int32_t> tokens_T,
                                    std::vector<Word>& words) const {
  words.clear();
  constexpr uint16_t kWhereOpen = kKeyword | kBrand;
  uint16_t previous = kSpecial;
  for (int32_t t = 0; t < static_cast<int32_t>(tokens_T.size()); ++t) {
    const uint16_t flags = flags_V[tokens_T[t]];
    if (flags & kSpecial) {
      previous = flags;
      continue;
    }
    const bool cut = (previous & (kSpecial | kEndsBreak)) != 0;
    if (cut || (flags & kBegins)) {
      words.push_back({t, t + 1, flags, !cut});
    } else {
      const bool open = (previous & kEndsOpen) != 0;
      words.back().end = t + 1;
      words.back().flags |= open ? flags : static_cast<uint16_t>(flags & ~kWhereOpen);
    }
    previous = flags;
  }
}

void SpanDetector::Impl::open_window(std::span<const int32_t> tokens_T,
                                     const std::vector<Word>& words, size_t first,
                                     Window& window) const {
  window.text.clear();
  window.token.clear();
  const auto append = [&window](std::string_view text, int32_t token) {
    window.text += text;
    window.token.resize(window.text.size(), token);
  };
  for (size_t i = first; i < words.size(); ++i) {
    if (i > first) {
      if (!words[i].follows || window.text.size() >= window.word_end + kPatternBytes) break;
      append(" ", words[i].begin);
    }
    for (int32_t t = words[i].begin; t < words[i].end; ++t) append(text_V[tokens_T[t]], t);
    if (i == first) window.word_end = window.text.size();
  }
}

size_t SpanDetector::Impl::brand_end(std::string_view text, size_t begin) const {
  const auto names = brands.find(leading_word(text.substr(begin)));
  if (names == brands.end()) return std::string_view::npos;
  for (const std::string& name : names->second) {
    if (text.substr(begin).starts_with(name) && !is_word_at(text, begin + name.size())) {
      return begin + name.size();
    }
  }
  return std::string_view::npos;
}

SpanDetector::SpanDetector(const MaskVocabulary& vocabulary,
                           const std::vector<std::string>& brands) {
  auto impl = std::make_shared<Impl>();
  impl->text_V = vocabulary.text_V;
  for (const std::string& name : brands) {
    const std::string_view head = leading_word(name);
    if (head.empty()) {
      throw Error(ErrorCode::kUsage,
                  str_cat("brand ", str_quote(name), ": expected a letter or digit in front"));
    }
    impl->brands[std::string(head)].push_back(name);
  }
  for (auto& [head, names] : impl->brands) {
    std::sort(names.begin(), names.end(), [](const std::string& a, const std::string& b) {
      return a.size() != b.size() ? a.size() > b.size() : a < b;
    });
  }
  impl->set_flags(vocabulary);
  impl_ = std::move(impl);
}

void SpanDetector::find(std::span<const int32_t> tokens_T, std::vector<Span>& spans) const {
  spans.clear();
  std::vector<Word> words;
  impl_->find_words(tokens_T, words);
  Window window;
  int32_t done = 0;  // tokens in front of it are in spans or looked at
  for (size_t i = 0; i < words.size(); ++i) {
    const Word& word = words[i];
    if (word.end <= done) continue;
    const bool series = (word.flags & kUpper) && i + 1 < words.size() && words[i + 1].follows &&
                        (words[i + 1].flags & kNumber);
    if (!(word.flags & (kNumber | kKeyword | kKeywordInside | kBrand)) && !series) continue;
    impl_->open_window(tokens_T, words, i, window);
    const std::string_view text = window.text;
    size_t at = 0;
    const auto emit = [&](size_t begin, size_t end, SpanKind kind) {
      spans.push_back({window.token[begin], window.token[end - 1] + 1, kind});
      done = spans.back().end;
      at = std::lower_bound(window.token.begin(), window.token.end(), done) - window.token.begin();
    };
    at = std::lower_bound(window.token.begin(), window.token.end(), done) - window.token.begin();
    if (at == 0 && (word.flags & kBrand)) {
      const size_t begin = text.size() - without_opening(text).size();
      const size_t end = impl_->brand_end(text, begin);
      if (begin < window.word_end && end != std::string_view::npos)
        emit(begin, end, SpanKind::kBrand);
    }
    while (at < window.word_end) {
      const std::optional<Span> found = next_span(text, at, window.word_end);
      if (!found) break;
      emit(static_cast<size_t>(found->begin), static_cast<size_t>(found->end), found->kind);
    }
  }
}

}  // namespace rexbert::batch
