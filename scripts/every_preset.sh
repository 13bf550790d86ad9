#!/usr/bin/env bash
# Runs two steps of every phase of every shipped config, with batches of one row: the recipe's own
# model sizes, contexts, thetas, schedules and masking, chained through start_from as the files say.
#
#   scripts/every_preset.sh [DIR] [PRESET...]
#
#   DIR         where text, shards and runs go (default runs/presets); about 10 GB for a while
#   PRESET...   only these (default micro small mini base large)
#   -h, --help  print this
#
# The data is the sample corpus with a vocabulary of 50,368 pieces, most of them unused. Writes
# DIR/every_preset.tsv. About half an hour on two cores, most of it for base and large, whose rows of
# 8,192 tokens need 24 GB of memory.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
only_help "${1:-}"
cd "$repository"
work=${1:-runs/presets}
shift || true
presets=("$@")
((${#presets[@]} > 0)) || presets=(micro small mini base large)
find_rexbert

make_preset_data "$work"

table=$work/every_preset.tsv
printf 'preset\tphase\tstep\ttokens\tlearning_rate\tmasked_tokens\tloss\tseconds_of_both\n' >"$table"
for preset in "${presets[@]}"; do
  rm -rf "$work/run-$preset"
  for phase in 1 2 3; do
    run=$work/run-$preset/phase$phase
    overrides=(--set run.directory="$run" --set tokenizer.path="$work/tokenizer"
      --set streams.general.path="$work/shards/long"
      --set streams.ecommerce.path="$work/shards/ecommerce"
      --set data.lanes=1 --set 'phases.0.batch={rows: 1}' --set logging.every_steps=1)
    ((phase == 1)) || overrides+=(--set start_from="$work/run-$preset/phase$((phase - 1))")
    ((phase < 3)) || overrides+=(--set salience="$work/salience.json")
    say "$preset, phase $phase"
    begin=$SECONDS
    "$rexbert" train --config "configs/$preset/phase$phase.yaml" --stop-at-step $((2 * phase)) "${overrides[@]}"
    python3 - "$preset" "$phase" "$run" $((SECONDS - begin)) <<'PYTHON' | tee -a "$table"
import json, sys
preset, phase, run, seconds = sys.argv[1:]
with open(f"{run}/metrics.jsonl", encoding="utf8") as file:
    steps = [row for row in map(json.loads, file) if row["kind"] == "train"]
wanted = [2 * int(phase) - 1, 2 * int(phase)]
if [row["step"] for row in steps] != wanted:
    sys.exit(f"{run}: expected the steps {wanted}, got {[row['step'] for row in steps]}")
for row in steps:
    print(preset, row["phase"], row["step"], row["tokens"], f"{row['learning_rate']:.3g}",
          row["masked_tokens"], f"{row['loss']:.4f}", seconds, sep="\t")
PYTHON
  done
  rm -rf "$work/run-$preset"
done
