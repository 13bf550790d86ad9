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
  kBegins = 2,            // starts a word
  kEndsBreak = 4,         // whatever follows starts a word, and no span goes on behind it
  kNumber = 8,            // a digit or a currency sign
  kUpper = 16,            // an upper-case letter
  kHead = 32,             // its leading word is a keyword ("size") or a brand's first word ...
  kHeadPart = 64,         // ... or, reaching to its end, the start of one
  kWordToEnd = 128,       // its leading word reaches to its end
  kStartsInWord = 256,    // starts with a letter or digit
  kEndsOpen = 512,        // does not end in a letter or digit: a span may start behind it
  kKeywordInside = 1024,  // may have a keyword behind punctuation of its own
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

// The letters at the start of `text` in lower case.
std::string leading_letters(std::string_view text) {
  std::string run;
  for (size_t i = 0; is_letter_at(text, i); ++i) {
    run += is_upper(text[i]) ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
  }
  return run;
}

using Heads = std::set<std::string, std::less<>>;

bool starts_head(const Heads& heads, std::string_view word) {
  const auto at = heads.lower_bound(word);
  return !word.empty() && at != heads.end() && at->starts_with(word);
}

bool starts_longer_head(const Heads& heads, std::string_view word) {
  const auto at = heads.upper_bound(word);
  return !word.empty() && at != heads.end() && at->starts_with(word);
}

bool holds_keyword_inside(std::string_view text) {
  for (size_t at = 1; at < text.size(); ++at) {
    const bool open = !is_word_at(text, at - 1);
    if (open && starts_head(keyword_heads(), leading_letters(text.substr(at)))) return true;
  }
  return false;
}

// kHead, kHeadPart and kWordToEnd of a token's text.
uint16_t head_flags(std::string_view text, const Heads& brand_heads) {
  const std::string_view opened = without_opening(text);
  const std::string_view word = leading_word(opened);
  const std::string letters = leading_letters(opened);
  const bool to_end = !word.empty() && word.size() == opened.size();
  const bool letters_to_end = letters.size() == opened.size();
  const bool head = brand_heads.contains(word) || keyword_heads().contains(letters);
  const bool part = (to_end && starts_longer_head(brand_heads, word)) ||
                    (letters_to_end && starts_longer_head(keyword_heads(), letters));
  return static_cast<uint16_t>((head ? kHead : 0) | (part ? kHeadPart : 0) |
                               (to_end ? kWordToEnd : 0));
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

// A word and what comes behind it, as text; the tokens first_token, first_token + 1, ... end at the
// bytes `ends`, a space in front of a token being its own.
struct Window {
  std::string text;
  int32_t first_token = 0;
  std::vector<uint32_t> ends;
  size_t word_end = 0;  // bytes of the first word

  int32_t token_at(size_t byte) const {
    return first_token +
           static_cast<int32_t>(std::upper_bound(ends.begin(), ends.end(), byte) - ends.begin());
  }
  // The first byte behind the tokens below `token`.
  size_t begin_of(int32_t token) const {
    return token <= first_token ? 0 : ends[static_cast<size_t>(token - first_token - 1)];
  }
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
  Heads brand_heads;
  for (const auto& [head, names] : brands) brand_heads.insert(head);
  for (int32_t id = 0; id < vocabulary.size(); ++id) {
    const std::string_view text = text_V[id];
    const bool ends_open = text.empty() || !is_word_at(text, text.size() - 1);
    const bool upper = std::any_of(text.begin(), text.end(), is_upper);
    flags_V.push_back(static_cast<uint16_t>(
        (vocabulary.special_V[id] ? kSpecial : 0) | (vocabulary.begins_word_V[id] ? kBegins : 0) |
        (vocabulary.ends_in_break_V[id] ? kEndsBreak : 0) | (has_number(text) ? kNumber : 0) |
        (upper ? kUpper : 0) | head_flags(text, brand_heads) |
        (is_word_at(text, 0) ? kStartsInWord : 0) | (ends_open ? kEndsOpen : 0) |
        (holds_keyword_inside(text) ? kKeywordInside : 0)));
  }
}

// A word's flags: kNumber, kUpper and kKeywordInside of any of its tokens; kHead where a leading
// word in it may be a keyword or brand.
void SpanDetector::Impl::find_words(std::span<const int32_t> tokens_T,
                                    std::vector<Word>& words) const {
  words.clear();
  constexpr uint16_t kAnywhere = kNumber | kUpper | kKeywordInside;
  uint16_t previous = kSpecial;
  uint16_t open_head = 0;  // of the token before, if its leading word reaches to its end
  const auto settle = [&](bool goes_on) {
    if (open_head & (goes_on ? kHeadPart : kHead)) words.back().flags |= kHead;
    open_head = 0;
  };
  for (int32_t t = 0; t < static_cast<int32_t>(tokens_T.size()); ++t) {
    const uint16_t flags = flags_V[tokens_T[t]];
    if (flags & kSpecial) {
      settle(false);
      previous = flags;
      continue;
    }
    const bool cut = (previous & (kSpecial | kEndsBreak)) != 0;
    bool open = true;
    if (cut || (flags & kBegins)) {
      settle(false);
      words.push_back({t, t + 1, static_cast<uint16_t>(flags & kAnywhere), !cut});
    } else {
      settle((flags & kStartsInWord) != 0);
      open = (previous & kEndsOpen) != 0;
      words.back().end = t + 1;
      words.back().flags |= flags & kAnywhere;
    }
    if (open && (flags & kWordToEnd)) {
      open_head = flags;
    } else if (open) {
      words.back().flags |= flags & kHead;
    }
    previous = flags;
  }
  settle(false);
}

void SpanDetector::Impl::open_window(std::span<const int32_t> tokens_T,
                                     const std::vector<Word>& words, size_t first,
                                     Window& window) const {
  window.text.clear();
  window.ends.clear();
  window.first_token = words[first].begin;
  for (size_t i = first; i < words.size(); ++i) {
    if (i > first) {
      if (!words[i].follows || window.text.size() >= window.word_end + kPatternBytes) break;
      window.text += ' ';
    }
    for (int32_t t = words[i].begin; t < words[i].end; ++t) {
      window.text += text_V[tokens_T[t]];
      window.ends.push_back(static_cast<uint32_t>(window.text.size()));
    }
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
    if (!(word.flags & (kNumber | kHead | kKeywordInside)) && !series) continue;
    impl_->open_window(tokens_T, words, i, window);
    const std::string_view text = window.text;
    size_t at = window.begin_of(done);
    const auto emit = [&](size_t begin, size_t end, SpanKind kind) {
      spans.push_back({window.token_at(begin), window.token_at(end - 1) + 1, kind});
      done = spans.back().end;
      at = window.begin_of(done);
    };
    if (at == 0 && (word.flags & kHead)) {
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
