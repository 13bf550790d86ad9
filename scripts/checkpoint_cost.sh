#!/usr/bin/env bash
# Measures what a checkpoint costs a run of the micro preset: the seconds that training stands still for
# it, and how much slower steps are while it is written in the background.
#
#   scripts/checkpoint_cost.sh [DIR]
#
#   DIR         where text, shards and runs go (default runs/presets, shared with every_preset.sh)
#   -h, --help  print this
#
# Trains 24 steps of 4 x 1,024 tokens twice, without checkpoints and with one every four steps, and sets
# the cost of one against the interval of configs/common/run.yaml. About 3 minutes on two cores.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
only_help "${1:-}"
find_rexbert
cd "$repository"
work=${1:-runs/presets}
make_preset_data "$work" >/dev/null

train() {  # NAME EVERY_TOKENS
  rm -rf "${work:?}/$1"
  "$rexbert" train --config configs/micro/phase1.yaml --stop-at-step 24 --set run.directory="$work/$1" \
    --set tokenizer.path="$work/tokenizer" --set streams.general.path="$work/shards/long" \
    --set streams.ecommerce.path="$work/shards/ecommerce" --set data.lanes=1 \
    --set 'phases.0.batch={rows: 4}' --set logging.every_steps=1 --set checkpoint.every="$2"
}

train without_checkpoints 5B
train with_checkpoints 16384
python3 - "$work" <<'PYTHON'
import json, re, statistics, sys

def lines(name, kind):
    with open(f"{sys.argv[1]}/{name}/metrics.jsonl", encoding="utf8") as file:
        return [row for row in map(json.loads, file) if row["kind"] == kind]

def step_seconds(name):
    return [4096 / row["tokens_per_second"] for row in lines(name, "train")[4:]]

with open("configs/common/run.yaml", encoding="utf8") as file:
    interval = float(re.search(r"every: ([\d.]+)B", file.read()).group(1)) * 1e9
written = lines("with_checkpoints", "checkpoint")[:-1]  # the last is of the run's end
stood = [row["snapshot_seconds"] + row["wait_seconds"] for row in written]
usual = statistics.median(step_seconds("without_checkpoints"))
slower = sum(seconds - usual for seconds in step_seconds("with_checkpoints")) / len(written)
cost = statistics.median(stood) + max(slower, 0)
print(f"{len(written)} checkpoints: training stood still for {statistics.median(stood):.3f} s (median; most "
      f"{max(stood):.3f}), written in {statistics.median(row['write_seconds'] for row in written):.2f} s")
print(f"a step {usual:.2f} s; steps beside a checkpoint took {slower:+.2f} s longer in all")
print(f"every {interval:.3g} tokens: {cost * 4096 / usual / interval:.2e} of this run's time; under 1% up to "
      f"{0.01 * interval / cost:.3g} tokens/s")
PYTHON
