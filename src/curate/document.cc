#include "rexbert/curate/document.h"

#include <algorithm>
#include <cmath>

#include "rexbert/core/json.h"

namespace rexbert::curate {

std::vector<std::string_view> split_lines(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

uint64_t count_words(std::string_view text) {
  uint64_t words = 0;
  bool inside = false;
  for (const char c : text) {
    const bool space = c == ' ' || (c >= '\t' && c <= '\r');
    words += !space && !inside ? 1 : 0;
    inside = !space;
  }
  return words;
}

std::string join_lines(const std::vector<std::string_view>& lines) {
  std::string text;
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) text += '\n';
    text += lines[i];
  }
  return text;
}

std::string to_json_line(const Document& document) {
  Json json = {{"id", document.id}, {"text", document.text}};
  const auto add = [&](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  add("url", document.url);
  add("domain", document.domain);
  add("date", document.date);
  add("file", document.file);
  if (document.line > 0) json["line"] = document.line;
  if (document.score) json["score"] = *document.score;
  if (!document.spans.empty()) json["spans"] = document.spans;
  if (!document.line_scores.empty()) {
    Json& scores = json["line_scores"] = Json::array();
    for (const float score : document.line_scores) scores.push_back(std::round(score * 1e3) / 1e3);
  }
  return json.dump() + "\n";
}

Document parse_document(std::string_view json_line, std::string_view source) {
  const Json json = parse_json(json_line, source);
  Document document;
  document.id = json_get<std::string>(json, "id", source);
  document.text = json_get<std::string>(json, "text", source);
  const auto take = [&](const char* name, std::string& value) {
    if (json.contains(name)) value = json_get<std::string>(json, name, source);
  };
  take("url", document.url);
  take("domain", document.domain);
  take("date", document.date);
  take("file", document.file);
  if (json.contains("line")) document.line = json_get<uint64_t>(json, "line", source);
  if (json.contains("score")) document.score = json_get<double>(json, "score", source);
  if (json.contains("spans")) document.spans = json_get<LineSpans>(json, "spans", source);
  if (json.contains("line_scores")) {
    document.line_scores = json_get<std::vector<float>>(json, "line_scores", source);
  }
  return document;
}

}  // namespace rexbert::curate
