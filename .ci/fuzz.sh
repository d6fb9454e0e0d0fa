#!/usr/bin/env bash
# Every fuzz target of the module, two at a time with one worker each: those that
# read what strangers send before a token was verified, or with it, for so many
# seconds, all others for fewer. Usage: fuzz.sh [SECONDS [SECONDS]]
# Before a release: fuzz.sh 3600 600
set -euo pipefail
cd "$(dirname "$0")/.."
long=${1:-60} short=${2:-5}

# one runs one target: DIR TARGET SECONDS.
one() {
  local log try
  log=$(mktemp)
  trap 'rm -f "$log"' RETURN
  for try in 1 2; do
    if go test -run '^$' -fuzz "^$2\$" -fuzztime "${3}s" -parallel 1 "./$1" >"$log" 2>&1; then
      echo "$1 $2: $(grep -o 'execs: [0-9]*' "$log" | tail -1 || echo passed)"
      return 0
    fi
    # The time may be over in the middle of an input, which go test takes for a
    # failure: then it is tried once more. A crash has left its input.
    if [ "$try" = 2 ] || grep -qE 'Failing input|panic|testdata/fuzz' "$log"; then
      echo "$1 $2: failed"
      cat "$log"
      return 1
    fi
  done
}
export -f one

for dir in $(grep -rl --include='*_test.go' '^func Fuzz' models rooms worker server | xargs -n1 dirname | sort -u); do
  seconds=$short
  case $dir in rooms | server/auth | server/socketio | server/ws) seconds=$long ;; esac
  for target in $(go test -list '^Fuzz' "./$dir" | grep '^Fuzz'); do
    echo "$dir $target $seconds"
  done
done | xargs -P 2 -L 1 bash -c 'one "$@"' one
