#include "rexbert/text/map_documents.h"

#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "rexbert/core/compression.h"
#include "rexbert/core/ordered_map.h"
#include "rexbert/text/record_reader.h"
#include "text/document_parser.h"

namespace rexbert::text::internal {
namespace {

struct Batch {
  uint32_t file_index = 0;
  std::string bytes;  // records end to end, then padding
  struct Slice {
    Record record;  // `bytes` is set when the batch is complete
    size_t begin, size;
  };
  std::vector<Slice> slices;
  uint64_t file_bytes = 0;
};

struct Outcome {
  ErasedResult result;
  std::vector<BadLine> bad;
  ReadCounts counts;
};

// Cuts the files into batches, in order.
class BatchReader {
 public:
  BatchReader(Env& env, const std::vector<fs::path>& files, const MapOptions& options)
      : env_(env), files_(files), options_(options) {}

  std::optional<Batch> next() {
    while (true) {
      if (!records_) {
        if (file_ == files_.size()) return std::nullopt;
        open();
      }
      Batch batch = fill();
      if (!batch.slices.empty() || batch.file_bytes > 0) return batch;
      records_.reset();
      ++file_;
    }
  }

 private:
  void open() {
    const fs::path& path = files_[file_];
    const bool json = resolve_format(path, options_.read) == FileFormat::kJsonLines;
    records_.emplace(open_byte_source(env_, path),
                     json ? PlainTextUnit::kLine : options_.read.plain_text_unit,
                     options_.read.max_record_bytes);
    consumed_ = 0;
  }

  Batch fill() {
    Batch batch;
    batch.file_index = static_cast<uint32_t>(file_);
    Record record;
    while (batch.bytes.size() < options_.batch_bytes && records_->next(record)) {
      batch.slices.push_back({record, batch.bytes.size(), record.bytes.size()});
      batch.bytes.append(record.bytes);
    }
    batch.bytes.append(kRecordPadding, '\0');
    for (Batch::Slice& slice : batch.slices) {
      slice.record.bytes = std::string_view(batch.bytes).substr(slice.begin, slice.size);
    }
    batch.file_bytes = records_->consumed() - consumed_;
    consumed_ = records_->consumed();
    return batch;
  }

  Env& env_;
  const std::vector<fs::path>& files_;
  const MapOptions& options_;
  size_t file_ = 0;
  std::optional<RecordReader> records_;
  uint64_t consumed_ = 0;
};

// What one thread needs to turn batches into outcomes.
class Worker {
 public:
  Worker(const std::vector<fs::path>& files, const MapOptions& options, const ErasedJob& job)
      : files_(files), job_(job), mapper_(job.make_mapper()), parser_(options.read) {}

  Outcome run(const Batch& batch) {
    Outcome outcome{job_.make_result(), {}, {}};
    outcome.counts.file_bytes = batch.file_bytes;
    parser_.set_file(files_[batch.file_index], batch.file_index);
    Document document;
    for (const Batch::Slice& slice : batch.slices) {
      switch (parser_.parse(slice.record, document)) {
        case DocumentParser::Outcome::kDocument:
          ++outcome.counts.documents;
          outcome.counts.text_bytes += document.text.size();
          mapper_(document, outcome.result.get());
          break;
        case DocumentParser::Outcome::kEmpty:
          ++outcome.counts.empty;
          break;
        case DocumentParser::Outcome::kSkipped:
          ++outcome.counts.skipped;
          break;
        case DocumentParser::Outcome::kBad:
          ++outcome.counts.bad;
          outcome.bad.push_back(
              {files_[batch.file_index].string(), slice.record.line, parser_.reason()});
          break;
      }
    }
    return outcome;
  }

 private:
  const std::vector<fs::path>& files_;
  const ErasedJob& job_;
  ErasedMapper mapper_;
  DocumentParser parser_;
};

void deliver(Outcome outcome, const OnBadLine& on_bad_line, const ErasedJob& job,
             ReadCounts& counts) {
  counts += outcome.counts;
  for (const BadLine& bad : outcome.bad) on_bad_line(bad);
  job.consume(std::move(outcome.result));
}

}  // namespace

ReadCounts map_documents(Env& env, const std::vector<fs::path>& files, const MapOptions& options,
                         const OnBadLine& on_bad_line, const ErasedJob& job) {
  ReadCounts counts;
  for (const fs::path& file : files) resolve_format(file, options.read);
  BatchReader batches(env, files, options);
  ordered_map<Batch, Outcome>(
      options.threads, [&] { return batches.next(); },
      [&] {
        return [worker = std::make_shared<Worker>(files, options, job)](Batch&& batch) {
          return worker->run(batch);
        };
      },
      [&](Outcome&& outcome) { deliver(std::move(outcome), on_bad_line, job, counts); });
  return counts;
}

}  // namespace rexbert::text::internal
