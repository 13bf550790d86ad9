#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "curate/work_folder.h"
#include "rexbert/curate/dedup.h"

namespace rexbert::curate {

// What is kept of a document on disk, in its order, in records.bin.
struct SketchRecord {
  std::array<uint64_t, 2> hash;  // of its words
  uint64_t payload;              // offset in payload.bin: the shingles, then the id
  uint32_t shingles;  // how many, rising, of 32 bits; 0 where there are fewer words than in one
  uint32_t id_bytes;
  uint64_t text_bytes;
  double score;   // minus infinity where there is none
  uint64_t line;  // 1-based, of the input file
  uint32_t file;  // index of the input file
  uint32_t reserved;
};
static_assert(sizeof(SketchRecord) == 64);

// A document that has the key; 12 bytes on disk.
struct KeyedDocument {
  uint64_t key;
  uint32_t document;
};

// Two kinds of keys: half of the hash of all words, and one for each band of the signature.
enum class KeyKind { kExact, kNear };

// Reads all documents of the job and writes their sketches into the folder, going on where its
// state says. Returns the number of documents.
uint64_t write_sketches(WorkFolder& folder, const DedupJob& job, const DedupOptions& options);

// The sketches of all documents. Safe for many threads.
class Sketches {
 public:
  explicit Sketches(const WorkFolder& folder);

  SketchRecord record(uint32_t document) const;
  // Into `shingles`, which is resized.
  void read_shingles(const SketchRecord& record, std::vector<uint32_t>& shingles) const;
  std::string id(const SketchRecord& record) const;

  // Whether document a is to be kept rather than b: the order in the head of dedup.h.
  bool is_better(uint32_t a, uint32_t b) const;

  // Those whose key lies in the partition, sorted by key, then document.
  std::vector<KeyedDocument> read_keys(KeyKind kind, int partition) const;

 private:
  const WorkFolder& folder_;
  std::unique_ptr<RandomAccessFile> records_;
  std::unique_ptr<RandomAccessFile> payload_;
};

// |a and b| / |a or b| of two rising sequences, not both empty.
double jaccard(const std::vector<uint32_t>& a, const std::vector<uint32_t>& b);

}  // namespace rexbert::curate
