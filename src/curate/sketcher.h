#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "curate/minhash.h"
#include "curate/ngram_hashes.h"
#include "rexbert/curate/dedup.h"
#include "rexbert/curate/words.h"

namespace rexbert::curate {

// What deduplication compares of a text.
struct DocumentSketch {
  std::array<uint64_t, 2> hash = {};  // of its words, or of the text where it has none
  // Of its word n-grams, rising; empty where there are fewer words than in one, or no bands.
  std::vector<uint32_t> shingles;
  std::vector<uint64_t> band_keys;  // one for each band, where there are shingles
};

// The hash functions of a deduplication, for many threads.
struct SketchFunctions {
  explicit SketchFunctions(const DedupOptions& used);

  DedupOptions options;
  MinHasher minhash;
};

// Sketches texts, for one thread.
class Sketcher {
 public:
  explicit Sketcher(const SketchFunctions& functions);

  // Valid until the next call.
  const DocumentSketch& operator()(std::string_view text);

 private:
  void find_shingles();
  void find_band_keys();

  const DedupOptions& options_;
  const MinHasher& minhash_;
  Words words_;
  NgramHashes hashes_;
  std::vector<uint32_t> signature_;
  DocumentSketch sketch_;
};

}  // namespace rexbert::curate
