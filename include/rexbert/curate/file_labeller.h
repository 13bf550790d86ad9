#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/curate/labeller.h"

namespace rexbert::curate {

// Labels that somebody made: JSON lines, plain or compressed, of
//
//   {"id": "doc-7", "line": 3, "label": 1}       one line of a document, counted from 0
//   {"id": "doc-7", "labels": [0, 0, 1, null]}   all lines of a document
//
// with 1 for e-commerce, 0 for other and null for a line without a label. All are held in memory.
class FileLabeller final : public Labeller {
 public:
  // Throws Error(kCorrupt) "path:line: ..." for what is not such a line and for a second label of
  // the same line, Error(kNotFound) without the file.
  FileLabeller(Env& env, const fs::path& path);

  // A line without a label is kFailed. Throws Error(kIncompatible) "path:line: ..." where the file
  // has labels for more or fewer lines than the document has. From one thread at a time.
  void label(std::span<LabelTask> tasks) override;

  // "labelled_lines", "failed_lines", and how many of the file's documents were in no task.
  Json report() const override;

 private:
  struct DocumentLabels {
    uint64_t where = 0;  // line of the file that names it first
    std::map<uint32_t, Label> labels = {};
    bool whole = false;  // given as "labels", and so all there are
    uint32_t lines = 0;  // of the document, where it is whole; else one more than the last labelled
    bool used = false;
  };

  void add(std::string_view json_line, uint64_t number);
  std::string at(uint64_t number) const;

  std::string path_;
  std::unordered_map<std::string, DocumentLabels> documents_;
  uint64_t labelled_lines_ = 0;
  uint64_t failed_lines_ = 0;
};

}  // namespace rexbert::curate
