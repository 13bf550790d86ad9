#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"

namespace rexbert::batch {

// How much more a token belongs to the domain than to general text.
struct LogOdds {
  double delta = 0;      // log-odds ratio, in nats; 0 for a token seen in neither corpus
  double deviation = 0;  // standard deviation of delta

  // sign(delta) max(0, |delta| - 1.96 deviation): 0 where the counts do not settle it.
  double salience() const;
};

// Log-odds ratio with an informative Dirichlet prior (Monroe, Colaresi and Quinn, "Fightin' Words",
// Political Analysis 16(4), 2008, equations 16 and 20). With y the counts of a token, n the tokens
// of a corpus, alpha0 the prior's weight in tokens and
//   alpha = alpha0 (y_domain + y_general) / (n_domain + n_general):
//   delta = ln[(y_d + alpha) / (n_d + alpha0 - y_d - alpha)]
//         - ln[(y_g + alpha) / (n_g + alpha0 - y_g - alpha)]
//   deviation^2 = 1 / (y_d + alpha) + 1 / (y_g + alpha)
LogOdds log_odds(uint64_t domain_count, uint64_t general_count, uint64_t domain_tokens,
                 uint64_t general_tokens, double prior_tokens);

inline constexpr int kSalienceVersion = 1;

// What `rexbert salience` learns from two streams: token counts and brand names. The file is
// described in docs/formats/salience.md.
struct SalienceTable {
  struct Brand {
    std::string name;    // one to four words
    uint64_t count = 0;  // in the domain stream; 0 for a name that comes from a list
    bool operator==(const Brand&) const = default;
  };

  std::string tokenizer_fingerprint;
  double prior_tokens = 10'000;
  std::vector<uint64_t> domain_V;   // counts; special tokens are not counted
  std::vector<uint64_t> general_V;  // as long
  std::vector<Brand> brands;        // by name

  bool operator==(const SalienceTable&) const = default;

  int32_t vocabulary_size() const { return static_cast<int32_t>(domain_V.size()); }
  uint64_t domain_tokens() const;
  uint64_t general_tokens() const;
  // For every id.
  std::vector<LogOdds> log_odds_V() const;
  std::vector<std::string> brand_names() const;

  // Throws Error(kIncompatible) when the table was not made with this tokenizer.
  void require_tokenizer(std::string_view fingerprint, int32_t vocabulary_size) const;

  // Error(kNotFound), Error(kCorrupt) for a damaged file, Error(kIncompatible) for another version.
  static SalienceTable load(Env& env, const fs::path& path);
  static SalienceTable parse(std::string_view text, std::string_view source);
  std::string dump() const;
  void save(Env& env, const fs::path& path) const;
};

}  // namespace rexbert::batch
