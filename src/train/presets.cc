#include "train/presets.h"

#include "rexbert/core/error.h"
#include "rexbert/core/strings.h"
#include "rexbert/train/run_config.h"

namespace rexbert::train {

std::vector<std::string> preset_yaml_names() {
  std::vector<std::string> names;
  for (const auto& [name, text] : embedded_presets()) names.push_back(name);
  return names;
}

std::string_view preset_yaml(const std::string& name) {
  for (const auto& [known, text] : embedded_presets()) {
    if (known == name) return text;
  }
  const std::vector<std::string> names = preset_yaml_names();
  const std::string nearest = nearest_name(name, names);
  throw Error(ErrorCode::kConfig,
              str_cat("expected one of ", str_join(names, ", "), ", got ", str_quote(name),
                      nearest.empty() ? "" : str_cat("; did you mean ", nearest, "?")));
}

}  // namespace rexbert::train
