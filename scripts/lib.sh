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
