#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rexbert/curate/labeller.h"

namespace rexbert::curate {

// What a chat completion says.
struct Answer {
  std::vector<Label> labels = {};  // of the lines asked about; empty where it cannot be read
  std::string problem = {};        // why
  bool refusal = false;            // the model declined
  // Tokens of prompt and completion as the server counts them.
  std::optional<std::pair<uint64_t, uint64_t>> usage = {};
};

// Reads the body of a response to a question about `asked` (0-based). Only a JSON object of exactly
// their numbers (from 1) to 0 and 1, each once, makes labels. Throws nothing.
Answer read_answer(std::string_view body, std::span<const uint32_t> asked);

}  // namespace rexbert::curate
