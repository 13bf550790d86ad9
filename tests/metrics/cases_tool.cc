// rexbert_metrics_cases FILE: compares the cases in FILE (metric_cases.h), prints what differs and
// exits with 1 if anything does. Run by tools/oracle/check_metrics.py.

#include <cstdio>

#include "metrics/metric_cases.h"
#include "rexbert/core/env.h"
#include "rexbert/core/error.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: rexbert_metrics_cases FILE\n", stderr);
    return 2;
  }
  try {
    const rexbert::Json cases =
        rexbert::parse_json(rexbert::Env::posix().read_file(argv[1]), argv[1]);
    const auto found = rexbert::metrics::test::differences(cases);
    for (const std::string& difference : found) std::puts(difference.c_str());
    std::printf("%zu cases, %zu differences\n", cases.size(), found.size());
    return found.empty() ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
}
