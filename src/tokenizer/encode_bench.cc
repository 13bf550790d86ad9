#include "rexbert/tokenizer/encode_bench.h"

#include <atomic>
#include <future>
#include <string>

#include "rexbert/core/clock.h"
#include "rexbert/core/error.h"
#include "rexbert/core/statistics.h"
#include "rexbert/text/document_reader.h"

namespace rexbert::tokenizer {
namespace {

std::vector<std::string> read_texts(Env& env, const std::vector<fs::path>& files,
                                    uint64_t most_bytes) {
  std::vector<std::string> texts;
  uint64_t bytes = 0;
  for (const fs::path& file : files) {
    text::DocumentReader reader(env, file, 0, {},
                                text::make_bad_line_handler(text::OnError::kStop));
    text::Document document;
    while (bytes < most_bytes && reader.next(document)) {
      texts.emplace_back(document.text);
      bytes += document.text.size();
    }
  }
  if (!texts.empty()) return texts;
  throw Error(ErrorCode::kUsage, "bench tokenize: expected files with text, got no document");
}

// The number of tokens.
uint64_t encode_all(const Tokenizer& tokenizer, const std::vector<std::string>& texts,
                    int32_t threads) {
  std::atomic<size_t> next = 0;
  std::atomic<uint64_t> tokens = 0;
  const auto work = [&] {
    std::vector<int32_t> ids;
    for (size_t i = next++; i < texts.size(); i = next++) {
      ids.clear();
      tokenizer.encode(texts[i], ids);
      tokens += ids.size();
    }
  };
  std::vector<std::future<void>> helpers;  // which hand on what encode() throws
  for (int32_t i = 1; i < threads; ++i) helpers.push_back(std::async(std::launch::async, work));
  work();
  for (std::future<void>& helper : helpers) helper.get();
  return tokens;
}

}  // namespace

double EncodeBenchResult::median_seconds() const { return median(seconds); }

EncodeBenchResult bench_encode(Env& env, const Tokenizer& tokenizer,
                               const std::vector<fs::path>& files,
                               const EncodeBenchOptions& options) {
  const std::vector<std::string> texts = read_texts(env, files, options.bytes);
  EncodeBenchResult result{.documents = texts.size()};
  for (const std::string& text : texts) result.bytes += text.size();
  result.tokens = encode_all(tokenizer, texts, options.threads);
  for (int repeat = 0; repeat < options.repeats; ++repeat) {
    const auto start = std::chrono::steady_clock::now();
    encode_all(tokenizer, texts, options.threads);
    result.seconds.push_back(seconds_since(start));
  }
  return result;
}

}  // namespace rexbert::tokenizer
