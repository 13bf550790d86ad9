#include "rexbert/datasets/labelled_text.h"

#include <set>

#include "datasets/json_lines.h"
#include "rexbert/core/strings.h"

namespace rexbert::datasets {

LabelledTexts read_labelled_texts(Env& env, const fs::path& path, std::string_view split,
                                  const LabelSet* labels) {
  JsonLines json(env, path);
  SplitFilter filter(split);
  LabelledTexts result;
  std::vector<std::string> categories;  // of result.texts
  while (json.next()) {
    if (!filter.takes(json)) continue;
    const std::string& text = json.string("text");
    const std::string& category = json.string("category");
    if (str_trim(text).empty()) json.lines().fail("a text", str_quote(text));
    if (category.empty()) json.lines().fail("a category", str_quote(category));
    if (labels != nullptr && !labels->find(category)) {
      json.lines().fail(str_cat("a category of ", str_join(labels->names(), ", ")),
                        str_quote(category));
    }
    result.texts.push_back({text, 0, json.lines().number()});
    categories.push_back(category);
  }
  filter.check_taken(json);
  if (labels != nullptr) {
    result.labels = *labels;
  } else {
    const std::set<std::string> names(categories.begin(), categories.end());
    result.labels = LabelSet({names.begin(), names.end()});
  }
  for (size_t i = 0; i < categories.size(); ++i) {
    result.texts[i].label = result.labels.find(categories[i]).value();
  }
  return result;
}

}  // namespace rexbert::datasets
