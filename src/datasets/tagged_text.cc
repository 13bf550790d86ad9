#include "rexbert/datasets/tagged_text.h"

#include <algorithm>
#include <utility>

#include "datasets/json_lines.h"
#include "datasets/line_reader.h"
#include "datasets/tagged_texts_builder.h"
#include "rexbert/core/strings.h"

namespace rexbert::datasets {
namespace {

void append_word(TaggedText& text, std::string_view word) {
  if (!text.text.empty()) text.text += ' ';
  text.words.push_back({text.text.size(), text.text.size() + word.size()});
  text.text += word;
}

// The two columns of a line of CoNLL.
std::vector<std::string> split_columns(const LineReader& lines) {
  const char separator = lines.line().find('\t') != std::string_view::npos ? '\t' : ' ';
  std::vector<std::string> columns = str_split(lines.line(), separator);
  const bool filled = std::none_of(columns.begin(), columns.end(), [](const std::string& column) {
    return str_trim(column).empty();
  });
  if (columns.size() != 2 || !filled) {
    lines.fail("a word and a tag, with one tab or blank between them", str_quote(lines.line()));
  }
  return columns;
}

bool is_word_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool is_blank_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte <= 0x20 || byte == 0x7F;
}

}  // namespace

TaggedTexts read_bio_json(Env& env, const fs::path& path, const LabelSet* tags) {
  JsonLines json(env, path);
  TaggedTextsBuilder builder(tags);
  while (json.next()) {
    const std::vector<std::string> tokens = json.strings("tokens");
    std::vector<std::string> names = json.strings("tags");
    if (tokens.empty()) json.lines().fail("at least one token", "none");
    if (names.size() != tokens.size()) {
      json.lines().fail(str_cat("a tag for each of ", tokens.size(), " tokens"),
                        str_cat(names.size(), " tags"));
    }
    TaggedText text;
    text.line = json.lines().number();
    for (const std::string& token : tokens) {
      if (str_trim(token).empty()) json.lines().fail("a token with a text", str_quote(token));
      append_word(text, token);
    }
    for (const std::string& name : names) builder.check_tag(json.lines(), name);
    builder.add(std::move(text), std::move(names));
  }
  return builder.finish(json.lines());
}

TaggedTexts read_conll(Env& env, const fs::path& path, const LabelSet* tags) {
  LineReader lines(env, path);
  TaggedTextsBuilder builder(tags);
  TaggedText text;
  std::vector<std::string> names;
  const auto finish_text = [&] {
    if (!names.empty()) {
      builder.add(std::exchange(text, TaggedText{}), std::exchange(names, {}));
    }
  };
  while (lines.next()) {
    if (str_trim(lines.line()).empty()) {
      finish_text();
      continue;
    }
    std::vector<std::string> columns = split_columns(lines);
    builder.check_tag(lines, columns[1]);
    if (names.empty()) text.line = lines.number();
    append_word(text, columns[0]);
    names.push_back(std::move(columns[1]));
  }
  finish_text();
  return builder.finish(lines);
}

std::vector<Word> split_words(std::string_view text) {
  std::vector<Word> words;
  for (size_t begin = 0; begin < text.size();) {
    size_t end = begin + 1;
    if (is_word_byte(text[begin])) {
      while (end < text.size() && is_word_byte(text[end])) ++end;
    }
    if (!is_blank_byte(text[begin])) words.push_back({begin, end});
    begin = end;
  }
  return words;
}

}  // namespace rexbert::datasets
