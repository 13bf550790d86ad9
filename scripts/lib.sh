# shellcheck shell=bash
# What the scripts share. Sourced, never run; bash with `set -euo pipefail`.

repository=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)

say() { printf '%s\n' "$*"; }

die() {
  printf '%s: %s\n' "$(basename -- "$0")" "$*" >&2
  exit 1
}

# Prints the comment block at the top of the calling script: its manual.
usage() { sed -n '2,/^[^#]/{s/^# \{0,1\}//;t print;d;:print;p}' "$0"; }

# For scripts whose only option is --help.
only_help() {
  case $1 in
    -h | --help) usage && exit 0 ;;
    -*) usage >&2 && die "unknown option $1" ;;
  esac
}

# Compile jobs that fit both the cores and the memory: a file that includes LibTorch takes 1.4 GB.
compile_jobs() {
  local cores memory_kib limit jobs
  cores=$(nproc)
  memory_kib=$(awk '$1 == "MemTotal:" {print $2}' /proc/meminfo)
  for limit in /sys/fs/cgroup/memory.max /sys/fs/cgroup/memory/memory.limit_in_bytes; do
    if [[ -r $limit ]] && [[ $(<"$limit") =~ ^[0-9]{1,15}$ ]] &&
      (($(<"$limit") / 1024 < memory_kib)); then
      memory_kib=$(($(<"$limit") / 1024))
    fi
  done
  jobs=$((memory_kib / 1024 / 1536))
  ((jobs <= cores)) || jobs=$cores
  ((jobs >= 1)) || jobs=1
  printf '%s\n' "$jobs"
}

# part TITLE COMMAND...: runs the command between two lines that say what it is and how long it took.
part() {
  local title=$1 begin=$SECONDS status=0
  shift
  say "== $title"
  # Not `"$@" || ...`: bash would pass over failures inside of functions there.
  set +e
  (set -e; "$@")
  status=$?
  set -e
  if ((status != 0)); then
    say "== $title: failed with status $status after $((SECONDS - begin)) s"
    exit "$status"
  fi
  say "== $title: done in $((SECONDS - begin)) s"
}

# step COMMAND...: prints the command as a user could type it, and runs it.
step() {
  printf '\n$ %s\n' "$*"
  "$@"
}

# The sample corpus, its tokenizer, shards and salience table in $SAMPLE, made by $rexbert; what is
# whole is not made again.
make_sample() {
  local stream
  step "$rexbert" corpus sample --output "$SAMPLE/text"
  if [[ ! -d $SAMPLE/tokenizer ]]; then
    step "$rexbert" tokenizer train --input "$SAMPLE/text" --output "$SAMPLE/tokenizer" --vocabulary-size 4096
  fi
  for stream in general long ecommerce; do
    step "$rexbert" tokenize "$SAMPLE/text/$stream.jsonl" --tokenizer "$SAMPLE/tokenizer" \
      --output "$SAMPLE/shards/$stream" --holdout 2%,2
  done
  step "$rexbert" salience --domain "$SAMPLE/shards/ecommerce/train" --general "$SAMPLE/shards/general/train" \
    --tokenizer "$SAMPLE/tokenizer" --output "$SAMPLE/salience.json"
}

# make_preset_data DIR: the sample corpus with a vocabulary of 50,368 pieces, as the presets want it, its
# shards and salience table, made by $rexbert; what is whole is not made again.
make_preset_data() {
  local work=$1 stream
  if [[ -f $work/salience.json ]]; then return; fi
  "$rexbert" corpus sample --output "$work/text"
  [[ -d $work/tokenizer ]] ||
    "$rexbert" tokenizer train --input "$work/text" --output "$work/tokenizer" --vocabulary-size 50368
  for stream in long ecommerce; do
    "$rexbert" tokenize "$work/text/$stream.jsonl" --tokenizer "$work/tokenizer" --output "$work/shards/$stream"
  done
  "$rexbert" salience --domain "$work/shards/ecommerce" --general "$work/shards/long" \
    --tokenizer "$work/tokenizer" --output "$work/salience.json"
}

# The newest checkpoint of a run directory.
latest() { printf '%s/checkpoints/%s\n' "$1" "$(<"$1/checkpoints/latest")"; }

# Sets $rexbert to the command: $REXBERT, or what a build left.
find_rexbert() {
  rexbert=$(realpath -m "${REXBERT:-$repository/build/release/bin/rexbert}")
  [[ -x $rexbert ]] || die "$rexbert is not there: run scripts/quickstart.sh or scripts/check.sh first"
}

# Sets $torchrun to PyTorch's launcher: that of the references, or the one in PATH.
find_torchrun() {
  torchrun=$repository/.deps/oracle/bin/torchrun
  [[ -x $torchrun ]] || torchrun=$(type -P torchrun) ||
    die "needs torchrun: run scripts/setup.sh --oracle, or put one into PATH"
}

# wait_for SECONDS WHAT COMMAND...: until the command succeeds; fails saying WHAT after so many seconds.
wait_for() {
  local limit=$1 what=$2 end=$((SECONDS + $1))
  shift 2
  until "$@"; do
    if ((SECONDS >= end)); then
      say "$what: not within $limit s" >&2
      return 1
    fi
    sleep 0.05
  done
}

# The last step in a run directory's metrics, 0 before the first.
last_step() {
  local step
  step=$(grep -oP '"step": ?\K[0-9]+' "$1/metrics.jsonl" 2>/dev/null | tail -n 1) || true
  say "${step:-0}"
}

# reached RUN_DIR STEP
reached() { (($(last_step "$1") >= $2)); }

# no_process PID...: none of them runs any more; one that nobody has waited for does not.
no_process() {
  local pid state
  for pid in "$@"; do
    state=$(sed -n 's/^State:\t\(.\).*/\1/p' "/proc/$pid/status" 2>/dev/null) || true
    if [[ $state == [^ZX] ]]; then return 1; fi
  done
}

# The steps at which a run directory's logs say that it went on; only rank 0 says so.
resumed_at() { grep -ohP 'resuming at step \K[0-9]+' "$1"/log*.txt || true; }

# same_weights A B: whether two run directories end in the same bits.
same_weights() { cmp --silent "$(latest "$1")/model.safetensors" "$(latest "$2")/model.safetensors"; }

# find_workers AGENT COUNT: sets pids[LOCAL_RANK] of what a torchrun started, once all are there.
find_workers() {
  local pid rank
  pids=()
  for pid in $(pgrep -P "$1"); do
    rank=$(tr '\0' '\n' 2>/dev/null <"/proc/$pid/environ" | sed -n 's/^LOCAL_RANK=//p') || true
    if [[ -n $rank ]]; then pids[rank]=$pid; fi
  done
  ((${#pids[@]} == $2))
}
