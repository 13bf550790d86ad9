#!/usr/bin/env bash
# Looks at the report page of a curation in a real browser: curates planted documents with every stage that is
# optional, and opens the page as a wide screen and as a telephone, light and dark.
#
#   scripts/curation_page.sh DATA_DIR [DIR] [DOCUMENTS]
#
#   DATA_DIR    general/{wikipedia,books}.jsonl.zst, ecommerce/products.jsonl.zst and eval/
#   DIR         where documents, the run and pictures of the page go (default runs/curation-page)
#   DOCUMENTS   in each of five domains (default 1000)
#   -h, --help  print this
#
# The exit status is not 0 where the page asks for anything but itself, is wider than the screen, or has texts in its
# charts that cover each other. About 2 minutes on two cores. Needs build/release with its tests, and Chromium.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
only_help "${1:-}"
find_rexbert
cd "$repository"
data=${1:?"usage: curation_page.sh DATA_DIR [DIR] [DOCUMENTS]"}
work=${2:-runs/curation-page}
documents=${3:-1000}
cmake --build build/release --target rexbert_curate_plant >/dev/null
build/release/bin/rexbert_curate_plant "$data" "$work" "$documents"

rm -rf "${work:?}"/{run,pictures}
# One domain is left out, and near duplicates come from a second reading of some documents.
head -n "$((documents / 20))" "$work/train/crawl.jsonl" | sed 's/{"domain":"reference","id":"/&again-/' >"$work/train/again.jsonl"
"$rexbert" curate run --config configs/curate/truth.yaml --set run.directory="$work/run" \
  --set "input.paths=[$work/train]" --set 'explore.domains=[reference, stories, shop, talk]' \
  --set filter.min_share=0.05 --set filter.min_bytes=100 \
  --set 'audit={labeller: weak, weak: {prior: 0.4, threshold: 0.5}, agreement: {resamples: 200}}' \
  --set "decontaminate.evaluation={esci: {path: $data/eval/esci.jsonl, fields: [title]},
    categories: {path: $data/eval/product_category.jsonl}, ae110k: {path: $data/eval/ae110k/test.jsonl, fields: [title]}}"
python3 tools/look_at_report.py "$work/run/report/report.html" "$work/pictures"
