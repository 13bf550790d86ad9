#pragma once

#include <cstdint>
#include <string>

#include "rexbert/core/env.h"
#include "rexbert/tasks/examples.h"
#include "rexbert/tasks/options.h"

namespace rexbert::tasks {

struct LoadedTask {
  TaskData data;
  std::string about;   // one line: what files, how many examples
  std::string hashes;  // of the files' contents
};

// Reads the examples of a task that is fine-tuned. Classes and tags are those of all its files.
// Errors as the readers of `datasets`.
LoadedTask load_task(Env& env, const TaskOptions& task, const tokenizer::Tokenizer& tokenizer);

}  // namespace rexbert::tasks
