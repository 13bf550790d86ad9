#pragma once

// curate: open web text to an e-commerce corpus.
//
// Documents come in from crawls, feeds and datasets (source.h), are sampled, labelled line by line
// and audited, and a light classifier for each domain learns the labels. Every document is then
// filtered line by line, deduplicated, checked against evaluation data and written, with a report
// of what became of everything. Every stage streams, and is a pure function of its inputs and
// settings, whatever the number of workers.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rexbert::curate {

// Lines [first, second) of a text, 0-based, rising and apart.
using LineSpans = std::vector<std::pair<uint32_t, uint32_t>>;

// One document on its way through curation.
struct Document {
  std::string id = {};    // as the source names it, else "<file name>:<line>"
  std::string text = {};  // valid UTF-8 without NUL; lines end in '\n'
  // Empty where the source has none.
  std::string url = {};
  std::string domain = {};
  std::string date = {};
  std::optional<double> score = {};  // the source's own, of quality
  // Where it comes from: the input file as it was named, and the 1-based line or record in it.
  std::string file = {};
  uint64_t line = 0;
  // Of a document that was filtered: the lines [first, second) of the source's text that were kept,
  // and the score of each, in 0 to 1.
  LineSpans spans = {};
  std::vector<float> line_scores = {};
};

// The lines of a text, without their ends ("\n" or "\r\n"): views into it. An end at the text's own
// end begins no further line; an empty text has no lines.
std::vector<std::string_view> split_lines(std::string_view text);

// The lines, each with "\n" between: what split_lines() takes apart.
std::string join_lines(const std::vector<std::string_view>& lines);

// Runs of other characters than white space (of ASCII).
uint64_t count_words(std::string_view text);

// One line of JSON, "\n" at its end: {"id", "text", "url", "domain", "date", "score", "file",
// "line"}, without the members that are empty. The format of all files between two stages.
std::string to_json_line(const Document& document);

// The reverse. Throws Error(kCorrupt) "source: ..." naming what is missing or wrong.
Document parse_document(std::string_view json_line, std::string_view source);

}  // namespace rexbert::curate
