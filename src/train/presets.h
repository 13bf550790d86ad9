#pragma once

#include <string>
#include <utility>
#include <vector>

namespace rexbert::train {

// Name and text of each file of configs/presets/, put in by cmake/EmbedPresets.cmake.
const std::vector<std::pair<std::string, std::string>>& embedded_presets();

}  // namespace rexbert::train
