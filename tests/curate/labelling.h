#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>
#include <vector>

#include "curate/scripted_llm.h"
#include "rexbert/core/hash.h"
#include "rexbert/curate/openai_labeller.h"
#include "support/errors.h"
#include "support/fake_clock.h"
#include "support/http_server.h"
#include "support/temporary_directory.h"

namespace rexbert::curate {

inline std::vector<LabelTask> make_tasks(size_t documents, size_t lines) {
  std::vector<LabelTask> tasks(documents);
  for (size_t d = 0; d < documents; ++d) {
    tasks[d].document.id = "doc-" + std::to_string(d);
    for (size_t l = 0; l < lines; ++l) {
      const std::string name = std::to_string(d) + "." + std::to_string(l);
      tasks[d].document.text += (hash64(name) % 2 == 0 ? "buy " : "read ") + name + "\n";
      tasks[d].lines.push_back(static_cast<uint32_t>(l));
    }
  }
  return tasks;
}

inline Label expected_label(const LabelTask& task, size_t i) {
  const auto lines = split_lines(task.document.text);
  return ScriptedLlm::is_ecommerce(lines[task.lines[i]]) ? Label::kEcommerce : Label::kOther;
}

// How many lines failed; every other must have its label.
inline uint64_t check_labels(const std::vector<LabelTask>& tasks) {
  uint64_t failed = 0;
  for (const LabelTask& task : tasks) {
    EXPECT_EQ(task.labels.size(), task.lines.size()) << task.document.id;
    for (size_t i = 0; i < task.labels.size(); ++i) {
      if (task.labels[i] == Label::kFailed) {
        ++failed;
      } else {
        EXPECT_EQ(task.labels[i], expected_label(task, i)) << task.document.id << " " << i;
      }
    }
  }
  return failed;
}

inline std::vector<std::vector<Label>> labels_of(const std::vector<LabelTask>& tasks) {
  std::vector<std::vector<Label>> labels;
  for (const LabelTask& task : tasks) labels.push_back(task.labels);
  return labels;
}

class Labelling : public ::testing::Test {
 protected:
  Labelling() { ::setenv("REXBERT_TEST_KEY", "sk-test-secret", 1); }

  OpenAiOptions options(const test::HttpServer& server) const {
    return {.endpoint = server.url("/v1"),
            .model = "scripted",
            .api_key_variable = "REXBERT_TEST_KEY",
            .system_prompt = "",
            .prompt = kScriptedPrompt,
            .lines_per_request = 4,
            .context_bytes = 60,
            .cache = folder / "cache.jsonl"};
  }

  test::TemporaryDirectory folder;
  test::FakeClock clock;
};

}  // namespace rexbert::curate
