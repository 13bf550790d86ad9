#!/usr/bin/env bash
# Proves that a clone works on a bare system: makes a minimal Debian 12 root by debootstrap, puts a
# clone of this repository's last commit into it and runs the README's commands there.
#
#   scripts/clean_root.sh DIR [COMMAND...]
#
#   DIR         a folder to make the root in: new, or made by an earlier run (then used as it is). About
#               8 GB for the commands of the README; remove it with rm -rf when done
#   COMMAND...  run these instead; each is one shell command, run in the clone
#   -h, --help  print this
#
# Needs root and debootstrap. MIRROR names another Debian mirror. Proxies (http_proxy, https_proxy,
# no_proxy) and certificates that this machine's administrator added are passed on.
set -euo pipefail
source "$(dirname -- "${BASH_SOURCE[0]}")/lib.sh"

readonly readme_commands=(scripts/quickstart.sh scripts/check.sh)

case ${1:-} in
  -h | --help) usage && exit 0 ;;
  "" | -*) usage >&2 && exit 2 ;;
esac
root=$(realpath -m "$1")
shift
commands=("$@")
if ((${#commands[@]} == 0)); then
  commands=("${readme_commands[@]}")
  for command in "${commands[@]}"; do
    grep -qxF "$command" "$repository/README.md" ||
      die "README.md: expected a line with the command \"$command\", found none"
  done
fi
((EUID == 0)) || die "needs root: debootstrap and chroot"
command -v debootstrap >/dev/null || die "needs debootstrap"

make_root() {
  if [[ -e $root/.made ]]; then
    say "using the root that is there"
    return
  fi
  [[ ! -e $root || -z $(ls -A "$root") ]] || die "$root: expected a new or empty folder"
  debootstrap --variant=minbase bookworm "$root" ${MIRROR:+"$MIRROR"}
  if [[ -d /usr/local/share/ca-certificates ]]; then
    mkdir -p "$root/usr/local/share/ca-certificates"
    cp -rL /usr/local/share/ca-certificates/. "$root/usr/local/share/ca-certificates/"
  fi
  : >"$root/.made"
}

put_clone() {
  rm -rf "$root/srv/rexbert"
  git -c advice.detachedHead=false clone --quiet --no-hardlinks "$repository" "$root/srv/rexbert"
  git -C "$root/srv/rexbert" log -1 --format='commit %h: %s'
}

# Mounts live in a name space of their own: they end with the command, and rm -rf DIR is safe.
run_inside() {
  cp -L /etc/resolv.conf "$root/etc/resolv.conf"
  unshare --mount --propagation private bash -euc '
    root=$1
    mount -t proc proc "$root/proc"
    mount -t tmpfs tmpfs "$root/dev/shm"
    exec chroot "$root" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 \
      ${http_proxy:+http_proxy="$http_proxy"} ${https_proxy:+https_proxy="$https_proxy"} \
      ${no_proxy:+no_proxy="$no_proxy"} bash -euc "cd /srv/rexbert && $2" </dev/null
  ' run_inside "$root" "$1"
}

part "bare Debian 12 root" make_root
part "clone" put_clone
for command in "${commands[@]}"; do
  part "$command" run_inside "$command"
done
say "all commands worked in $root; they took $SECONDS s"
