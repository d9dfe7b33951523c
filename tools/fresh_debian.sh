#!/usr/bin/env bash
# Runs a command of this checkout in a Debian 12 root made from nothing, as a newcomer would.
#
# A minimal bookworm root is made with debootstrap in a temporary folder, the checkout is put into a
# folder with a space in its name, and the command runs there as root under chroot, without stdin.
# The network settings of this machine (apt sources, apt options, proxies, CA certificates, npm
# registry) are read at run time and passed on; none is written down here.
#
# All mounts live in a mount namespace of their own: when the command ends, however it ends, the
# kernel takes them down with it, so that removing the root cannot reach /dev of the host.
set -euo pipefail

usage() {
  cat <<'HELP'
usage: tools/fresh_debian.sh [--reuse] [--keep] [--worktree] [--] [COMMAND...]     (needs root)

  tools/fresh_debian.sh                         # ./run test at HEAD in a fresh Debian 12
  tools/fresh_debian.sh ./run deps              # another command
  tools/fresh_debian.sh --worktree ./run build  # with what is not committed yet
  tools/fresh_debian.sh --reuse ./run test      # start from the base root of the last time

  --reuse     keep the base root (before the project's own packages) as a tarball, and use it again
  --keep      leave the root behind and say where it is
  --worktree  copy tracked and untracked files instead of cloning HEAD
The tarball lies in ${FRUGAL_FRESH_CACHE:-${TMPDIR:-/tmp}/frugal-fresh}.
HELP
}

suite=bookworm
inside="/srv/a fresh checkout/frugal"
cache=${FRUGAL_FRESH_CACHE:-${TMPDIR:-/tmp}/frugal-fresh}
repo=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd)

say() { printf 'fresh_debian: %s\n' "$*"; }
die() {
  printf 'fresh_debian: %s\n' "$*" >&2
  exit 1
}

reuse=no keep=no source=head
while [ $# -gt 0 ]; do
  case $1 in
    --reuse) reuse=yes ;;
    --keep) keep=yes ;;
    --worktree) source=worktree ;;
    -h | --help) usage && exit 0 ;;
    --) shift && break ;;
    -*) usage >&2 && exit 2 ;;
    *) break ;;
  esac
  shift
