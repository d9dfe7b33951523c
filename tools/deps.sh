# What the commands of ./run need, and how it gets there.  Sourced by ./run; prints, never exits.
#
# On Debian 12 packages are installed by name with apt-get and the page's parts with `npm ci`;
# on other systems the missing commands and headers are only listed.
# shellcheck shell=bash

# One package per line: the set that needs it, its name, and how to see that it is there.
#   cmd:X      the command X comes from this package; elsewhere it is enough that X exists
#   header:X   the same for a C++ header
#   any:X      a command X from anywhere will do, on Debian too (a user's own Node.js or Python)
#   package    only the package itself matters, and only on Debian
FRUGAL_PACKAGES='
build   g++                  cmd:g++
build   cmake                cmd:cmake
build   ninja-build          cmd:ninja
build   pkg-config           cmd:pkg-config
build   nlohmann-json3-dev   header:nlohmann/json.hpp
build   libcli11-dev         header:CLI/CLI.hpp
build   libtomlplusplus-dev  header:toml++/toml.h
build   libfmt-dev           header:fmt/core.h
build   libsqlite3-dev       header:sqlite3.h
build   libpcre2-dev         header:pcre2.h
build   libutf8proc-dev      header:utf8proc.h
build   libsentencepiece-dev header:sentencepiece_trainer.h
build   libcpp-httplib-dev   header:httplib.h
build   libssl-dev           header:openssl/evp.h
build   libtorch-dev         header:torch/version.h
build   libgloo-dev          header:gloo/algorithm.h
build   libopenblas0-openmp  package
build   ca-certificates      package
build   nodejs               any:node
build   npm                  any:npm
format  clang-format         cmd:clang-format
test    libgtest-dev         header:gtest/gtest.h
test    libgmock-dev         header:gmock/gmock.h
test    libbenchmark-dev     header:benchmark/benchmark.h
test    python3              any:python3
test    chromium             cmd:chromium
test    sqlite3              cmd:sqlite3
test    procps               cmd:ps
check   clang-tidy           cmd:clang-tidy
fuzz    clang                cmd:clang++
fuzz    libclang-rt-14-dev   package
'

# The sets that a command needs.
sets_of() {
  case $1 in
    build) echo build ;;
    test) echo build format test ;;
    check) echo build format test check ;;
    fuzz) echo build test fuzz ;;
    fmt) echo format ;;
    all) echo build format test check fuzz ;;
  esac
}

# Prints the "package probe" lines of the sets given.
packages_of() {
  local set name probe
  while read -r set name probe; do
    case " $* " in *" ${set:-none} "*) echo "$name $probe" ;; esac
  done <<<"$FRUGAL_PACKAGES"
}

is_debian_12() {
  # shellcheck disable=SC1091
  (. /etc/os-release 2>/dev/null && [ "${ID:-}" = debian ] && [ "${VERSION_ID:-}" = 12 ])
}

has_header() {
  printf '#include <%s>\n' "$1" | g++ -std=c++20 -E -x c++ - >/dev/null 2>&1
}

# Reads "package probe" lines; prints the packages that dpkg does not list as installed.
missing_on_debian() {
  local -a names=()
  local name probe installed
  while read -r name probe; do
    [[ $probe == any:* ]] && command -v "${probe#any:}" >/dev/null || names+=("$name")
  done
  installed=$(dpkg-query -W -f='${Package} ${db:Status-Status}\n' "${names[@]}" 2>/dev/null |
    sed -n 's/ installed$//p')
  for name in "${names[@]}"; do
    grep -qxF -- "$name" <<<"$installed" || echo "$name"
  done
}

# Reads "package probe" lines; prints what this other system lacks, with Debian's name for it.
missing_elsewhere() {
  local name probe
  while read -r name probe; do
    case $probe in
      cmd:* | any:*) command -v "${probe#*:}" >/dev/null || echo "command ${probe#*:} ($name)" ;;
      header:*) has_header "${probe#*:}" || echo "header  ${probe#*:} ($name)" ;;
    esac
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    DEBIAN_FRONTEND=noninteractive "$@"
  else
    sudo DEBIAN_FRONTEND=noninteractive "$@"
  fi
}

# The hundreds of lines that apt writes go to a log; its end is shown when it fails.
apt_install() {
  mkdir -p build
  as_root apt-get install -y -q --no-install-recommends -- "$@" >build/apt.log 2>&1 && return
  tail -n 20 build/apt.log >&2
  return 1
}

# Refreshes apt's lists only where they do not know a package, or know a version that is gone.
apt_get_packages() {
  echo "installing with apt-get (log: build/apt.log): $*"
  if [ "$(id -u)" != 0 ] && ! command -v sudo >/dev/null; then
    echo "not root and no sudo: run as root: apt-get install $*" >&2
    return 1
  fi
  if apt-cache show -- "$@" >/dev/null 2>&1 && apt_install "$@"; then
    return 0
  fi
  as_root apt-get update -q && apt_install "$@"
}

# Installs the page's parts when package-lock.json has changed since the last time.
npm_packages() {
  local stamp=build/.npm-installed want
  [ -f package.json ] || return 0
  want=$(sha256sum package.json package-lock.json) || return 1
  if [ -d node_modules ] && [ "$(cat "$stamp" 2>/dev/null)" = "$want" ]; then
    return 0
  fi
  echo "installing with npm ci, into node_modules: the packages of package.json"
  npm ci --no-audit --no-fund && mkdir -p build && printf '%s' "$want" >"$stamp"
}

# ensure_deps COMMAND: all that COMMAND needs is there afterwards, or the status is 1.
ensure_deps() {
  local -a sets missing
  read -ra sets <<<"$(sets_of "$1")"
  if is_debian_12; then
    mapfile -t missing < <(packages_of "${sets[@]}" | missing_on_debian)
    [ ${#missing[@]} -eq 0 ] || apt_get_packages "${missing[@]}" || return 1
  else
    mapfile -t missing < <(packages_of "${sets[@]}" | missing_elsewhere)
    if [ ${#missing[@]} -ne 0 ]; then
      echo "this is not Debian 12, so nothing is installed; missing (Debian's package in brackets):" >&2
      printf '  %s\n' "${missing[@]}" >&2
      return 1
    fi
  fi
  [ "$1" = fmt ] || npm_packages
}
