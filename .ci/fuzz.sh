#!/usr/bin/env bash
# Every fuzz target of the module, one after the other: those that read what
# strangers send before a token was verified, or with it, for so many seconds,
# all others for fewer. Usage: fuzz.sh [SECONDS [SECONDS]]
# Before a release: fuzz.sh 3600 600
set -euo pipefail
cd "$(dirname "$0")/.."
long=${1:-60} short=${2:-5}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
for dir in $(grep -rl --include='*_test.go' '^func Fuzz' models rooms worker server | xargs -n1 dirname | sort -u); do
  seconds=$short
  case $dir in rooms | server/auth | server/socketio | server/ws) seconds=$long ;; esac
  for target in $(go test -list '^Fuzz' "./$dir" | grep '^Fuzz'); do
    printf '%s %s: ' "$dir" "$target"
    for try in 1 2; do
      if go test -run '^$' -fuzz "^$target\$" -fuzztime "${seconds}s" -parallel 2 "./$dir" >"$log" 2>&1; then
        grep -o 'execs: [0-9]*' "$log" | tail -1 || echo passed
        break
      fi
      # The time may be over in the middle of an input, which go test takes for a
      # failure: then it is tried once more. A crash has left its input.
      if [ "$try" = 2 ] || grep -qE 'Failing input|panic|testdata/fuzz' "$log"; then
        cat "$log"
        failed=1
        break
      fi
    done
  done
done
exit $failed
