#!/usr/bin/env bash
# Runs what users would otherwise pick and this project side by side, in one go: training beside transformers (eager and
# compiled), loading beside mosaicml-streaming, tokenizing beside SentencePiece; then how a step's time and memory grow with
# the context, and where steps spend their time. Medians of five runs in turn, three where no peer is beside.
#
#   scripts/compare.sh PEERS_DIR TEXT_JSONL_ZST...
#
#   PEERS_DIR   holds hf_train.py, encode.py and mds_read.py (tools/compare_peers.py says what they do)
#   TEXT...     JSON Lines with the field text, zstd: what is tokenized and loaded
#   -h, --help  print this
#
# Writes docs/results/{train_cpu,loader,tokenize,growth,steps}.json and the page docs/results/performance.md. The exit status is not 0
# where something misses what is wanted of it; the rest is measured all the same. About 100 minutes on two cores, with nothing else running.
# Needs a build, and scripts/setup.sh --oracle.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
only_help "${1:-}"
(($# >= 2)) || { usage >&2; exit 2; }
peers=$(realpath "$1")
texts=()
for text in "${@:2}"; do texts+=("$(realpath "$text")"); done
cd "$repository"
find_rexbert
export REXBERT=$rexbert
work=runs/compare-$(printf '%s\n' "${texts[@]}" | sha1sum | cut -c 1-8)  # other texts, another folder
results=docs/results
mkdir -p "$work"

[[ -d $work/tokenizer ]] ||
  "$rexbert" tokenizer train --input "${texts[@]}" --output "$work/tokenizer" --vocabulary-size 50368
shards=()
for text in "${texts[@]}"; do
  name=$(basename "$text" .jsonl.zst)
  [[ -f $work/shards/$name/index.json ]] ||
    "$rexbert" tokenize "$text" --tokenizer "$work/tokenizer" --output "$work/shards/$name"
  shards+=("$work/shards/$name")
done

missed=()
measure() { # WHAT COMMAND...
  say "== $1"
  "${@:2}" || missed+=("$1")
}
measure tokenizing python3 tools/compare_peers.py tokenize "$peers" $results/tokenize.json "$work/tokenizer" "${texts[@]}"
measure loading python3 tools/compare_peers.py loader "$peers" $results/loader.json "$work/tokenizer" "${shards[@]}"
measure growth python3 tools/growth.py $results/growth.json
steps() {
  local shape preset sequences context separator='['
  for shape in "micro 16 512" "micro 1 8192" "base 4 512"; do
    read -r preset sequences context <<<"$shape"
    printf '%s' "$separator"
    "$rexbert" bench step --preset "$preset" --sequences "$sequences" --context "$context" --steps 5 --json
    separator=,
  done >"$work/steps.json"
  printf ']\n' >>"$work/steps.json"
  mv "$work/steps.json" $results/steps.json
}
measure steps steps
measure training python3 tools/compare_peers.py train "$peers" $results/train_cpu.json
python3 tools/performance_page.py $results >"$work/performance.md"
mv "$work/performance.md" $results/performance.md
((${#missed[@]} == 0)) || die "not as wanted: ${missed[*]}"
