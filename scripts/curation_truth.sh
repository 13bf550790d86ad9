#!/usr/bin/env bash
# Measures curation line by line: plants documents whose lines are known, trains on weak labels and on true
# ones, filters documents of other text, and scores both, and the weak labeller alone, against the truth.
#
#   scripts/curation_truth.sh DATA_DIR [DIR]
#
#   DATA_DIR    general/{wikipedia,books}.jsonl.zst and ecommerce/products.jsonl.zst
#   DIR         where documents and runs go (default runs/curation-truth)
#   -h, --help  print this
#
# Prints a table and writes DIR/curation_truth.json. The exit status is not 0 where a number misses its
# target. About 3 minutes on two cores. Needs build/release with its tests.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
only_help "${1:-}"
find_rexbert
cd "$repository"
data=${1:?"usage: curation_truth.sh DATA_DIR [DIR]"}
work=${2:-runs/curation-truth}
cmake --build build/release --target rexbert_curate_plant >/dev/null
build/release/bin/rexbert_curate_plant "$data" "$work" 1000

curate() {  # NAME INPUT STAGE... with the settings in $overrides
  local name=$1 input=$2 stage
  shift 2
  for stage in "$@"; do
    "$rexbert" curate "$stage" --config configs/curate/truth.yaml --set run.directory="$work/$name" \
      --set "input.paths=[$work/$input]" "${overrides[@]}"
  done
}

filter_test() {  # NAME: what the models of that run keep of the documents for testing
  "$rexbert" curate filter --stdin --stdout --config configs/curate/truth.yaml \
    --set run.directory="$work/$1" --set "input.paths=[$work/test]" <"$work/test/crawl.jsonl" >"$work/$1.kept.jsonl"
}

rm -rf "${work:?}"/{weak,true,labeller}
overrides=()
curate weak train explore sample label train-classifier
filter_test weak
overrides=(--set label.labeller=file --set label.file="$work/train.labels.jsonl")
curate true train explore sample label train-classifier
filter_test true
overrides=()
curate labeller test explore sample label
python3 tools/curation_truth.py "$work"
