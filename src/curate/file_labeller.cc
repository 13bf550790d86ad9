#include "rexbert/curate/file_labeller.h"

#include <algorithm>
#include <optional>

#include "rexbert/core/compression.h"
#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/core/strings.h"

namespace rexbert::curate {
namespace {

std::string read_all(Env& env, const fs::path& path) {
  const auto source = open_byte_source(env, path);
  std::string contents;
  std::string part(size_t{1} << 16, '\0');
  while (const size_t size = source->read(part.data(), part.size())) {
    contents.append(part, 0, size);
  }
  return contents;
}

std::optional<Label> parse_label(const Json& json, const std::string& where) {
  if (json.is_null()) return {};
  if (json.is_number_integer() && (json == 0 || json == 1)) return Label(json.get<int8_t>());
  throw Error(ErrorCode::kCorrupt,
              str_cat(where, ": expected the label 1, 0 or null, got ", str_quote(json.dump())));
}

}  // namespace

FileLabeller::FileLabeller(Env& env, const fs::path& path) : path_(path.string()) {
  const std::string contents = read_all(env, path);
  uint64_t number = 0;
  for (const std::string_view line : split_lines(contents)) {
    ++number;
    if (!str_trim(line).empty()) add(line, number);
  }
}

std::string FileLabeller::at(uint64_t number) const { return str_cat(path_, ":", number); }

void FileLabeller::add(std::string_view json_line, uint64_t number) {
  const std::string where = at(number);
  const Json json = parse_json(json_line, where);
  const auto id = json_get<std::string>(json, "id", where);
  const auto [entry, first] = documents_.try_emplace(id, DocumentLabels{.where = number});
  DocumentLabels& document = entry->second;
  const auto refuse_second = [&](const std::string& what) {
    throw Error(ErrorCode::kCorrupt,
                str_cat(where, ": a second label for ", what, " of ", str_quote(id),
                        ", which begins at line ", document.where));
  };
  if (json.contains("labels")) {
    const auto labels = json_get<Json::array_t>(json, "labels", where);
    if (!first) refuse_second("lines");
    document.whole = true;
    document.lines = static_cast<uint32_t>(labels.size());
    for (uint32_t line = 0; line < document.lines; ++line) {
      const auto label = parse_label(labels[line], str_cat(where, ": labels[", line, "]"));
      if (label) document.labels.emplace(line, *label);
    }
    return;
  }
  const auto line = json_get<uint32_t>(json, "line", where);
  const auto label = parse_label(json_get<Json>(json, "label", where), where);
  if (document.whole || document.labels.contains(line)) refuse_second(str_cat("line ", line));
  document.lines = std::max(document.lines, line + 1);
  if (label) document.labels.emplace(line, *label);
}

void FileLabeller::label(std::span<LabelTask> tasks) {
  for (LabelTask& task : tasks) {
    task.labels.assign(task.lines.size(), Label::kFailed);
    const auto found = documents_.find(task.document.id);
    if (found != documents_.end()) {
      DocumentLabels& document = found->second;
      document.used = true;
      const size_t lines = split_lines(task.document.text).size();
      if (document.whole ? lines != document.lines : lines < document.lines) {
        throw Error(ErrorCode::kIncompatible,
                    str_cat(at(document.where), ": labels for ", document.lines, " lines of ",
                            str_quote(task.document.id), ", which has ", lines));
      }
      for (size_t i = 0; i < task.lines.size(); ++i) {
        const auto label = document.labels.find(task.lines[i]);
        if (label != document.labels.end()) task.labels[i] = label->second;
      }
    }
    const auto failed =
        static_cast<uint64_t>(std::count(task.labels.begin(), task.labels.end(), Label::kFailed));
    failed_lines_ += failed;
    labelled_lines_ += task.labels.size() - failed;
  }
}

Json FileLabeller::report() const {
  const auto unused = std::count_if(documents_.begin(), documents_.end(),
                                    [](const auto& document) { return !document.second.used; });
  return {{"labelled_lines", labelled_lines_},
          {"failed_lines", failed_lines_},
          {"documents_not_asked_about", unused}};
}

}  // namespace rexbert::curate
