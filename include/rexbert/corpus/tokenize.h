#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/text/document_reader.h"

// corpus: documents to token shards (here), and a made corpus to begin with (sample_corpus.h).
//
// Every document of the inputs becomes one sample {id: str, input_ids: ndarray:uint16} (uint32 when
// the vocabulary has more than 65,536 ids), [CLS] and [SEP] around it.
//
//   OUTPUT/                         without a holdout: the stream itself
//   OUTPUT/train, OUTPUT/validation   with one
//   .../part-00003-of-00008/        with --part 3/8: that part's stream, until merge_parts()
//   OUTPUT/tokenize.journal         the state of the job (docs/formats/tokenize-journal.md)
//   OUTPUT/bad_lines.jsonl          the records that were skipped, when there are any
//
// The bytes written depend on inputs, tokenizer and settings alone, not on threads or
// interruptions: a job that was killed and is started again continues after its last published
// shards.
namespace rexbert::corpus {

// Which documents are kept out of training: those whose key, drawn from (seed, document id), is
// below `share`, and in any case the `at_least` documents with the smallest keys. Documents of one
// id go the same way, but where the count cuts between them. {share 0, at_least n} is exactly n
// documents. A count costs one more pass over all inputs, without encoding.
struct Holdout {
  double share = 0.0;    // of documents, [0, 1)
  int64_t at_least = 0;  // documents
  uint64_t seed = 17;

  bool enabled() const { return share > 0 || at_least > 0; }
};

// "0.02" or "2%": a share; "500": a count; "2%,2": 2% and at least 2. Throws Error(kUsage).
Holdout parse_holdout(std::string_view text);

// Part `index` (1-based) of `count`. With at least `count` files a part is a run of files of about
// equal bytes, so that the parts in order are the whole in order; with fewer, documents are dealt
// out by a hash of file and line, and every part reads all files.
struct Part {
  int64_t index = 1;
  int64_t count = 1;
};

// "3/8". Throws Error(kUsage).
Part parse_part(std::string_view text);

struct TokenizeOptions {
  std::vector<std::string> inputs;  // files, directories and globs (text/input_files.h)
  std::filesystem::path tokenizer;  // folder
  std::filesystem::path output;     // folder: new, empty, or of the same job
  text::ReadOptions read;
  // Default kStop: the first bad line ends the job with an error. kSkip: each is counted, the first
  // 20 are logged, all are written to bad_lines.jsonl.
  text::OnError on_error = text::OnError::kStop;
  Holdout holdout;
  std::optional<Part> part;
  // Threads that encode; 1: everything in the calling thread. Default 0: one for each core.
  int threads = 0;
  // Default 64 MiB, raw bytes of a shard. Memory: about three times this for each of the two
  // streams and about 8 MiB for each thread.
  uint64_t shard_bytes = uint64_t{64} << 20;
  std::string compression;                     // default none; "zstd", "zstd:7", ...
  std::vector<std::string> hashes = {"sha1"};  // of every shard file; sorted
};

enum class Split { kTrain, kValidation };
std::string_view split_name(Split split);

struct StreamReport {
  std::filesystem::path directory;
  uint64_t documents = 0;
  uint64_t tokens = 0;  // [CLS] and [SEP] included
  uint64_t shards = 0;
  uint64_t stored_bytes = 0;
};

struct TokenizeReport {
  bool already_finished = false;      // nothing was left to do
  std::vector<StreamReport> streams;  // train, then validation where there is a holdout
  // Of all input files read for this part; with dealt documents (see Part) the same in every part,
  // but for `bad`, which counts this part's.
  text::ReadCounts read;
  std::filesystem::path bad_lines_file;  // exists when read.bad > 0
};

// Throws Error(kUsage) for options that make no sense or an output folder with other content,
// Error(kIncompatible) when the output was begun with other settings or inputs (naming the first
// difference), Error(kCorrupt) for a bad line under kStop or a damaged input or journal.
TokenizeReport tokenize(Env& env, const TokenizeOptions& options);

struct MergeReport {
  int64_t parts = 0;
  std::vector<StreamReport> streams;
  uint64_t bad_lines = 0;
};

// Writes the indexes of the whole over all parts in `output`; shards stay where they are. Throws
// Error(kNotFound) naming a part that is missing or not finished, Error(kIncompatible) when parts
// differ in settings or inputs.
MergeReport merge_parts(Env& env, const std::filesystem::path& output);

}  // namespace rexbert::corpus
