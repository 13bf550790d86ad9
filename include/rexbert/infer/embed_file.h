#pragma once

#include <cstdint>
#include <optional>

#include "rexbert/core/env.h"
#include "rexbert/infer/embedder.h"
#include "rexbert/text/document_reader.h"

namespace rexbert::infer {

// Files of vectors, float32, a row for each text in the texts' order; docs/inference.md has them
// byte for byte.
enum class VectorFormat {
  kNpy,          // NumPy's, version 1.0: [texts, dimensions]
  kJsonLines,    // {"id": "...", "embedding": [...]}
  kSafetensors,  // one tensor, "embeddings"
};

// By the name's end: .npy, .jsonl or .safetensors; none for others.
std::optional<VectorFormat> vector_format_of(const fs::path& path);

struct EmbedFileOptions {
  // What is read of the input. Empty texts are kept whatever it says.
  text::ReadOptions read = {};
  // Default none: vector_format_of() the output.
  std::optional<VectorFormat> format = {};
};

struct EmbedReport {
  int64_t texts = 0;
  int64_t tokens = 0;     // computed, [CLS] and [SEP] included
  int64_t truncated = 0;  // texts of which tokens were left out
  double seconds = 0;     // from the first byte read to the last vector written
};

// Writes the vectors of `input`, JSON lines or plain lines ("-": standard input), to `output`,
// which is there only once it is whole. Memory does not grow with the input. Error(kCorrupt) "file:
// line: ..." for a bad line, Error(kNumeric) naming the line of a vector that is not finite,
// Error(kUsage) for an output whose name does not say the format.
EmbedReport embed_file(Env& env, const Embedder& embedder, const fs::path& input,
                       const fs::path& output, const EmbedFileOptions& options = {});

}  // namespace rexbert::infer
