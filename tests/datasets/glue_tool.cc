// rexbert_datasets_glue FOLDER TASK SPLIT: prints each example of a GLUE file as the JSON list
// [first text, second text, label as in the file], one a line. Run by tools/oracle/check_glue.py.

#include <cstdio>

#include "rexbert/core/error.h"
#include "rexbert/core/json.h"
#include "rexbert/datasets/glue.h"

int main(int argc, char** argv) {
  using namespace rexbert;
  if (argc != 4) {
    std::fputs("usage: rexbert_datasets_glue FOLDER TASK SPLIT\n", stderr);
    return 2;
  }
  try {
    const datasets::GlueTask& task = datasets::glue_task(argv[2]);
    for (const auto& one : datasets::read_glue(Env::posix(), argv[1], task, argv[3]).examples) {
      const Json label = task.is_regression()
                             ? Json(one.score)
                             : Json(task.labels[static_cast<size_t>(one.label)].value);
      std::puts(Json::array({one.first, one.second, label}).dump().c_str());
    }
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
