#!/usr/bin/env bash
# Checks run_avx512.sh: three boots, a minute or two on an idle machine. By hand, not under CTest.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/frugal-emulate-test.XXXXXX")
trap 'rm -rf "$work"' EXIT
cd "$work"
failures=0

expect() {
  local what=$1 found=$2 expected=$3
  if [[ $found == "$expected" ]]; then
    echo "ok: $what"
  else
    echo "FAILED: $what: found '$found', expected '$expected'"
    failures=$((failures + 1))
  fi
}

"${CC:-cc}" -O2 -o probe "$here/probe.c"
code=0 && found=$("$here/run_avx512.sh" ./probe) || code=$?
expect "the probe's exit code" "$code" 0
expect "the claims of the processor" "${found%%$'\n'*}" "avx512f=1 bw=1 dq=1 vl=1 vnni=1"
expect "the instructions executed" "$(grep -c ' ok$' <<<"$found")" 7

mkdir "a folder"
head -c 200000 /dev/urandom | base64 >"a folder/text"
code=0 && found=$("$here/run_avx512.sh" --env GREETING="it's me" /bin/sh -c \
  'cat "$1"; echo "$GREETING" >&2; exit 7' sh "a folder/text" --with "a folder" 2>errors | sha256sum) ||
  code=$?
expect "the program's exit code" "$code" 7
expect "270 kB of output, whole" "$found" "$(sha256sum <"a folder/text")"
expect "standard error and an environment variable" "$(<errors)" "it's me"

code=0 && "$here/run_avx512.sh" --timeout 2 ./probe 2>/dev/null || code=$?
expect "the exit code of a timeout" "$code" 124
exit $((failures > 0))
