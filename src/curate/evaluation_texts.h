#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "rexbert/curate/decontaminate.h"

namespace rexbert::curate {

struct EvaluationText {
  std::string_view text;
  uint64_t line;  // 1-based
  size_t field;   // index in fields; of TSV without fields, of the column
};

// Calls `take` for the texts of a file, in order. Throws as decontaminate() says.
void read_evaluation_texts(Env& env, const EvaluationFile& file,
                           const std::function<void(const EvaluationText&)>& take);

// The name of such a field in reports.
std::string field_name(const EvaluationFile& file, size_t field);

}  // namespace rexbert::curate
