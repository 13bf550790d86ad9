#include <algorithm>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "datasets/json_lines.h"
#include "datasets/tagged_texts_builder.h"
#include "rexbert/core/strings.h"
#include "rexbert/datasets/tagged_text.h"

namespace rexbert::datasets {
namespace {

struct Span {
  size_t begin = 0;  // code points of the title
  size_t end = 0;
  std::string attribute;
  size_t first_word = 0;
  size_t end_word = 0;
};

// The byte at which each code point begins, and the text's end.
std::vector<size_t> code_point_starts(std::string_view text) {
  std::vector<size_t> starts;
  for (size_t i = 0; i < text.size(); ++i) {
    if ((static_cast<unsigned char>(text[i]) & 0xC0) != 0x80) starts.push_back(i);
  }
  starts.push_back(text.size());
  return starts;
}

size_t read_offset(const JsonLines& json, const Json& span, std::string_view key) {
  const Json& value = json.member(span, key, "a span");
  if (!value.is_number_unsigned()) json.fail(str_cat("a whole number as ", str_quote(key)), value);
  return value.get<size_t>();
}

Span read_span(const JsonLines& json, const Json& value, const TaggedText& title,
               const std::vector<size_t>& starts) {
  Span span;
  span.begin = read_offset(json, value, "start");
  span.end = read_offset(json, value, "end");
  if (span.begin >= span.end || span.end >= starts.size()) {
    json.lines().fail(str_cat("a span inside of the title's ", starts.size() - 1, " characters"),
                      str_cat(span.begin, " to ", span.end));
  }
  const Json& attribute = json.member(value, "attribute", "a span");
  if (!attribute.is_string() || attribute.get_ref<const std::string&>().empty()) {
    json.fail("the name of an attribute", attribute);
  }
  span.attribute = attribute.get<std::string>();

  const Word bytes = {starts[span.begin], starts[span.end]};
  const std::vector<Word>& words = title.words;
  span.end_word = words.size();
  while (span.end_word > 0 && words[span.end_word - 1].begin >= bytes.end) --span.end_word;
  while (span.first_word < span.end_word && words[span.first_word].end <= bytes.begin) {
    ++span.first_word;
  }
  if (span.first_word == span.end_word) {
    json.lines().fail(
        "a span with a word",
        str_quote(std::string_view(title.text).substr(bytes.begin, bytes.end - bytes.begin)));
  }
  return span;
}

// Tags the words of the spans that are served; returns how many are not.
uint64_t tag_words(std::vector<Span> spans, std::vector<std::string>& tags) {
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
    const size_t a_length = a.end - a.begin;
    const size_t b_length = b.end - b.begin;
    return std::tie(b_length, a.begin, a.attribute) < std::tie(a_length, b.begin, b.attribute);
  });
  uint64_t dropped = 0;
  for (const Span& span : spans) {
    const auto first = tags.begin() + static_cast<std::ptrdiff_t>(span.first_word);
    const auto end = tags.begin() + static_cast<std::ptrdiff_t>(span.end_word);
    if (std::any_of(first, end, [](const std::string& tag) { return tag != "O"; })) {
      ++dropped;
      continue;
    }
    std::fill(first, end, str_cat("I-", span.attribute));
    *first = str_cat("B-", span.attribute);
  }
  return dropped;
}

}  // namespace

TaggedTexts read_attribute_spans(Env& env, const fs::path& path, const LabelSet* tags) {
  JsonLines json(env, path);
  TaggedTextsBuilder builder(tags);
  uint64_t dropped = 0;
  while (json.next()) {
    TaggedText title;
    title.line = json.lines().number();
    title.text = json.string("title");
    title.words = split_words(title.text);
    if (title.words.empty()) json.lines().fail("a title with a word", str_quote(title.text));
    const std::vector<size_t> starts = code_point_starts(title.text);
    std::vector<Span> spans;
    for (const Json& value : json.list("spans")) {
      spans.push_back(read_span(json, value, title, starts));
      builder.check_tag(json.lines(), str_cat("B-", spans.back().attribute));
      builder.check_tag(json.lines(), str_cat("I-", spans.back().attribute));
    }
    std::vector<std::string> names(title.words.size(), "O");
    dropped += tag_words(std::move(spans), names);
    builder.add(std::move(title), std::move(names));
  }
  TaggedTexts result = builder.finish(json.lines());
  result.dropped_spans = dropped;
  return result;
}

}  // namespace rexbert::datasets
