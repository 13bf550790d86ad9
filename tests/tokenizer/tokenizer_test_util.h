#pragma once

#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/json.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/tokenizer/tokenizer.h"
#include "rexbert/tokenizer/train.h"
#include "support/errors.h"
#include "support/temporary_directory.h"

namespace rexbert::tokenizer {

using test::error_of;

// Documents of invented words, with numbers, line breaks, tabs and a few foreign letters.
inline void write_corpus(const fs::path& path, uint64_t seed = 1, int documents = 600) {
  KeyedRng rng(seed, Purpose::kTest);
  const std::vector<std::string> syllables = {"ba", "ke", "lo", "mi", "su", "ra", "ten", "der"};
  const std::vector<std::string> extras = {"\n",    "2024",      "3.5", "\u00e9t\u00e9",
                                           "[CLS]", "<unused0>", "A/B", "(\u65e5)",
                                           "\t",    "%",         "   ", "  "};
  std::ofstream out(path);
  for (int i = 0; i < documents; ++i) {
    std::string text;
    for (uint64_t word = 0; word < 5 + rng.next_below(30); ++word) {
      if (!text.empty()) text.append(rng.next_below(6) == 0 ? 1 + rng.next_below(4) : 1, ' ');
      if (rng.next_below(8) == 0) text += extras[rng.next_below(extras.size())];
      for (uint64_t k = 0; k < 1 + rng.next_below(3); ++k) {
        text += syllables[rng.next_below(1 + rng.next_below(syllables.size()))];
      }
    }
    out << Json{{"text", text}}.dump() << '\n';
  }
}

// Where trained() keeps its folders.
inline const fs::path& training_directory() {
  static const test::TemporaryDirectory directory;
  return directory.path();
}

// A small tokenizer for each set of options, trained once a process.
inline const Tokenizer& trained(const std::string& name, const TrainOptions& options) {
  static std::map<std::string, Tokenizer> tokenizers;
  const auto found = tokenizers.find(name);
  if (found != tokenizers.end()) return found->second;
  const fs::path& directory = training_directory();
  const fs::path corpus = directory / "corpus.jsonl";
  if (!fs::exists(corpus)) write_corpus(corpus);
  train(Env::posix(), options, {corpus}, directory / name);
  return tokenizers.emplace(name, Tokenizer::load(Env::posix(), directory / name)).first->second;
}

inline TrainOptions small_options() {
  TrainOptions options;
  options.vocabulary_size = 600;
  options.threads = 2;
  return options;
}

inline void append_utf8(uint32_t point, std::string& out) {
  const auto put = [&out](uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

// Words of the corpus, spaces, controls, literal special tokens and any code point but NUL and
// U+2581, which stands for a space.
inline std::string random_text(KeyedRng& rng) {
  const std::vector<std::string> parts = {
      " ",      "  ",  " \n",     "\n",   "\t",        "bake",   " loke", "[MASK]", "[CLS]",
      "<0x41>", " su", "e\u0301", "\r\n", "<unused0>", "\u00a0", "suder", ".",      "42"};
  std::string text;
  for (uint64_t i = rng.next_below(25); i > 0; --i) {
    if (rng.next_below(3) > 0) {
      text += parts[rng.next_below(parts.size())];
      continue;
    }
    const auto range = rng.next_below(2) == 0 ? 0x250u : 0x110000u;
    auto point = static_cast<uint32_t>(1 + rng.next_below(range - 1));
    if (point == 0x2581 || (point >= 0xD800 && point < 0xE000)) point = 'x';
    append_utf8(point, text);
  }
  return text;
}

}  // namespace rexbert::tokenizer
