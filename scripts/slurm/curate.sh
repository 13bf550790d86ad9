#!/usr/bin/env bash
# Submits a whole curation to Slurm: job arrays where a stage is done by parts, single jobs for the others,
# each behind the one before it. Prints a line for each job.
#
#   scripts/slurm/curate.sh CONFIG [ARGUMENT...]
#
#   CONFIG       the curation's config; its output folder is one that all nodes share
#   ARGUMENT...  more for `rexbert curate`, such as --set run.directory=/shared/curation
#
# The environment:
#   PARTS        tasks of an array, each with every PARTS-th input file (default 16)
#   CPUS         cores of a task (default 8)
#   REXBERT      the command, on every node (default build/release/bin/rexbert)
#   LOGS         folder of the jobs' output (default logs)
#   SBATCH_...   sbatch's own: SBATCH_PARTITION, SBATCH_ACCOUNT, SBATCH_TIMELIMIT, ...
#
# Where a job fails, those behind it are removed. Submit all of it again: what is done is passed over.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../lib.sh"
only_help "${1:-}"
(($# > 0)) || { usage >&2 && exit 2; }
export PARTS=${PARTS:-16}
logs=${LOGS:-logs}
mkdir -p "$logs"
before=

# submit STAGES LOG [OPTION...] -- [ARGUMENT...]
submit() {
  local stages=$1 log=$2 options=() job
  shift 2
  while [[ $1 != -- ]]; do options+=("$1") && shift; done
  shift
  if [[ -n $before ]]; then options+=(--dependency="afterok:$before" --kill-on-invalid-dep=yes); fi
  job=$(sbatch --parsable --job-name "curate-${stages%%,*}" --output "$logs/%x-$log.txt" \
    --cpus-per-task "${CPUS:-8}" "${options[@]}" "$repository/scripts/slurm/curate.sbatch" "$stages" "$@")
  before=${job%%;*}
  say "$before: $stages${options[0]:+ ${options[*]}}"
}

in_parts() { submit "$1" %A-%a --array "1-$PARTS" -- "${@:2}"; }
alone() { submit "$1" %j -- "${@:2}"; }

# A stage by parts comes once more alone where something is made of all its parts: the part that ends last
# does that, but on a file system that shows new files late each may take another for the last.
in_parts explore "$@"
alone explore "$@"
in_parts sample "$@"
alone sample,label,audit,train-classifier "$@"
in_parts filter "$@"
alone dedup "$@"
in_parts decontaminate "$@"
alone decontaminate,write,report "$@"
