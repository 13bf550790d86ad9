#pragma once

#include <cstdint>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/curate/file_rewrite.h"

namespace rexbert::curate {

// Exact duplicates are documents whose words (words.h) are the same. Near duplicates are those
// whose sets of word n-grams ("shingles") have a Jaccard similarity of at least `similarity`; pairs
// to compare are found by MinHash (Broder 1997) and locality-sensitive hashing in bands (Indyk and
// Motwani 1998; Leskovec, Rajaraman and Ullman, "Mining of massive datasets", 3.4), as in datatrove
// and FineWeb, and every pair is compared by the shingles themselves before it counts. Documents of
// fewer words than a shingle have exact duplicates alone; those without any word are compared by
// their text.
//
// Duplicates of duplicates belong together: of each connected component one document stays, the one
// with the longest text in bytes, then the highest score (none is lowest), then the first. So a
// dropped document may be less similar than `similarity` to the one that was kept.
struct DedupOptions {
  // Default 5 words. Fewer find more rewritten copies and more false pairs to compare.
  int shingle_words = 5;
  // Default 16 bands of 7 rows, the 112 hashes of FineWeb: a pair of similarity 0.8 is found with
  // a probability of 0.977, while FineWeb's 14 bands of 8 find 0.924 (collision_probability()).
  // Cost: 12 bytes on disk for each band and document, and bands x rows multiplications for each
  // word. 0 bands: exact duplicates only.
  int bands = 16;
  int rows = 7;
  // Default 0.8; above 0, at most 1.
  double similarity = 0.8;
  // In a bucket of many documents that share a band, each is compared with so many before it.
  // Default 64. Bounds the time that masses of half similar pages take.
  int bucket_window = 64;
  // Files on disk for each of the two kinds of keys; all are open at once. Default 128. One at a
  // time is sorted in memory by each thread, 16 x bands x documents / partitions bytes.
  int partitions = 128;
  // Bytes of (compressed) input after which progress is made durable. Default 1 GiB: that much is
  // read again after a kill.
  uint64_t checkpoint_bytes = uint64_t{1} << 30;
  // Of the MinHash functions. Default 0.
  uint64_t seed = 0;
};

struct DedupJob {
  // In this order documents are numbered; at most 2^32 - 1.
  std::vector<FileRewrite> files;
  // JSON lines, one for each dropped document, in order: {"id", "file", "line", "reason" ("exact"
  // or "near"), "similarity" (Jaccard, to the kept one), "kept_id", "kept_file", "kept_line"}, file
  // and line being those of the input. Plain or .zst.
  fs::path report;
  // Sketches, keys and the journal; new, or that of the same job, which is gone on with. About
  // 64 + 12 x (bands + 1) + 4 x words bytes a document, removed at the end but for the journal.
  fs::path work_directory;
  // Beside the calling one, which reads and writes. Default 0: the calling one does everything.
  // Results do not depend on it.
  int threads = 0;
};

struct DedupSummary {
  uint64_t documents = 0;
  uint64_t kept = 0;
  uint64_t exact = 0;  // dropped: the words of the kept one
  uint64_t near = 0;   // dropped: like the kept one, or like one that is
};

// The probability that the signatures of two sets of that Jaccard similarity agree in all rows of
// some band: 1 - (1 - jaccard^rows)^bands.
double collision_probability(double jaccard, int bands, int rows);

// Writes the outputs and the report of a job. Memory is 4 bytes and a bit for each document, and
// what `partitions` says. Killed anywhere and called again with the same job, it ends with the same
// bytes; done already, it returns at once. Throws Error(kConfig) for options out of range,
// Error(kUsage) for paths that collide or a work directory of something else, Error(kCorrupt)
// "file:line: ..." for what is no document and for an input that changed meanwhile.
DedupSummary deduplicate(Env& env, const DedupJob& job, const DedupOptions& options);

}  // namespace rexbert::curate