done
[ $# -gt 0 ] || set -- ./run test

[ "$(id -u)" = 0 ] || die "making a root needs root; try: sudo $0 $*"
for tool in debootstrap unshare chroot git; do
  command -v "$tool" >/dev/null || die "'$tool' is missing; on Debian: apt-get install debootstrap git"
done

root=$(mktemp -d -- "${TMPDIR:-/tmp}/frugal-fresh-root.XXXXXX")
cleanup() {
  if [ "$keep" = yes ]; then
    say "the root is left at $root"
  else
    rm -rf --one-file-system -- "$root"
  fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# The mirror this machine's apt uses for the suite; empty lets debootstrap take its own default.
host_mirror() {
  apt-get indextargets --format '$(REPO_URI)' "Codename: $suite" 'Created-By: Packages' 2>/dev/null |
    head -n 1
}

host_proxy() {
  local kind=$1 value
  value=$(apt-config dump --format '%v%n' "Acquire::$kind::Proxy" 2>/dev/null | head -n 1)
  [ -n "$value" ] && printf '%s' "$value"
}

make_base() {
  local tarball=$cache/$suite.tar mirror proxy
  if [ "$reuse" = yes ] && [ -s "$tarball" ]; then
    say "base root from $tarball"
    tar -C "$root" -xpf "$tarball"
    return
  fi
  mirror=$(host_mirror || true)
  proxy=$(host_proxy http || true)
  [ -z "$proxy" ] || export http_proxy="$proxy"
  say "making a minimal $suite root with debootstrap"
  debootstrap --variant=minbase --include=ca-certificates "$suite" "$root" ${mirror:+"$mirror"} \
    >"$root.log" 2>&1 || {
    tail -n 20 "$root.log" >&2
    rm -f -- "$root.log"
    die "debootstrap failed"
  }
  rm -f -- "$root.log"
  if [ "$reuse" = yes ]; then
    mkdir -p -- "$cache"
    tar -C "$root" --one-file-system -cpf "$tarball.new" . && mv -- "$tarball.new" "$tarball"
  fi
}

# Gives the root this machine's way to the network: sources of the suite, the apt files that speak
# of acquiring, CA certificates and name resolution.
copy_network_settings() {
  local file list
  list=$(grep -ls -- "$suite" /etc/apt/sources.list /etc/apt/sources.list.d/*.list \
    /etc/apt/sources.list.d/*.sources || true)
  if [ -n "$list" ]; then
    rm -f -- "$root/etc/apt/sources.list"
    while IFS= read -r file; do cp -- "$file" "$root$file"; done <<<"$list"
  fi
  while IFS= read -r file; do
    cp -- "$file" "$root$file"
  done < <(grep -ls 'Acquire::' /etc/apt/apt.conf /etc/apt/apt.conf.d/* || true)
  for file in /etc/apt/keyrings /etc/apt/trusted.gpg.d /usr/local/share/ca-certificates; do
    if [ -d "$file" ]; then
      mkdir -p -- "$root$file"
      cp -r -- "$file/." "$root$file/"
    fi
  done
  cp -L -- /etc/resolv.conf /etc/hosts "$root/etc/"
  if [ -s /etc/ssl/certs/ca-certificates.crt ]; then
    cp -L -- /etc/ssl/certs/ca-certificates.crt "$root/etc/host-ca.crt"
  fi
  chroot "$root" update-ca-certificates >/dev/null 2>&1 || say "update-ca-certificates failed"
}

put_checkout() {
  mkdir -p -- "$root$(dirname -- "$inside")"
  if [ "$source" = worktree ]; then
    mkdir -p -- "$root$inside"
    git -C "$repo" ls-files -z --cached --others --exclude-standard |
      tar -C "$repo" --null --files-from=- --ignore-failed-read -cf - |
      tar -C "$root$inside" -xf -
  else
    git -c safe.directory='*' clone --quiet --no-hardlinks -- "$repo" "$root$inside"
    say "checkout at $(git -C "$repo" rev-parse --short HEAD)"
    [ -z "$(git -C "$repo" status --porcelain)" ] || say "note: uncommitted changes are left out"
  fi
}

# The environment is made from nothing too: a fixed PATH, and the network settings of this machine.
environment() {
  local name value
  printf '%s\n' HOME=/root LANG=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY; do
    [ -z "${!name:-}" ] || printf '%s=%s\n' "$name" "${!name}"
  done
  if [ -s "$root/etc/host-ca.crt" ]; then
    printf '%s\n' NODE_EXTRA_CA_CERTS=/etc/host-ca.crt SSL_CERT_FILE=/etc/host-ca.crt
  fi
  value=$(command -v npm >/dev/null && npm config get registry 2>/dev/null || true)
  [ -z "$value" ] || printf 'npm_config_registry=%s\n' "$value"
}

run_inside() {
  local -a settings
  mapfile -t settings < <(environment)
  # shellcheck disable=SC2016  # expanded by the inner shell
  unshare --mount --pid --fork --kill-child --propagation private -- bash -euc '
    root=$1 inside=$2
    shift 2
    mount -t proc proc "$root/proc"
    mount --rbind /sys "$root/sys"
    mount --rbind /dev "$root/dev"
    exec chroot "$root" /usr/bin/env -i "${@:2:$1}" \
      bash -c "cd -- \"\$0\" && exec \"\$@\"" "$inside" "${@:$1+2}"
  ' fresh "$root" "$inside" "${#settings[@]}" "${settings[@]}" "$@" </dev/null
}

make_base
chmod 755 -- "$root"  # the apt user and tests without rights must be able to enter it
copy_network_settings
put_checkout
say "running: $*"
start=$SECONDS
status=0
run_inside "$@" || status=$?
say "'$*' exited with $status after $((SECONDS - start)) s"
exit "$status"
