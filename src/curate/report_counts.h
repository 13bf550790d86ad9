#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "curate/stages.h"

namespace rexbert::curate {

// Lines are those of split_lines(), blank ones too; words those of count_words().
struct TextCounts {
  uint64_t documents = 0;
  uint64_t bytes = 0;
  uint64_t lines = 0;
  uint64_t words = 0;
  std::map<int, uint64_t> lengths;  // documents by the bits that their bytes take

  TextCounts& operator+=(const TextCounts& other);
};

// What the stage `filter` counted of one domain.
struct FilteredDomain {
  TextCounts read;
  TextCounts kept;                          // without lengths
  std::map<std::string, uint64_t> dropped;  // documents, by reason
  std::array<uint64_t, 10> scores = {};     // kept lines by tenths of their score
};

// By domain, over all input files. Error(kNotFound) for a file that is not filtered yet,
// Error(kCorrupt) for counts that are not there.
std::map<std::string, FilteredDomain> filtered_domains(const StageContext& context);

// By domain, of the outputs of filter, dedup or decontaminate, which are read whole.
std::map<std::string, TextCounts> counts_of_outputs(const StageContext& context,
                                                    const std::string& stage);

}  // namespace rexbert::curate
