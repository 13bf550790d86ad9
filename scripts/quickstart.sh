#!/usr/bin/env bash
# From a clone to a finished model: set-up, build, and the three phases in miniature on the corpus that
# the project ships. Every step is printed as the command that a user could type.
#
#   scripts/quickstart.sh [DIR]
#
#   DIR         where everything goes (default runs/sample); a finished step there is not done again
#   -h, --help  print this
#
# After set-up and build it takes less than 5 minutes on two cores.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
only_help "${1:-}"
cd "$repository"
export SAMPLE=${1:-runs/sample}
rexbert=build/release/bin/rexbert

step scripts/setup.sh
step cmake --preset release
step cmake --build --preset release --parallel "$(compile_jobs)" --target rexbert_command
begin=$SECONDS

make_sample
printf '\n$ export SAMPLE=%s\n' "$SAMPLE"
step "$rexbert" plan --config configs/sample/pretrain.yaml
step "$rexbert" train --config configs/sample/pretrain.yaml
model=$(latest "$SAMPLE/run")
step "$rexbert" eval mlm --checkpoint "$model" \
  --data "$SAMPLE/shards/general/validation" "$SAMPLE/shards/ecommerce/validation"

say
say "The model lies in $model: a Hugging Face folder (AutoModelForMaskedLM, AutoTokenizer)."
say "Main job done in $((SECONDS - begin)) s."
