#include <algorithm>
#include <cmath>
#include <limits>

#include "curate/document_fields.h"
#include "curate/line_batches.h"
#include "curate/sketch_files.h"
#include "curate/sketcher.h"
#include "curate/sketches.h"
#include "rexbert/core/error.h"
#include "rexbert/core/ordered_map.h"
#include "rexbert/core/progress.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"

namespace rexbert::curate {
namespace {

constexpr size_t kBatchBytes = size_t{1} << 20;
constexpr size_t kBufferBytes = size_t{1} << 15;

struct SketchBatch {
  std::vector<SketchRecord> records;  // payload counted from this batch's
  std::string payload;
  std::vector<KeyedDocument> band_keys;  // document counted from this batch's first
};

// Turns lines into sketches, for one thread.
class LineSketcher {
 public:
  explicit LineSketcher(const SketchFunctions& functions) : sketcher_(functions) {}

  SketchBatch sketch(const LineBatch& batch, uint32_t file, const std::string& path) {
    SketchBatch result;
    result.records.reserve(batch.line_count);
    uint64_t line = batch.first;
    for (const std::string_view bytes : batch.lines()) {
      ++line;
      const DocumentFields fields = parser_.parse(bytes, str_cat(path, ":", line));
      add(fields, file, line, result);
    }
    return result;
  }

 private:
  void add(const DocumentFields& fields, uint32_t file, uint64_t line, SketchBatch& result) {
    const DocumentSketch& sketch = sketcher_(fields.text);
    result.records.push_back(
        {.hash = sketch.hash,
         .payload = result.payload.size(),
         .shingles = static_cast<uint32_t>(sketch.shingles.size()),
         .id_bytes = static_cast<uint32_t>(fields.id.size()),
         .text_bytes = fields.text.size(),
         .score = fields.score.value_or(-std::numeric_limits<double>::infinity()),
         .line = line,
         .file = file,
         .reserved = 0});
    result.payload.append(reinterpret_cast<const char*>(sketch.shingles.data()),
                          sketch.shingles.size() * sizeof(uint32_t));
    result.payload.append(fields.id);
    for (const uint64_t key : sketch.band_keys) {
      result.band_keys.push_back({key, static_cast<uint32_t>(result.records.size() - 1)});
    }
  }

  FieldParser parser_;
  Sketcher sketcher_;
};

// A file in the folder that is appended to and made durable now and then.
class SpillFile {
 public:
  SpillFile(WorkFolder& folder, std::string name, uint64_t size)
      : name_(std::move(name)),
        size_(size),
        file_(resume_file(folder.env(), folder / name_, size)) {}

  void append(std::string_view data) {
    if (buffer_.size() + data.size() > kBufferBytes) flush();
    buffer_.append(data);
    size_ += data.size();
  }
  void append(const KeyedDocument& key) {
    char bytes[kKeyBytes];
    pack_key(key, bytes);
    append({bytes, kKeyBytes});
  }

  void sync() {
    flush();
    file_->sync();
  }
  void close() { file_->close(); }

  const std::string& name() const { return name_; }
  uint64_t size() const { return size_; }

 private:
  void flush() {
    if (!buffer_.empty()) file_->append(buffer_);
    buffer_.clear();
  }

  std::string name_;
  uint64_t size_;
  std::string buffer_;
  std::unique_ptr<WritableFile> file_;
};

// The files of sketches, and the journal's part that says how far they are.
class SketchWriter {
 public:
  SketchWriter(WorkFolder& folder, const DedupOptions& options)
      : folder_(folder), partitions_(static_cast<uint64_t>(options.partitions)) {
    const Json state = folder.state().value("sketch", Json::object());
    files_done_ = state.value("files", size_t{0});
    documents_ = state.value("documents", uint64_t{0});
    const Json sizes = state.value("sizes", Json::object());
    const auto open = [&](std::vector<SpillFile>& files, const std::string& name) {
      files.emplace_back(folder, name, sizes.value(name, uint64_t{0}));
    };
    open(files_, kRecordsFile);
    open(files_, kPayloadFile);
    for (int i = 0; i < options.partitions; ++i) open(exact_, key_file(KeyKind::kExact, i));
    for (int i = 0; i < options.partitions; ++i) open(near_, key_file(KeyKind::kNear, i));
  }

