#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rexbert::tokenizer {

enum class NormalForm { kNfc, kNfd, kNfkc, kNfkd, kLowercase };

// The normalizer of a tokenizer.json: steps that follow each other.
class Normalizer {
 public:
  Normalizer() = default;
  explicit Normalizer(std::vector<NormalForm> steps) : steps_(std::move(steps)) {}

  // The normalized `text`, valid UTF-8: itself, or what `buffer` then holds.
  std::string_view apply(std::string_view text, std::string& buffer) const;

 private:
  std::vector<NormalForm> steps_;
};

}  // namespace rexbert::tokenizer
