#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "rexbert/core/env.h"
#include "rexbert/core/philox.h"
#include "rexbert/core/strings.h"
#include "rexbert/datasets/glue.h"
#include "support/tiny_encoder.h"

namespace rexbert::tasks::test {

// Small data sets in which the words say the labels, made anew for each test.
class SuiteFiles {
 public:
  explicit SuiteFiles(fs::path folder) : folder_(std::move(folder)) {
    write("corpus.txt", [this](int) { return sentence().text + "\n"; }, 400);
    write("more.txt", [this](int) { return sentence().text + "\n"; }, 60);
    rexbert::test::write_tiny_encoder(folder_ / "corpus.txt", folder_ / "model");
    const auto tags = [this](int) {
      const Sentence made = sentence();
      return Json({{"tokens", made.words}, {"tags", made.tags}}).dump() + "\n";
    };
    write("tags.jsonl", tags, 96);
    write("tags_test.jsonl", tags, 40);
    write(
        "pairs.jsonl",
        [this](int i) {
          const Sentence query = sentence();
          const char label = "ESCI"[rng_.next_below(4)];
          const std::string title = label == 'E' ? query.text : sentence().text;
          return Json({{"query", query.text},
                       {"product_id", std::to_string(i)},
                       {"title", title},
                       {"label", std::string(1, label)},
                       {"split", i % 3 == 0 ? "test" : "train"}})
                     .dump() +
                 "\n";
        },
        96);
    write(
        "classes.jsonl",
        [this](int i) {
          const Sentence made = sentence();
          return Json({{"text", made.text},
                       {"category", made.label ? "lamps" : "shoes"},
                       {"split", i % 3 == 0 ? "test" : "train"}})
                     .dump() +
                 "\n";
        },
        96);
    for (const datasets::GlueTask& task : datasets::glue_tasks()) write_glue(task);
  }

  fs::path path(std::string_view name) const { return folder_ / name; }

  // A suite's config with all files' names filled in for "{}".
  fs::path config(const std::string& text, const std::string& name = "suite.yaml") const {
    std::string filled;
    for (size_t begin = 0; begin < text.size();) {
      const size_t at = std::min(text.find("{}", begin), text.size());
      filled.append(text, begin, at - begin);
      if (at < text.size()) filled += folder_.string();
      begin = at + 2;
    }
    publish_file(Env::posix(), folder_ / name, filled);
    return folder_ / name;
  }

 private:
  struct Sentence {
    std::vector<std::string> words, tags;
    std::string text;
    bool label = false;  // whether it speaks of lamps
  };

  Sentence sentence() {
    static const std::vector<std::string> colors = {"red", "blue", "green", "black"};
    static const std::vector<std::string> fillers = {"for", "with", "the", "small"};
    Sentence made;
    made.label = rng_.next_below(2) == 1;
    const auto count = 2 + rng_.next_below(5);
    for (uint64_t i = 0; i < count; ++i) {
      const bool is_color = rng_.next_below(2) == 1;
      made.words.push_back((is_color ? colors : fillers)[rng_.next_below(4)]);
      made.tags.emplace_back(is_color ? "B-color" : "O");
    }
    made.words.emplace_back(made.label ? "lamp" : "shoe");
    made.tags.emplace_back("B-product");
    made.text = str_join(made.words, " ");
    return made;
  }

  template <class Line>
  void write(const std::string& name, const Line& line, int count) {
    std::string contents;
    for (int i = 0; i < count; ++i) contents += line(i);
    Env::posix().create_directories((folder_ / name).parent_path());
    publish_file(Env::posix(), folder_ / name, contents);
  }

  void write_glue(const datasets::GlueTask& task) {
    for (const datasets::GlueFile& file : task.files) {
      std::string contents;
      if (task.has_header) contents = str_join(as_strings(file.columns), "\t") + "\n";
      for (int i = 0; i < 24; ++i) {
        const Sentence first = sentence();
        std::vector<std::string> row;
        for (const std::string_view column : file.columns) {
          if (column == task.first_text) {
            row.push_back(first.text);
          } else if (!task.second_text.empty() && column == task.second_text) {
            row.push_back(sentence().text);
          } else if (column == task.label) {
            row.push_back(task.is_regression() ? (first.label ? "4.5" : "0.500")
                                               : std::string(task.labels[first.label].value));
          } else {
            row.push_back(std::to_string(i));
          }
        }
        contents += str_join(row, "\t") + "\n";
      }
      const fs::path name = fs::path("glue") / std::string(task.name) / std::string(file.name);
      write(name.string(), [&](int) { return contents; }, 1);
    }
  }

  static std::vector<std::string> as_strings(const std::vector<std::string_view>& views) {
    return {views.begin(), views.end()};
  }

  fs::path folder_;
  KeyedRng rng_{7, Purpose::kTest};
};

}  // namespace rexbert::tasks::test