  size_t files_done() const { return files_done_; }
  uint64_t documents() const { return documents_; }

  void add(SketchBatch&& batch) {
    const uint64_t payload = files_[1].size();
    // 2^32 - 1 documents fit; the check comes before any is numbered.
    if (documents_ + batch.records.size() > std::numeric_limits<uint32_t>::max()) {
      throw Error(ErrorCode::kUsage, "expected fewer than 2^32 documents, got more");
    }
    const auto first = static_cast<uint32_t>(documents_);
    for (size_t i = 0; i < batch.records.size(); ++i) {
      SketchRecord& record = batch.records[i];
      record.payload += payload;
      partition(exact_, {record.hash[0], first + static_cast<uint32_t>(i)});
    }
    for (const KeyedDocument& key : batch.band_keys) {
      partition(near_, {key.key, first + key.document});
    }
    files_[0].append({reinterpret_cast<const char*>(batch.records.data()),
                      batch.records.size() * sizeof(SketchRecord)});
    files_[1].append(batch.payload);
    documents_ += batch.records.size();
  }

  // Makes durable that the first `files` inputs are read.
  void checkpoint(size_t files) {
    Json sizes = Json::object();
    for_each_file([&](SpillFile& file) {
      file.sync();
      sizes[file.name()] = file.size();
    });
    folder_.env().sync_directory((folder_ / kRecordsFile).parent_path());
    files_done_ = files;
    Json state = folder_.state();
    state["sketch"] = {{"files", files}, {"documents", documents_}, {"sizes", std::move(sizes)}};
    folder_.save(std::move(state));
  }

  void close() {
    for_each_file([](SpillFile& file) { file.close(); });
  }

 private:
  void partition(std::vector<SpillFile>& files, const KeyedDocument& key) {
    files[(key.key >> 32) * partitions_ >> 32].append(key);
  }

  template <class Body>
  void for_each_file(Body body) {
    for (std::vector<SpillFile>* files : {&files_, &exact_, &near_}) {
      for (SpillFile& file : *files) body(file);
    }
  }

  WorkFolder& folder_;
  uint64_t partitions_;
  size_t files_done_ = 0;
  uint64_t documents_ = 0;
  std::vector<SpillFile> files_;  // records, payload
  std::vector<SpillFile> exact_;
  std::vector<SpillFile> near_;
};

}  // namespace

uint64_t write_sketches(WorkFolder& folder, const DedupJob& job, const DedupOptions& options) {
  const Json state = folder.state().value("sketch", Json::object());
  if (state.value("files", size_t{0}) == job.files.size()) {
    return state.at("documents").get<uint64_t>();
  }
  const SketchFunctions functions(options);
  SketchWriter writer(folder, options);
  Progress progress("reading", 0, [](uint64_t count) {
    return format_count(static_cast<int64_t>(count)) + " documents";
  });
  uint64_t unsaved = 0;
  for (size_t i = writer.files_done(); i < job.files.size(); ++i) {
    const fs::path& input = job.files[i].input;
    LineBatchReader reader(folder.env(), input, kBatchBytes);
    ordered_map<LineBatch, SketchBatch>(
        job.threads, [&] { return reader.next(); },
        [&] {
          return [&](LineBatch&& batch) {
            return LineSketcher(functions).sketch(batch, static_cast<uint32_t>(i), input.string());
          };
        },
        [&](SketchBatch&& batch) {
          writer.add(std::move(batch));
          progress.update(writer.documents());
        });
    unsaved += folder.env().file_size(input);
    if (unsaved >= options.checkpoint_bytes || i + 1 == job.files.size()) {
      writer.checkpoint(i + 1);
      unsaved = 0;
    }
  }
  writer.close();
  return writer.documents();
}

}  // namespace rexbert::curate
