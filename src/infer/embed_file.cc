#include "rexbert/infer/embed_file.h"

#include <ATen/Parallel.h>

#include <chrono>

#include "infer/vector_file.h"
#include "rexbert/core/clock.h"
#include "rexbert/core/compression.h"
#include "rexbert/core/error.h"
#include "rexbert/core/log.h"
#include "rexbert/core/ordered_map.h"
#include "rexbert/core/progress.h"
#include "rexbert/core/strings.h"
#include "rexbert/core/units.h"

namespace rexbert::infer {
namespace {

// Of texts in memory at once; a few blocks are read and tokenized ahead.
constexpr size_t kBlockTexts = 4096;
constexpr size_t kBlockBytes = size_t{1} << 20;

// Some texts of the input, in order.
struct Block {
  std::vector<std::string> texts_S;
  std::vector<std::string> names_S;
  std::vector<uint64_t> lines_S;
};

struct TokenizedBlock {
  Block block;  // its texts are gone
  std::vector<int32_t> ids_T;
  std::vector<int64_t> lengths_S;
  std::vector<size_t> truncated;  // indices of texts of which tokens were left out
};

class BlockReader {
 public:
  BlockReader(Env& env, const fs::path& input, text::ReadOptions options)
      : reader_(open_byte_source(env, input), name_of(input), 0, std::move(options),
                text::make_bad_line_handler(text::OnError::kStop)) {}

  // What errors call the input.
  static fs::path name_of(const fs::path& input) {
    return input == "-" ? fs::path("standard input") : input;
  }

  std::optional<Block> next() {
    Block block;
    text::Document document;
    for (size_t bytes = 0; block.texts_S.size() < kBlockTexts && bytes < kBlockBytes;) {
      if (!reader_.next(document)) break;
      block.texts_S.emplace_back(document.text);
      block.names_S.emplace_back(document.id);
      block.lines_S.push_back(document.line);
      bytes += document.text.size();
    }
    if (block.texts_S.empty()) return std::nullopt;
    return block;
  }

 private:
  text::DocumentReader reader_;
};

TokenizedBlock tokenize(const Embedder& embedder, Block&& block) {
  TokenizedBlock tokenized;
  for (size_t s = 0; s < block.texts_S.size(); ++s) {
    const size_t before = tokenized.ids_T.size();
    if (embedder.encode(block.texts_S[s], tokenized.ids_T) > 0) tokenized.truncated.push_back(s);
    tokenized.lengths_S.push_back(static_cast<int64_t>(tokenized.ids_T.size() - before));
  }
  block.texts_S.clear();
  tokenized.block = std::move(block);
  return tokenized;
}

VectorFormat format_of(const fs::path& output, const EmbedFileOptions& options) {
  const auto format = options.format ? options.format : vector_format_of(output);
  if (format) return *format;
  throw Error(ErrorCode::kUsage,
              str_cat(output.string(),
                      ": the name does not say the format: expected .npy, .jsonl or "
                      ".safetensors, or a format given"));
}

void check_finite(const torch::Tensor& vectors, const fs::path& input, const Block& block) {
  const torch::Tensor finite_S = vectors.isfinite().all(1);
  if (finite_S.all().item<bool>()) return;
  const auto first = static_cast<size_t>(finite_S.to(torch::kInt).argmin().item<int64_t>());
  throw Error(ErrorCode::kNumeric, str_cat(BlockReader::name_of(input).string(), ":",
                                           block.lines_S[first], ": the vector is not finite"));
}

void log_begin(const EmbedderOptions& options) {
  log::info(
      str_cat("embedding in ", options.encoder.precision == nn::Precision::kBf16 ? "bf16" : "f32",
              " on ", options.encoder.device, ", ", at::get_num_threads(),
              " threads: ", options.pooling == Pooling::kCls ? "[CLS]" : "the mean", " of at most ",
              format_count(options.encoder.context_length), " tokens, ", options.dimensions,
              options.normalize ? " dimensions, normalized" : " dimensions"));
}

}  // namespace

EmbedReport embed_file(Env& env, const Embedder& embedder, const fs::path& input,
                       const fs::path& output, const EmbedFileOptions& options) {
  const VectorFormat format = format_of(output, options);
  text::ReadOptions read = options.read;
  read.keep_empty = true;  // row n belongs to text n
  if (format != VectorFormat::kJsonLines) read.id_field.clear();
  log_begin(embedder.options());

  const auto begin = std::chrono::steady_clock::now();
  BlockReader reader(env, input, read);
  const auto file = create_vector_file(env, output, format, embedder.options().dimensions);
  EmbedReport report;
  uint64_t first_truncated = 0;
  Progress progress("embedding", 0, [](uint64_t count) {
    return format_count(static_cast<int64_t>(count)) + " texts";
  });
  ordered_map<Block, TokenizedBlock>(
      1, [&] { return reader.next(); },
      [&] { return [&](Block&& block) { return tokenize(embedder, std::move(block)); }; },
      [&](TokenizedBlock&& tokenized) {
        const torch::Tensor vectors = embedder.embed_ids(tokenized.ids_T, tokenized.lengths_S);
        check_finite(vectors, input, tokenized.block);
        file->append({vectors.const_data_ptr<float>(), static_cast<size_t>(vectors.numel())},
                     tokenized.block.names_S);
        if (report.truncated == 0 && !tokenized.truncated.empty()) {
          first_truncated = tokenized.block.lines_S[tokenized.truncated.front()];
        }
        report.texts += vectors.size(0);
        report.tokens += static_cast<int64_t>(tokenized.ids_T.size());
        report.truncated += static_cast<int64_t>(tokenized.truncated.size());
        progress.update(static_cast<uint64_t>(report.texts));
      });
  report.seconds = seconds_since(begin);
  file->publish();
  if (report.truncated > 0) {
    log::warning(
        str_cat(BlockReader::name_of(input).string(), ":", first_truncated, ": of ",
                format_count(report.truncated), " texts, this one the first, what lies beyond ",
                format_count(embedder.options().encoder.context_length), " tokens was left out"));
  }
  return report;
}

}  // namespace rexbert::infer
