# shellcheck shell=bash
# A Slurm of one node for a test: its own key, ports and state in one folder, no service of the system.
# Sourced, never run, after scripts/lib.sh.

# What Debian calls the packages, and a command of each.
readonly slurm_packages="
munge         munged
slurmctld     slurmctld
slurmd        slurmd
slurm-client  sbatch
"

missing_slurm_packages() {
  local package command
  while read -r package command; do
    PATH=$PATH:/usr/sbin type -P "$command" >/dev/null || say "$package"
  done <<<"$(sed '/^$/d' <<<"$slurm_packages")"
}

# A port on which nothing listens now.
free_port() {
  python3 -c 'import socket; s = socket.socket(); s.bind(("", 0)); print(s.getsockname()[1])'
}

daemons=()

# daemon NAME COMMAND...: runs in the background, with its output in a file.
daemon() {
  local name=$1
  shift
  "$@" >"$cluster/$name.out" 2>&1 </dev/null &
  daemons+=($!)
}

# start_cluster DIR NODE_TASKS: partitions `batch` and `batch_grace`, which the jobs of `urgent` preempt,
# without and with a minute to write a checkpoint. Jobs have a time limit: one without, started again,
# may have an end in the past, and so be warned of it at once.
start_cluster() {
  cluster=$1
  local node user
  node=$(uname -n)
  node=${node%%.*}
  user=$(id -un)
  mkdir -m 700 "$cluster" "$cluster/state" "$cluster/spool"
  head -c 1024 /dev/urandom >"$cluster/munge.key"
  chmod 600 "$cluster/munge.key"
  cat >"$cluster/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$(free_port)
SlurmdPort=$(free_port)
SlurmUser=$user
SlurmdUser=$user
AuthType=auth/munge
AuthInfo=socket=$cluster/munge.socket
CredType=cred/munge
StateSaveLocation=$cluster/state
SlurmdSpoolDir=$cluster/spool
SlurmctldPidFile=$cluster/slurmctld.pid
SlurmdPidFile=$cluster/slurmd.pid
SlurmctldLogFile=$cluster/slurmctld.log
SlurmdLogFile=$cluster/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SchedulerParameters=sched_interval=2,bf_interval=2
KillWait=5
ReturnToService=2
SlurmdParameters=config_overrides
NodeName=$node NodeAddr=127.0.0.1 CPUs=$2
PartitionName=DEFAULT Nodes=$node DefaultTime=60
PartitionName=batch Default=YES PriorityTier=1
PartitionName=batch_grace PriorityTier=1 GraceTime=60
PartitionName=urgent PriorityTier=10 PreemptMode=OFF
CONF
  export SLURM_CONF=$cluster/slurm.conf
  PATH=$PATH:/usr/sbin
  # --force: munged refuses folders that others may write to, and /tmp above ours is one.
  daemon munged munged --foreground --force --num-threads 2 --key-file "$cluster/munge.key" \
    --socket "$cluster/munge.socket" --pid-file "$cluster/munged.pid" --seed-file "$cluster/munge.seed" \
    --log-file "$cluster/munged.log"
  wait_for 30 "munged" test -S "$cluster/munge.socket"
  daemon slurmctld slurmctld -D
  daemon slurmd slurmd -D
  wait_for 60 "the node" node_is idle
}

node_is() { [[ $(sinfo --noheader --partition batch --format %T 2>/dev/null) == "$1" ]]; }

# Ends all jobs and daemons that start_cluster started.
stop_cluster() {
  local pid
  if ((${#daemons[@]} == 3)); then
    scancel --quiet --user "$(id -un)" || true
    wait_for 60 "the jobs to end" no_jobs || true
  fi
  for pid in "${daemons[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${daemons[@]}"; do wait "$pid" 2>/dev/null || true; done
}

no_jobs() { [[ -z $(squeue --noheader 2>/dev/null) ]]; }

# One field of `scontrol show job`.
job_field() { scontrol show job "$1" 2>/dev/null | grep -oP "(^|\s)$2=\K\S*"; }
