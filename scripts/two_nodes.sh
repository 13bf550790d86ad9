#!/usr/bin/env bash
# Trains on two "nodes", network namespaces of this machine joined by one link, each with a run
# directory of its own; cuts the link in the middle, and proves that both sides say so in time and end,
# and that the same commands, once the link is back, come to the same bits as an undisturbed run.
#
#   scripts/two_nodes.sh [DIR]
#
#   DIR         where the sample corpus and the runs go (default runs/sample)
#   -h, --help  print this
#
# The environment: RENDEZVOUS, static or c10d (default static), TIMEOUT of a collective in seconds
# (default 10), REXBERT the command (default build/release/bin/rexbert). Skips with status 77 where
# network namespaces are not permitted. About 2 minutes on two cores. Needs root, ip (iproute2) and
# torchrun: scripts/setup.sh --oracle, or one in PATH.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"
only_help "${1:-}"
find_rexbert
find_torchrun
cd "$repository"
export SAMPLE=${1:-runs/sample}
rendezvous=${RENDEZVOUS:-static}
timeout=${TIMEOUT:-10}
# torchrun gives its processes 30 s to end; the rest is for a busy machine.
limit=$((timeout + 35))
work=$SAMPLE/two_nodes
readonly spaces=("rexbert-$$-0" "rexbert-$$-1") addresses=(10.77.0.1 10.77.0.2)

agents=() workers=()

clean_up() {
  local space
  kill -KILL "${agents[@]}" "${workers[@]}" 2>/dev/null || true
  for space in "${spaces[@]}"; do ip netns delete "$space" 2>/dev/null || true; done
}

command -v ip >/dev/null || { say "skipped: needs ip, of the package iproute2" && exit 77; }
trap clean_up EXIT
if ! why=$(ip netns add "${spaces[0]}" 2>&1 && ip netns add "${spaces[1]}" 2>&1 &&
  ip link add eth0 netns "${spaces[0]}" type veth peer name eth0 netns "${spaces[1]}" 2>&1); then
  say "skipped: network namespaces are not permitted here: $why"
  exit 77
fi
for node in 0 1; do
  ip -n "${spaces[node]}" address add "${addresses[node]}/24" dev eth0
  ip -n "${spaces[node]}" link set lo up
  ip -n "${spaces[node]}" link set eth0 up
done

train=("$rexbert" train --config configs/sample/ranks.yaml --set distributed.timeout="$timeout")

# The command of a user on that node, started in the background.
start_node() {  # NODE
  # torchrun tells the host of the meeting place by its host name, which both nodes share here.
  local meeting=(--rdzv-backend c10d --rdzv-endpoint "${addresses[0]}:29500" --rdzv-id two_nodes
    --rdzv-conf "is_host=$((1 - $1))")
  if [[ $rendezvous == static ]]; then
    meeting=(--node-rank "$1" --master-addr "${addresses[0]}" --master-port 29500)
  fi
  OMP_NUM_THREADS=1 ip netns exec "${spaces[$1]}" \
    "$torchrun" --no-python --nnodes 2 --nproc-per-node 1 "${meeting[@]}" --local-addr "${addresses[$1]}" \
    "${train[@]}" --set distributed.interface=eth0 --set run.directory="$work/node-$1" \
    >>"$work/node-$1.txt" 2>&1 &
  agents[$1]=$!
}

start_both() {
  local pids node
  for node in 0 1; do start_node "$node"; done
  for node in 0 1; do
    wait_for 300 "the process of node $node" find_workers "${agents[node]}" 1 || die "see $work/node-$node.txt"
    workers[node]=${pids[0]}
  done
}

make_sample >/dev/null
rm -rf "$work"
mkdir -p "$work"
OMP_NUM_THREADS=1 "$torchrun" --standalone --no-python --nproc-per-node 2 \
  "${train[@]}" --set run.directory="$work/reference" >"$work/reference.txt" 2>&1 ||
  die "the undisturbed run failed: see $work/reference.txt"
steps=$(last_step "$work/reference")
say "undisturbed, on one node: $steps steps"

start_both
wait_for 600 "step $((steps / 2))" reached "$work/node-0" $((steps / 2)) || die "see $work/node-0.txt"
ip -n "${spaces[1]}" link set eth0 down
say "link cut after step $(last_step "$work/node-0")"
begin=$SECONDS
wait_for "$limit" "the end of both processes" no_process "${workers[@]}" ||
  die "a node went on without the other: see $work"
say "both processes ended within $((SECONDS - begin)) s; timeout $timeout s, limit $limit s"
# With c10d torchrun itself waits for the network, for minutes: it is ended as a user would.
if [[ $rendezvous == c10d ]]; then kill -KILL "${agents[@]}" 2>/dev/null || true; fi
wait_for 60 "the launchers" no_process "${agents[@]}" || die "see $work"
for node in 0 1; do
  if wait "${agents[node]}" 2>/dev/null; then die "node $node: expected a failure, got success"; fi
  grep -h '^rexbert: ' "$work/node-$node.txt" || die "$work/node-$node.txt: expected an error line, found none"
  [[ $rendezvous == c10d ]] || grep -q 'exitcode: 9' "$work/node-$node.txt" ||
    die "$work/node-$node.txt: expected exit code 9"
done

ip -n "${spaces[1]}" link set eth0 up
start_both
for node in 0 1; do
  wait_for 600 "the end of node $node" no_process "${agents[node]}" || die "see $work/node-$node.txt"
  wait "${agents[node]}" || die "node $node failed: see $work/node-$node.txt"
done
resumed=$(resumed_at "$work/node-0")
[[ -n $resumed ]] || die "$work/node-0/log-rank-0.txt: expected a line \"resuming at step\", found none"
[[ ! -e $work/node-1/checkpoints/latest ]] || die "$work/node-1: expected no checkpoint, as rank 0 writes them"
same_weights "$work/reference" "$work/node-0" || die "other weights than those of the undisturbed run"
say "link back: resumed at step $resumed, finished with the bits of the undisturbed run"
