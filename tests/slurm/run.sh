#!/usr/bin/env bash
# Proves scripts/slurm/train.sbatch on a real Slurm, set up on this machine for the test alone: a job of
# two tasks is preempted with and without time for a checkpoint, told to stop, and loses a task; each
# time it must be requeued, resume, finish, and end in the bits of a job that nothing happened to.
#
#   tests/slurm/run.sh [--install] [DIR]
#
#   DIR         where the sample corpus and the runs go (default runs/sample)
#   --install   install what is missing of Slurm by apt-get (needs root)
#   -h, --help  print this
#
# REXBERT names the command (default build/release/bin/rexbert). Skips with status 77 where Slurm is
# not installed. No service of the system is touched. About 5 minutes on two cores.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
source "$repository/tests/slurm/cluster.sh"
install=no
if [[ ${1:-} == --install ]]; then install=yes && shift; fi
only_help "${1:-}"
find_rexbert
cd "$repository"
SAMPLE=$(realpath -m "${1:-runs/sample}")
export SAMPLE REXBERT=$rexbert
work=$SAMPLE/slurm
readonly tasks=2

mapfile -t missing < <(missing_slurm_packages)
if ((${#missing[@]} > 0)) && [[ $install == yes ]]; then
  apt-get update -q
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}"
elif ((${#missing[@]} > 0)); then
  say "skipped: Slurm is not installed; missing (by their names in Debian): ${missing[*]}"
  exit 77
fi

make_sample >/dev/null
rm -rf "$work"
mkdir -p "$work/logs"
folder=$(mktemp -d)
clean_up() {
  stop_cluster
  rm -rf "$folder"
}
trap clean_up EXIT
start_cluster "$folder/slurm" "$tasks"
say "Slurm $(sbatch --version | cut -d' ' -f2) is up: $(sinfo --noheader --format '%P' | tr '\n' ' ')"

# submit NAME PARTITION [ARGUMENT...]: a job of train.sbatch; prints its number.
submit() {
  local name=$1 partition=$2
  shift 2
  LOGS=$work/logs sbatch --parsable --partition "$partition" --ntasks "$tasks" --job-name "$name" \
    --output "$work/logs/%x-%j.txt" scripts/slurm/train.sbatch configs/sample/ranks.yaml \
    --set run.directory="$work/$name" "$@"
}

fail() {  # JOB WHAT
  say "job $1: $2; what it said:" >&2
  tail -n 30 "$work"/logs/*-"$1".txt "$work/logs/$1"-*.txt >&2 || true
  scontrol show job "$1" >&2 || true
  tail -n 20 "$folder"/slurm/slurm{ctld,d}.log >&2
  exit 1
}

job_is() { [[ $(job_field "$1" JobState) == "$2" ]]; }
job_ended() { [[ $(job_field "$1" JobState) =~ ^(COMPLETED|FAILED|CANCELLED|TIMEOUT|NODE_FAIL)$ ]]; }
job_restarted() { (($(job_field "$1" Restarts) >= 1)) && ! job_is "$1" COMPLETING; }

finish() {  # JOB
  wait_for 600 "the end of job $1" job_ended "$1" || fail "$1" "no end"
  job_is "$1" COMPLETED || fail "$1" "expected COMPLETED, got $(job_field "$1" JobState)"
}

# The disturbances; each gets the job.
preempt() {
  local urgent
  urgent=$(sbatch --parsable --partition urgent --ntasks "$tasks" --output /dev/null --wrap true)
  wait_for 120 "the urgent job" job_ended "$urgent" || fail "$1" "was not preempted"
}
tell_to_stop() { scancel --signal TERM "$1"; }
kill_task() {
  local pid
  pid=$(scontrol listpids "$1.0" | awk '$4 == 1 {print $1}')
  kill -KILL "$pid"
}

job=$(submit undisturbed batch)
finish "$job"
steps=$(last_step "$work/undisturbed")
say "undisturbed: $steps steps"

disturb() {  # NAME PARTITION DISTURBANCE LINE: what train.sbatch must say of it, nothing if empty
  local name=$1 partition=$2 disturbance=$3 line=$4 run=$work/$1 job resumed
  job=$(submit "$name" "$partition")
  wait_for 300 "step $((steps / 3)) of job $job" reached "$run" $((steps / 3)) || fail "$job" "did not come that far"
  "$disturbance" "$job"
  wait_for 120 "the requeue of job $job" job_restarted "$job" || fail "$job" "was not requeued"
  # Slurm lets a requeued job wait for two minutes, until no credential of its first start is left; one
  # of another second will do.
  scontrol update JobId="$job" StartTime=now+3
  finish "$job"
  resumed=$(resumed_at "$run")
  [[ -n $resumed ]] || fail "$job" "expected a line \"resuming at step\" in log-rank-0.txt, found none"
  [[ $(wc -l <<<"$resumed") == 1 ]] || fail "$job" "expected one restart, got $(wc -l <<<"$resumed")"
  grep -q "$line" "$work/logs/$name-$job.txt" || fail "$job" "expected \"$line\" from train.sbatch"
  same_weights "$work/undisturbed" "$run" || fail "$job" "other weights than those of the undisturbed job"
  say "$name: requeued, resumed at step $resumed, the same bits"
}

disturb preempted batch_grace preempt "stopped with a checkpoint"
disturb preempted-at-once batch preempt "by Slurm"
disturb told-to-stop batch tell_to_stop "stopped with a checkpoint"
disturb lost-a-task batch kill_task "lost a task"

# expect_end JOB CODE LINE: the job must fail with the code at its first start.
expect_end() {
  wait_for 120 "the end of job $1" job_ended "$1" || fail "$1" "no end"
  [[ $(job_field "$1" ExitCode) == "$2:0" && $(job_field "$1" Restarts) == 0 ]] ||
    fail "$1" "expected exit code $2 without a restart"
  grep -q "$3" "$work"/logs/*-"$1".txt || fail "$1" "expected \"$3\" from train.sbatch"
}

job=$(MAX_FAILURES=0 submit gives-up batch)
wait_for 300 "step 1 of job $job" reached "$work/gives-up" 1 || fail "$job" "did not come that far"
kill_task "$job"
expect_end "$job" 137 "giving up"
job=$(submit wrong-config batch --set data.lanes=nonsense)
expect_end "$job" 3 "failed with status 3"
say "given up and not requeued: a lost task beyond MAX_FAILURES, a config that is wrong"
