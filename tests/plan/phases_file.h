#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rexbert/config/schema.h"
#include "rexbert/core/error.h"
#include "rexbert/plan/plan.h"

// The `phases:` of a run file, read as the command reads them.
namespace rexbert::plan {

struct PhasesFile {
  std::vector<PhaseOptions> phases;
};

inline void describe(config::Schema<PhasesFile>& schema) {
  schema.field("phases", &PhasesFile::phases).items_inherit();
}

inline std::vector<PhaseOptions> read_phases(std::string_view yaml, config::Reader& reader) {
  return config::read_struct<PhasesFile>(config::parse_yaml(yaml, "run.yaml"), reader).phases;
}

inline std::vector<PhaseOptions> read_phases(std::string_view yaml) {
  config::Reader reader;
  return read_phases(yaml, reader);
}

// The text of the Error(kConfig) that `body` throws; "no error" where it throws none.
template <class Body>
std::string config_error_of(Body&& body) {
  try {
    body();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kConfig) return "an error of another kind";
    return error.what();
  }
  return "no error";
}

}  // namespace rexbert::plan
