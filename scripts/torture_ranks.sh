#!/usr/bin/env bash
# Trains with four ranks under torchrun, kills or freezes one of them at a random moment, and proves
# that the others miss it and end in time, and that the job restarts, resumes, finishes, and comes to the
# bits of a run that nothing happened to.
#
#   scripts/torture_ranks.sh [DIR] [ROUNDS]
#
#   DIR         where the sample corpus and the runs go (default runs/sample)
#   ROUNDS      one run with one fault each, kill -9 and SIGSTOP in turn (default 20)
#   -h, --help  print this
#
# The environment: SEED of the moments and ranks (default 1), TIMEOUT of a collective in seconds
# (default 10), REXBERT the command (default build/release/bin/rexbert).
# Prints a line each round; what failed keeps its run and its output in DIR/torture/. About 15 minutes
# for 20 rounds on two cores. Needs torchrun: scripts/setup.sh --oracle, or one in PATH.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
only_help "${1:-}"
find_rexbert
find_torchrun
cd "$repository"
export SAMPLE=${1:-runs/sample}
rounds=${2:-20}
seed=${SEED:-1}
timeout=${TIMEOUT:-10}
readonly ranks=4
# Who waited for the timeout asks for some seconds who is missing; the rest is for a busy machine. Then
# torchrun gives the frozen rank 30 s before it kills it.
others_limit=$((timeout + 35))
readonly frozen_limit=40
work=$SAMPLE/torture

agent=0 pids=()

clean_up() {
  if ((agent != 0)); then kill -KILL "$agent" "${pids[@]}" 2>/dev/null || true; fi
}
trap clean_up EXIT

# Starts a job in the background: $agent is torchrun.
start() {  # NAME RESTARTS
  rm -rf "${work:?}/$1"
  OMP_NUM_THREADS=1 "$torchrun" --standalone --no-python --nproc-per-node "$ranks" --max-restarts "$2" \
    "$rexbert" train --config configs/sample/ranks.yaml --set run.directory="$work/$1" \
    --set distributed.timeout="$timeout" >"$work/$1.txt" 2>&1 &
  agent=$!
}

finish() {  # SECONDS: waits for the job's end and gives its status
  local status=0
  if ! wait_for "$1" "the end of the job" no_process "$agent"; then
    kill -KILL "$agent" "${pids[@]}" 2>/dev/null || true
  fi
  wait "$agent" 2>/dev/null || status=$?
  agent=0
  return "$status"
}

make_sample >/dev/null
mkdir -p "$work"
begin=$SECONDS
start reference 0
wait_for 300 "the ranks" find_workers "$agent" "$ranks" || die "see $work/reference.txt"
finish 1800 || die "the run without faults failed: see $work/reference.txt"
reference_seconds=$((SECONDS - begin))
steps=$(last_step "$work/reference")
say "without faults: $steps steps in $reference_seconds s; seed $seed, timeout $timeout s"

seconds_since() {  # MICROSECONDS: with one digit
  local tenths=$(((${EPOCHREALTIME/./} - $1) / 100000))
  say "$((tenths / 10)).$((tenths % 10))"
}

# One fault. Sets others_ended and all_ended (seconds after it), resumed, and wrong, a list.
play() {  # NAME SIGNAL RANK STEP DELAY_MS
  local name=$1 signal=$2 rank=$3 step=$4 delay=$5 run=$work/$1 begin checkpoint others
  others_ended=- all_ended=- resumed=- wrong=()
  start "$name" 1
  if ! wait_for 300 "the ranks" find_workers "$agent" "$ranks" ||
    ! wait_for $((10 * reference_seconds + 120)) "step $step" reached "$run" "$step"; then
    wrong+=("did not come to step $step")
    finish 0 || true
    return
  fi
  sleep "$(printf '0.%03d' "$delay")"
  if ! kill "-$signal" "${pids[rank]}" 2>/dev/null; then wrong+=("was over before the fault"); fi
  begin=${EPOCHREALTIME/./}
  others=("${pids[@]:0:rank}" "${pids[@]:rank+1}")
  wait_for "$others_limit" "$name: the end of the others" no_process "${others[@]}" ||
    wrong+=("the others were there after $others_limit s")
  others_ended=$(seconds_since "$begin")
  wait_for "$frozen_limit" "$name: the end of all" no_process "${pids[@]}" ||
    wrong+=("rank $rank was there $frozen_limit s later")
  all_ended=$(seconds_since "$begin")
  checkpoint=$(cat "$run/checkpoints/latest" 2>/dev/null) || true
  if ! finish $((10 * reference_seconds + 120)); then
    wrong+=("did not finish")
    return
  fi
  resumed=$(resumed_at "$run" | tr '\n' ' ')
  if [[ -n $checkpoint && ${resumed% } != $((10#${checkpoint##*-})) ]]; then
    wrong+=("expected to resume at $checkpoint")
  fi
  if ((step > 0)) && ! grep -q "rank $rank does not answer" "$run"/log*.txt; then
    wrong+=("nobody missed rank $rank")
  fi
  if [[ $signal == STOP ]] && ! grep -q 'exitcode: 9' "$work/$name.txt"; then
    wrong+=("expected exit code 9")
  fi
  same_weights "$work/reference" "$run" || wrong+=("other weights")
}

readonly row='%5s  %-6s  %4s  %12s  %12s  %9s  %10s  %s\n'
# shellcheck disable=SC2059
{
  printf "$row" round signal rank "at step+ms" "others end s" "all end s" "resumed at" weights
  failed=0
  RANDOM=$seed
  for ((round = 1; round <= rounds; ++round)); do
    signal=KILL
    ((round % 2 == 1)) || signal=STOP
    # Not in the last tenth: the run must still be going when the fault comes.
    step=$((RANDOM % (steps * 9 / 10))) rank=$((RANDOM % ranks)) delay=$((RANDOM % 200))
    play "round-$round" "$signal" "$rank" "$step" "$delay"
    result=same
    if ((${#wrong[@]} > 0)); then
      result="WRONG: $(IFS=';'; printf '%s' "${wrong[*]}")"
      failed=$((failed + 1))
    else
      rm -rf "${work:?}/round-$round" "$work/round-$round.txt"
    fi
    printf "$row" "$round" "$signal" "$rank" "$step+$delay" "$others_ended" "$all_ended" "${resumed:--}" "$result"
  done
}
((failed == 0)) || die "$failed of $rounds rounds went wrong: see $work"
say "all $rounds rounds came to the bits of the run without faults"
