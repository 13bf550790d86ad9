#!/usr/bin/env bash
# Everything that a change must pass, the same here and in continuous integration: set-up, build,
# formatting, layers, the API reference, the examples against an installed library, and all
# tests but those that compare with the Python references.
#
#   scripts/check.sh [--oracle]
#
#   --oracle    fetch the Python references and Spark too (6.3 GB on disk) and run only the tests that
#               need them
#   -h, --help  print this
#
# Never needs root once scripts/setup.sh has installed the system's packages.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
cd "$repository"

oracle=no
for option in "$@"; do
  case $option in
    --oracle) oracle=yes ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && say "check.sh: unknown option $option" >&2 && exit 2 ;;
  esac
done

build() {
  cmake --preset release
  cmake --build --preset release --parallel "$(compile_jobs)"
}

check_format() {
  # An untracked file is not ours to judge; a tracked one that was removed is not there to be judged.
  git ls-files -z -- '*.h' '*.cc' '*.cu' '*.cuh' | while IFS= read -r -d '' file; do
    if [[ -f $file ]]; then printf '%s\0' "$file"; fi
  done | xargs -0 -r -n 50 -P "$(nproc)" .deps/tools/bin/clang-format --dry-run -Werror
}

run_tests() {
  # Two tests at a time, two threads each: threads that spin while they wait would take the cores from the others.
  OMP_WAIT_POLICY=passive ctest --test-dir build/release --output-on-failure --no-tests=error --parallel 2 "$@"
}

if [[ $oracle == yes ]]; then
  part "set-up with the references" scripts/setup.sh --oracle --parquet --spark
  part "build" build
  part "oracle tests" run_tests --label-regex '^(oracle|spark)$'
else
  part "set-up" scripts/setup.sh --parquet --library
  part "build" build
  part "formatting" check_format
  part "layers" python3 tools/check_layers.py
  part "reference" doxygen docs/Doxyfile
  part "examples" scripts/examples.sh
  part "tests" run_tests --label-exclude '^oracle$'
fi
say "all checks passed in $SECONDS s"
