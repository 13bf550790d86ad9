#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "rexbert/batch/mask_vocabulary.h"
#include "rexbert/batch/salience.h"
#include "rexbert/core/env.h"
#include "rexbert/shard/token_stream.h"

namespace rexbert::batch {

struct SalienceOptions {
  // Default 10,000; tokens that the prior weighs. More pulls rare tokens towards 0.
  double prior_tokens = 10'000;
  // Default 200 M; tokens read of each stream, the same number from the start of every shard.
  // 0: all. Cost: about 10 M tokens/s.
  uint64_t tokens = 200'000'000;
  // Default 20; a brand is learned from so many occurrences in the domain.
  uint64_t brand_count = 20;
  // Default 0.9; share of a brand's occurrences, in both streams, that are capitalised.
  double brand_capital_share = 0.9;
  // Default 1; nats of salience (LogOdds::salience() of the word) that a brand has at least.
  double brand_salience = 1;
  // Default 4 Mi; distinct words and pairs of words held at once. Beyond it the rarest are
  // forgotten. Cost: about 100 bytes each.
  size_t held_words = size_t{1} << 22;
};

enum class Corpus { kDomain, kGeneral };

// Counts tokens and words of two corpora and makes the table of them.
//
// A brand is a word that starts with a capital and has letters alone (and ' & - inside), is
// capitalised in brand_capital_share of its occurrences, occurs brand_count times in the domain and
// is salient there; three capitals and fewer ("USB") and the words of the other span patterns are
// none. Two such words make a brand of two words where one, of the two the rarer, is followed or
// preceded by the other in at least half of its occurrences; of these two words one may lack
// salience ("Ralph Lauren").
class SalienceCounter {
 public:
  SalienceCounter(MaskVocabulary vocabulary, SalienceOptions options);
  ~SalienceCounter();

  // One document or part of one, which begins at a word.
  void add(Corpus corpus, std::span<const int32_t> tokens_T);

  // `listed`: brands that are taken as they are.
  SalienceTable finish(std::string tokenizer_fingerprint,
                       const std::vector<std::string>& listed = {}) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Feeds `stream` to the counter, from the first shard on. `progress` is told the tokens read.
// Whether this tokenizer made the stream is open_tokens()'s to say.
void count_stream(SalienceCounter& counter, Corpus corpus, const shard::TokenStream& stream,
                  const SalienceOptions& options,
                  const std::function<void(uint64_t)>& progress = nullptr);

// One name a line; empty lines and those that start with # are left out. Throws Error(kCorrupt)
// naming file and line for a name of more than four words or without a letter or digit in front.
std::vector<std::string> read_brand_list(Env& env, const fs::path& path);

}  // namespace rexbert::batch
