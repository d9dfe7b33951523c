#!/usr/bin/env bash
# Runs a Linux program on an emulated processor with AVX-512, for machines that have none.
#
#   tools/emulate/run_avx512.sh [OPTIONS] [--] PROGRAM [ARGS…] [--with FILE…]
#
# Bochs interprets an x86 PC instruction by instruction; QEMU's TCG stops at AVX2. The PC boots
# Debian's cloud kernel from a CD image whose initramfs holds busybox, PROGRAM, the shared libraries
# that ldd names, and the files given with --with. All lie at the paths they have here, and
# PROGRAM starts in this working directory, so its arguments mean the same on both sides.
#
# Wires between the two: com1 = console and stderr, com2 = stdout, the exit code in a last line
# on com1. See README.md beside this file for options, costs and limits.
set -euo pipefail

readonly packages=(bochs bochs-term bochsbios vgabios busybox-static cpio isolinux
  syslinux-common xorriso)

# Hidden from the kernel, not from programs: Bochs 2.7 reports sizes for pku, xsaves and xsavec that
# make the kernel switch AVX off, and with the others its Ice Lake dies in the first code patch.
readonly hidden=pku,xsaves,xsavec,fsrm,rdpid,umip,vpclmulqdq,gfni,vaes,sha_ni
# The rest saves boot time.
readonly kernel_options="clearcpuid=$hidden split_lock_detect=off nokaslr mitigations=off panic=-1
  random.trust_cpu=on tsc=reliable no_timer_check nowatchdog nohz=off rcupdate.rcu_expedited=1
  audit=0 selinux=0 apparmor=0 cryptomgr.notests"
cache=${FRUGAL_EMULATE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/frugal/emulate}

fail() {
  echo "run_avx512.sh: $*" >&2
  exit 125
}

usage() {
  cat <<EOF
usage: run_avx512.sh [OPTIONS] [--] PROGRAM [ARGS…] [--with FILE…]
  --cpu MODEL      a Bochs processor; default corei7_icelake_u (AVX-512 F BW CD DQ VL, VNNI, VBMI);
                   corei7_skylake_x has F BW CD DQ VL only; 'bochs --help cpu' lists them
  --memory MB      guest memory; default 1024
  --timeout S      give up after S seconds; default 3600
  --env NAME=VALUE set a variable for PROGRAM; may be repeated
  --keep DIR       leave the boot image, the console log and the emulator's log in DIR
  --verbose        let the kernel write its boot messages to the console log
  --prepare        install the Debian packages, fetch the kernel, and stop
  --with FILE…     files, folders or further programs; everything after it is a file
exit code: PROGRAM's own; 124 on timeout; 125 when the emulator itself failed
EOF
}

