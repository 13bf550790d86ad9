#!/usr/bin/env bash
# The paper's claim at the scale of two cores: is a specialized encoder better at e-commerce than what
# its tokens, or 2.5 times the parameters, buy on general text? For each of three seeds it trains
#   specialized   general text, then guided masking on a mixture that drifts to products
#   control       the same start, the same tokens, all of them general
#   larger        2.5 times the parameters, the same tokens, all of them general
#   uniform       as specialized, with uniform masking
# and scores them, and random weights, with the e-commerce suite.
#
#   scripts/claim.sh DATA_DIR [WORK_DIR] [--quick]
#
#   DATA_DIR    holds general/wikipedia.jsonl.zst, general/books.jsonl.zst,
#               ecommerce/products.jsonl.zst (JSON Lines with the fields id and text), and eval/ with
#               queryner/, ae110k/, esci.jsonl and product_category.jsonl
#   WORK_DIR    where shards, runs and results go (default runs/claim, quick runs/claim-quick);
#               finished parts are kept
#   --quick     a hundredth of the tokens and few examples, to try the script
#   -h, --help  print this
#
# Results: WORK_DIR/results/results.{md,json,html}. About five hours on one
# core, or three with a seed on each of two cores (docs/results/evaluation.md).
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
quick=no
arguments=()
for argument in "$@"; do
  case $argument in
    -h | --help) usage && exit 0 ;;
    --quick) quick=yes ;;
    -*) usage >&2 && die "unknown option $argument" ;;
    *) arguments+=("$argument") ;;
  esac
done
((${#arguments[@]} == 1 || ${#arguments[@]} == 2)) || { usage >&2; exit 2; }
data=$(realpath "${arguments[0]}")
name=claim
[[ $quick == yes ]] && name=claim-quick
CLAIM=$(realpath -m "${arguments[1]:-$repository/runs/$name}")
export CLAIM DATA=$data/eval
cd "$repository"
rexbert=build/release/bin/rexbert
[[ -x $rexbert ]] || die "$rexbert is not there: run scripts/quickstart.sh or scripts/check.sh first"
mkdir -p "$CLAIM"

first=() second=() larger=() suite=()
if [[ $quick == yes ]]; then
  first=(--set phases.0.tokens=30k --set phases.0.learning_rate.warmup=5k)
  second=(--set phases.0.tokens=10k)
  larger=("${first[@]}" --set phases.1.tokens=10k)
  for task in queryner ae110k esci categories; do
    suite+=(--set "tasks.$task.limit=64" --set "tasks.$task.epochs=[1]")
  done
  suite+=(--set tasks.recovery.tokens=5k)
fi

if [[ ! -d $CLAIM/tokenizer ]]; then
  "$rexbert" tokenizer train --input "$data/general" "$data/ecommerce" --output "$CLAIM/tokenizer" \
    --vocabulary-size 8000 --max-bytes 20MB
fi
for stream in general/wikipedia general/books ecommerce/products; do
  name=${stream#*/}
  [[ $name == products ]] && name=ecommerce
  "$rexbert" tokenize "$data/$stream.jsonl.zst" --tokenizer "$CLAIM/tokenizer" \
    --output "$CLAIM/shards/$name" --holdout 2%,2
done
if [[ ! -f $CLAIM/salience.json ]]; then
  "$rexbert" salience --domain "$CLAIM/shards/ecommerce/train" --general "$CLAIM/shards/wikipedia/train" \
    --tokenizer "$CLAIM/tokenizer" --output "$CLAIM/salience.json"
fi

train() { # CONFIG NAME SEED [--set ...]
  "$rexbert" train --config "configs/claim/$1.yaml" --set "run.directory=$CLAIM/$2-$3" \
    --set "run.seed=$3" "${@:4}"
}
results=()
for seed in 1 2 3; do
  train general general "$seed" "${first[@]}"
  export GENERAL=$CLAIM/general-$seed
  train specialized specialized "$seed" "${second[@]}"
  train control control "$seed" "${second[@]}"
  train specialized uniform "$seed" "${second[@]}" --set 'salience=""' \
    --set 'phases.0.masking={policy: uniform, probability: 0.3}'
  train larger larger "$seed" "${larger[@]}"
  "$rexbert" eval suite --config configs/claim/suite.yaml --set "seeds=[$seed]" "${suite[@]}" \
    --output "$CLAIM/suite-$seed" --checkpoint "specialized=$CLAIM/specialized-$seed" \
    --checkpoint "control=$CLAIM/control-$seed" --checkpoint "larger=$CLAIM/larger-$seed" \
    --checkpoint "uniform=$CLAIM/uniform-$seed" --checkpoint "random=random:$CLAIM/specialized-$seed" >/dev/null
  results+=("$CLAIM/suite-$seed/results.json")
done
"$rexbert" eval report "${results[@]}" --output "$CLAIM/results"
