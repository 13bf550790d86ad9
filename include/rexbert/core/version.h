#pragma once

// core: what every module stands on, and nothing that only one of them needs.
//
//   failures   Error           one exception type, whose code is the exit status (error.h)
//   files      Env             the machine's (env.h) or one that fails on purpose (fault_env.h);
//                              a file is published whole, by renaming
//   chance     KeyedRng        draws that are named by what they are for (philox.h)
//   bytes      hashes, compression, JSON, UTF-8: each a header of its name
//   threads    ordered_map     outputs in the order of inputs, however many threads there are
//   people     log, Progress, texts and units (log.h, progress.h, strings.h, units.h)

#include <string_view>

namespace rexbert {

// The project's semantic version; CMakeLists.txt reads it from here.
inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace rexbert
