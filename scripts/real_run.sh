#!/usr/bin/env bash
# The three phases on real text, measured: trains a model of 1.9 M parameters through general
# pretraining, context extension and specialization, and a control that spends phase 3's tokens on
# general text; evaluates all of them on held-out documents and writes numbers and curves.
#
#   scripts/real_run.sh DATA_DIR [WORK_DIR] [--seeds]
#
#   DATA_DIR    holds general/wikipedia.jsonl.zst, general/books.jsonl.zst and
#               ecommerce/products.jsonl.zst: JSON Lines with the fields id and text
#   WORK_DIR    where shards, runs and results go (default runs/real); finished parts are kept
#   --seeds     also compare guided with uniform masking in phase 3, three seeds each
#   -h, --help  print this
#
# Results: WORK_DIR/real_run.json, WORK_DIR/real_run.svg and, with --seeds, WORK_DIR/guided.json; the
# committed ones are in docs/results/. About 35 minutes on two cores, of which the three
# phases take 20 to 25; 50 with --seeds.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
seeds=no
arguments=()
for argument in "$@"; do
  case $argument in
    -h | --help) usage && exit 0 ;;
    --seeds) seeds=yes ;;
    *) arguments+=("$argument") ;;
  esac
done
((${#arguments[@]} >= 1)) || { usage >&2; exit 2; }
data=$(realpath "${arguments[0]}")
cd "$repository"
export REAL=${arguments[1]:-runs/real}
rexbert=build/release/bin/rexbert
[[ -x $rexbert ]] || die "$rexbert is not there: run scripts/quickstart.sh or scripts/check.sh first"
mkdir -p "$REAL"

step_folder() { printf '%s/checkpoints/step-%09d\n' "$1" "$2"; }
phase_end() { # RUN_DIR PHASE: the checkpoint at which a phase ended
  local step
  step=$(python3 tools/real_report.py phase-end "$1/metrics.jsonl" "$2")
  step_folder "$1" "$step"
}
evaluate() { # NAME CHECKPOINT CONTEXT
  [[ -f $REAL/eval/$1.json ]] && return
  mkdir -p "$REAL/eval"
  "$rexbert" eval mlm --checkpoint "$2" --context "$3" --json "$REAL/eval/$1.json" \
    --data "$REAL"/shards/{wikipedia,books,ecommerce}/validation
}
evaluate_sections() { # NAME CHECKPOINT CONTEXT: the same 2,032-token sections with more or less context
  [[ -f $REAL/eval/$1.jsonl ]] && return
  "$rexbert" eval mlm --checkpoint "$2" --context "$3" --section 2032 --documents "$REAL/eval/$1.jsonl" \
    --data "$REAL"/shards/{wikipedia,books}/validation
}

if [[ ! -d $REAL/tokenizer ]]; then
  "$rexbert" tokenizer train --input "$data/general" "$data/ecommerce" --output "$REAL/tokenizer" \
    --vocabulary-size 8000 --max-bytes 20MB
fi
for stream in general/wikipedia general/books ecommerce/products; do
  name=${stream#*/}
  [[ $name == products ]] && name=ecommerce
  "$rexbert" tokenize "$data/$stream.jsonl.zst" --tokenizer "$REAL/tokenizer" \
    --output "$REAL/shards/$name" --holdout 2%,2
done
if [[ ! -f $REAL/salience.json ]]; then
  "$rexbert" salience --domain "$REAL/shards/ecommerce/train" --general "$REAL/shards/wikipedia/train" \
    --tokenizer "$REAL/tokenizer" --output "$REAL/salience.json"
fi

begin=$SECONDS
"$rexbert" train --config configs/real/pretrain.yaml
say "three phases in $((SECONDS - begin)) s" | tee -a "$REAL/times.txt"
PHASE2=$(phase_end "$REAL/run" context_extension)
export PHASE2
phase1=$(phase_end "$REAL/run" general)
"$rexbert" train --config configs/real/control.yaml

evaluate phase1-short "$phase1" 256
evaluate phase2-short "$PHASE2" 256
evaluate phase2 "$PHASE2" 2048
evaluate phase3 "$(latest "$REAL/run")" 2048
evaluate control "$(latest "$REAL/control")" 2048
evaluate_sections phase2-full "$PHASE2" 2034
evaluate_sections phase2-cut "$PHASE2" 256
python3 tools/real_report.py report "$REAL"

if [[ $seeds == yes ]]; then
  for seed in 1 2 3; do
    for policy in guided uniform; do
      set -- --set run.seed=$seed --set run.directory="$REAL/$policy-$seed"
      if [[ $policy == uniform ]]; then
        set -- "$@" --set 'phases.0.masking={policy: uniform, probability: 0.3}' --set 'salience=""'
      fi
      "$rexbert" train --config configs/real/phase3.yaml "$@"
      evaluate "$policy-$seed" "$(latest "$REAL/$policy-$seed")" 2048
    done
  done
  python3 tools/real_report.py guided "$REAL"
fi