parse_arguments() {
  cpu=corei7_icelake_u memory=1024 timeout=3600 keep='' prepare_only=0 verbosity=quiet
  command=() files=() environment=()
  while (($#)); do
    case $1 in
      --cpu) cpu=$2 && shift 2 ;;
      --memory) memory=$2 && shift 2 ;;
      --timeout) timeout=$2 && shift 2 ;;
      --env) environment+=("$2") && shift 2 ;;
      --keep) keep=$2 && shift 2 ;;
      --verbose) verbosity='ignore_loglevel earlyprintk=ttyS0,115200' && shift ;;
      --prepare) prepare_only=1 && shift ;;
      --help | -h) usage && exit 0 ;;
      --) shift && break ;;
      -*) fail "unknown option '$1', expected one of --help" ;;
      *) break ;;
    esac
  done
  while (($#)) && [[ $1 != --with ]]; do command+=("$1") && shift; done
  if (($#)); then shift && files=("$@"); fi
  if ((prepare_only)); then return; fi
  ((${#command[@]})) || { usage >&2 && exit 125; }
  [[ -x ${command[0]} && -f ${command[0]} ]] ||
    fail "${command[0]}: not an executable file, expected a program"
  local file
  for file in "${files[@]}"; do [[ -e $file ]] || fail "$file: no such file"; done
}

# Installs what is missing, by name and from the Debian archive only.
prepare_packages() {
  local missing=() package
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' ||
      missing+=("$package")
  done
  ((${#missing[@]})) || return 0
  echo "run_avx512.sh: installing ${missing[*]}" >&2
  local sudo=()
  ((EUID == 0)) || sudo=(sudo)
  "${sudo[@]}" apt-get install -y --no-install-recommends "${missing[@]}" >&2 ||
    fail "apt-get could not install ${missing[*]}"
}

# The kernel is unpacked into the cache, not installed: this machine keeps its own.
prepare_kernel() {
  [[ -s $cache/vmlinuz ]] && return
  mkdir -p "$cache"
  local name work
  name=$(apt-cache depends linux-image-cloud-amd64 | awk '/Depends:/ {print $2; exit}')
  [[ -n $name ]] || fail "apt knows no linux-image-cloud-amd64, expected Debian's amd64 archive"
  echo "run_avx512.sh: fetching $name into $cache" >&2
  work=$(mktemp -d "$cache/fetch.XXXXXX")
  (cd "$work" && apt-get download "$name" >&2 && dpkg-deb --fsys-tarfile ./*.deb |
    tar -x --wildcards './boot/vmlinuz-*') || fail "could not fetch and unpack $name"
  mv "$work"/boot/vmlinuz-* "$cache/vmlinuz"
  rm -rf "$work"
}

# Copies a file or folder, and a program's libraries, into the initramfs at its absolute path.
place() {
  local path library
  path=$(realpath -s "$1")
  mkdir -p "$root$(dirname "$path")"
  cp -rL --no-clobber "$path" "$root$path"
  [[ -f $path && -x $path && $(head -c 4 "$path") == $'\x7fELF' ]] || return 0
  while read -r library; do
    mkdir -p "$root$(dirname "$library")"
    cp -L --no-clobber "$library" "$root$library"
  done < <({ ldd "$path" 2>/dev/null || true; } | grep -oE '/[^ ]+')
}

write_init() {
  cat >"$root/init" <<'EOF'
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs none /dev
/bin/busybox mount -t proc none /proc
/bin/busybox mount -t sysfs none /sys
/bin/busybox stty -F /dev/ttyS0 raw -echo
/bin/busybox stty -F /dev/ttyS1 raw -echo
# Both lines stay open here: a serial line that closes throws away what it has not sent.
exec 3>/dev/ttyS0 4>/dev/ttyS1
echo frugal-begin >&3
/bin/busybox sh /frugal-command >&4 2>&3 </dev/null 3>&- 4>&-
code=$?
# stty waits until a line has sent all it holds before it changes anything.
/bin/busybox stty -F /dev/ttyS1 raw
echo >&3
echo "frugal-exit $code" >&3
/bin/busybox stty -F /dev/ttyS0 raw
/bin/busybox poweroff -f
EOF
  chmod +x "$root/init"
  {
    printf 'export PATH=/bin HOME=/ TERM=dumb\n'
    local pair
    for pair in "${environment[@]}"; do printf 'export %q\n' "$pair"; done
    printf 'cd %q\nexec' "$PWD"
    printf ' %q' "$(realpath -s "${command[0]}")" "${command[@]:1}"
    printf '\n'
  } >"$root/frugal-command"
}

build_initramfs() {
  root=$work/root
  mkdir -p "$root"/{bin,dev,proc,sys,tmp} "$root$PWD"
  cp /bin/busybox "$root/bin/busybox"
  local applet file
  for applet in sh cat ls grep env; do ln -s busybox "$root/bin/$applet"; done
  for file in "${command[0]}" "${files[@]}"; do place "$file"; done
  write_init
  (cd "$root" && find . -print0 | cpio --null --create --format=newc --quiet) >"$work/initrd"
}

build_image() {
  local disc=$work/disc
  mkdir -p "$disc/isolinux"
  cp /usr/lib/ISOLINUX/isolinux.bin /usr/lib/syslinux/modules/bios/ldlinux.c32 "$disc/isolinux"
  ln "$cache/vmlinuz" "$disc/vmlinuz" 2>/dev/null || cp "$cache/vmlinuz" "$disc/vmlinuz"
  mv "$work/initrd" "$disc/initrd"
  cat >"$disc/isolinux/isolinux.cfg" <<EOF
DEFAULT frugal
PROMPT 0
TIMEOUT 1
LABEL frugal
  KERNEL /vmlinuz
  INITRD /initrd
  APPEND console=ttyS0,115200 $verbosity ${kernel_options//$'\n'/}
EOF
  xorriso -as mkisofs -quiet -r -o "$work/disc.iso" -b isolinux/isolinux.bin \
    -c isolinux/boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table "$disc" 2>"$work/iso.log" ||
    fail "xorriso could not make the boot image: $(tail -n 1 "$work/iso.log")"
}

write_bochsrc() {
  echo c >"$work/continue"  # Debian's build starts in Bochs' debugger
  cat >"$work/bochsrc" <<EOF
config_interface: textconfig
display_library: term, options="hideIPS"
cpu: model=$cpu, count=1, ips=50000000, reset_on_triple_fault=0, ignore_bad_msrs=1
memory: guest=$memory, host=$memory
romimage: file=/usr/share/bochs/BIOS-bochs-latest
vgaromimage: file=/usr/share/vgabios/vgabios.bin
boot: cdrom
floppy_bootsig_check: disabled=1
ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14
ata0-master: type=cdrom, path="$work/disc.iso", status=inserted
com1: enabled=1, mode=file, dev="$work/com1"
com2: enabled=1, mode=file, dev="$work/com2"
clock: sync=none, time0=utc
vga: extension=none, update_freq=1
sound: waveoutdrv=dummy, waveindrv=dummy, midioutdrv=dummy
log: $work/bochs.log
panic: action=fatal
error: action=ignore
info: action=ignore
debug: action=ignore
EOF
}

stop_emulator() {
  if [[ -s $work/pid ]] && grep -aqs bochs "/proc/$(<"$work/pid")/comm"; then
    kill -KILL "$(<"$work/pid")" || true
  fi
  rm -f "$work/pid"
}

clean_up() {
  stop_emulator
  [[ -n $keep ]] || rm -rf "$work"
}

# Bochs insists on a terminal: script(1) lends it one.
boot() {
  : >"$work/com1" && : >"$work/com2"
  local start="echo \$\$ >'$work/pid'; exec bochs-bin -q -f '$work/bochsrc' -rc '$work/continue'"
  TERM=vt100 script -qec "$start" /dev/null >"$work/screen" 2>&1 </dev/null &
  local emulator=$!
  tail -c +1 -f "$work/com2" --pid=$emulator 2>/dev/null &
  local reader=$!
  local deadline=$((SECONDS + timeout))
  while kill -0 "$emulator" 2>/dev/null; do
    if grep -aqs '^frugal-exit ' "$work/com1"; then
      deadline=$((SECONDS + 20 < deadline ? SECONDS + 20 : deadline))  # it powers itself off
    fi
    ((SECONDS < deadline)) || break
    sleep 0.2
  done
  stop_emulator
  wait "$reader" 2>/dev/null || true
}

report() {
  local code
  sed -n '/^frugal-begin/,/^frugal-exit /p' "$work/com1" | sed -e '/^frugal-begin/d' \
    -e '/^frugal-exit /d' | sed -e '$ { /^\r*$/d }' >&2
  code=$(sed -n 's/^frugal-exit \([0-9]*\).*/\1/p' "$work/com1" | tail -n 1)
  [[ -n $code ]] && exit "$code"
  if ((SECONDS >= timeout)); then
    echo "run_avx512.sh: no end after $timeout s, expected the program to finish" >&2
    exit 124
  fi
  tail -n 5 "$work/com1" "$work/bochs.log" >&2
  fail "the emulated machine stopped before the program did"
}

main() {
  parse_arguments "$@"
  prepare_packages
  prepare_kernel
  if ((prepare_only)); then exit 0; fi
  if [[ -n $keep ]]; then
    work=$(realpath -m "$keep") && mkdir -p "$work" && rm -rf "$work/root" "$work/disc"
  else
    work=$(mktemp -d "${TMPDIR:-/tmp}/frugal-emulate.XXXXXX")
  fi
  trap clean_up EXIT
  trap 'exit 130' INT TERM
  build_initramfs
  build_image
  write_bochsrc
  SECONDS=0
  boot
  report
}

main "$@"
