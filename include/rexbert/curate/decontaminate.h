#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/curate/file_rewrite.h"

namespace rexbert::curate {

enum class EvaluationFormat {
  kByExtension,  // .jsonl and .json, .tsv, .txt, compression suffix left aside
  kJsonLines,
  kTsv,
  kPlainText,  // each line is a text
};

// Texts that a model will be measured on; plain, .zst, .zstd or .gz.
struct EvaluationFile {
  fs::path path;
  EvaluationFormat format = EvaluationFormat::kByExtension;
  // JSON lines: members that hold a text, or lists of its tokens, which are joined by blanks, lists
  // in lists too; a dot leads into an object ("question.stem"). Default: "text". TSV: columns, by
  // their names in the first line where `header` is set, else by 1-based number. Default: all. A
  // field that a line lacks or has null in holds no text there, but a field that no line has is an
  // error.
  std::vector<std::string> fields = {};
  // TSV: the first line names the columns. Default: it does not.
  bool header = false;
};

// A document is contaminated that has a run of `ngram_words` words (words.h) in common with a text
// of the evaluation files (Brown et al., "Language models are few-shot learners", 2020, appendix
// C).
struct DecontaminateOptions {
  // Default 13 words. Fewer find shorter quotations, and phrases that are nobody's.
  int ngram_words = 13;
  // Texts of fewer words than ngram_words, but at least these, count as a whole. Default 8, as in
  // Brown et al.; 0 leaves such texts out.
  int min_words = 8;
};

struct DecontaminateJob {
  std::vector<FileRewrite> files;
  std::vector<EvaluationFile> evaluation;
  // JSON lines, one for each document and evaluation text that share something, in order: {"id",
  // "file", "line" (of the input), "evaluation_file", "evaluation_line", "evaluation_field" (empty
  // in plain text), "words" (the first run that is shared), "ngrams" (how many are)}. A run that
  // several lines of one evaluation file have is reported with the first of them. Plain or .zst.
  fs::path report;
  // The journal; new, or that of the same job, which is gone on with.
  fs::path work_directory;
  // Beside the calling one, which reads and writes. Default 0: the calling one does everything.
  // Results do not depend on it.
  int threads = 0;
};

struct DecontaminateSummary {
  uint64_t documents = 0;
  uint64_t kept = 0;
  uint64_t dropped = 0;
  uint64_t hits = 0;              // lines of the report
  uint64_t evaluation_texts = 0;  // that are long enough to be looked for
  uint64_t short_texts = 0;       // that are not
};

// Writes the outputs and the report of a job. Memory is about 50 bytes for each word of the
// evaluation files and their text. Killed anywhere and called again with the same job, it ends with
// the same bytes; done already, it returns at once. Throws Error(kConfig) for options out of range
// and fields that no line has, Error(kUsage) for paths that collide, a format that the name does
// not say or a work directory of something else, Error(kCorrupt) "file:line: ..." for a line that
// is not what it should be.
DecontaminateSummary decontaminate(Env& env, const DecontaminateJob& job,
                                   const DecontaminateOptions& options);

}  // namespace rexbert::curate
