#pragma once

// text: documents in.
//
// A corpus comes as files (input_files.h) of JSON lines or plain text, plain or compressed. This
// module turns them into a stream of documents with bounded memory, and never loses one silently:
// what cannot be read is a BadLine with file, line and reason, and everything is counted.
//
//   DocumentReader   one file, one thread: next(document) until false
//   map_documents    many files, many threads, results in input order (map_documents.h)

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/compression.h"
#include "rexbert/core/env.h"
#include "rexbert/text/json_fields.h"

namespace rexbert::text {

enum class FileFormat {
  kByExtension,  // .jsonl and .json are JSON lines, .txt is plain text; another is an error
  kJsonLines,
  kPlainText,
};

// What one document of a plain text file is.
enum class PlainTextUnit { kLine, kParagraph, kFile };

struct ReadOptions {
  // Default: by extension, compression suffix left aside.
  FileFormat format = FileFormat::kByExtension;
  // Member of each JSON object that holds the document. Default "text". Empty: the documents have
  // only fields, and an empty text.
  std::string text_field = "text";
  // Member that names the document, a string or an integer. Default "id"; where it is absent, and
  // in plain text, the name is "<file name>:<line>". Empty: never looked up.
  std::string id_field = "id";
  // Further members of each JSON object to hand out. Default none. With a type, the objects of that
  // type give their fields alone, no text or name, and a line without one is skipped.
  JsonFields json_fields = {};
  // Default: a line is a document. kParagraph: blank lines lie between documents.
  PlainTextUnit plain_text_unit = PlainTextUnit::kLine;
  // Whether a text of nothing but white space is a document too, and so is a blank line of plain
  // text: for results that are matched with their texts by number. Default off: it is skipped.
  bool keep_empty = false;
  // A longer record is a BadLine and is stepped over. Default 64 MiB; memory is about sixteen times
  // the longest record met.
  uint64_t max_record_bytes = uint64_t{64} << 20;
};

// One document. The views are valid until the reader's next call.
struct Document {
  std::string_view id;
  std::string_view text;    // valid UTF-8 without NUL; empty only as ReadOptions say
  uint32_t file_index = 0;  // position in the list of input files
  uint64_t line = 0;        // 1-based line at which it begins
  uint64_t offset = 0;      // bytes of (decompressed) file before it
  // One for each of ReadOptions::json_fields.paths, object after object.
  std::span<const std::string> fields = {};
};

// A record that is not a document.
struct BadLine {
  std::string file;
  uint64_t line = 0;
  std::string reason;
};

// "file:line: reason".
std::string to_string(const BadLine& bad);

struct ReadCounts {
  uint64_t documents = 0;
  uint64_t empty = 0;       // documents and lines with nothing but white space: skipped
  uint64_t skipped = 0;     // well-formed, but of another kind than asked for
  uint64_t bad = 0;         // reported as BadLine
  uint64_t text_bytes = 0;  // of documents
  uint64_t file_bytes = 0;  // decompressed bytes read
  ReadCounts& operator+=(const ReadCounts& other);
};

// Called for each bad line, in input order; it may throw to stop.
using OnBadLine = std::function<void(const BadLine&)>;

enum class OnError { kStop, kSkip };

// kStop: throws Error(kCorrupt) at the first bad line. kSkip: logs the first `reports` of them as
// warnings and says when it falls silent.
OnBadLine make_bad_line_handler(OnError policy, uint64_t reports = 20);

// Parses "stop" or "skip"; Error(kUsage) otherwise.
OnError parse_on_error(std::string_view text);

// The documents of one file, in order.
class DocumentReader {
 public:
  // Throws Error(kNotFound) when there is no such file and Error(kUsage) when its format is
  // unknown.
  DocumentReader(Env& env, const fs::path& path, uint32_t file_index, ReadOptions options,
                 OnBadLine on_bad_line);
  // Reads what `bytes` gives, under the name `path`, whose extension says only the format.
  DocumentReader(std::unique_ptr<ByteSource> bytes, const fs::path& path, uint32_t file_index,
                 ReadOptions options, OnBadLine on_bad_line);
  ~DocumentReader();
  DocumentReader(DocumentReader&&) noexcept;
  DocumentReader& operator=(DocumentReader&&) noexcept;

  // Moves to the next document; false at the end. Throws Error(kCorrupt) for a damaged compressed
  // file, behind all that was whole before it, and whatever the handler throws.
  bool next(Document& document);

  enum class Step { kDocument, kEmpty, kSkipped, kBad, kEnd };
  // Moves by one record, and leaves it to the caller to report it: kBad sets `bad`. Counts as
  // next() does.
  Step step(Document& document, BadLine& bad);

  const ReadCounts& counts() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace rexbert::text
