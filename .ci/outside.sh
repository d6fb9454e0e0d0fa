#!/usr/bin/env bash
# Starts the built server on free ports with a folder of its own, and runs the
# conformance tests of frontend/conformance against it. Usage: outside.sh DIR
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$1
go build -o "$dir/server" ./server
ffmpeg -v error -y -f lavfi -i testsrc2=s=640x360:r=25:d=20 -f lavfi -i sine=d=20 \
  -c:v libx264 -g 50 -c:a aac "$dir/sample.mp4"
# Some 30 MB, with its index at the end: no player fetches all of it.
ffmpeg -v error -y -f lavfi -i testsrc2=s=640x360:r=25:d=20,noise=alls=60:allf=t -f lavfi -i sine=d=20 \
  -c:v libx264 -preset ultrafast -pix_fmt yuv420p -b:v 12M -g 50 -c:a aac "$dir/large.mp4"

# A large library, in a server of its own that works on nothing.
go test ./server -count=1 -run TestFillLibrary -args -fill "$dir/filled" >/dev/null

# One server with the secret it makes for itself, as a newcomer has it.
port=$((20000 + RANDOM % 20000))
PORT=$port DATA_DIR="$dir/data" "$dir/server" >"$dir/server.log" 2>&1 &
server=$!
PORT=$((port + 1)) DATA_DIR="$dir/filled" WORKER=off LOG_LEVEL=warn "$dir/server" >"$dir/large.log" 2>&1 &
large=$!
trap 'kill $server $large 2>/dev/null || true; wait $server $large 2>/dev/null || true' EXIT
ready() {
  for _ in $(seq 300); do
    if curl -fsS -o /dev/null "http://localhost:$1/readyz" 2>/dev/null; then return; fi
    sleep 0.2
  done
  cat "$2"; exit 1
}
ready "$port" "$dir/server.log"
ready "$((port + 1))" "$dir/large.log"
cd frontend/conformance
# The limit ends what hangs; each test has its own. With three times as much to do as
# its two cores could, a machine had done two thirds of the files after 900 s.
REELROOM_URL="http://localhost:$port" REELROOM_DATA="$dir/data" REELROOM_SECRET="$(cat "$dir/data/jwt-secret")" \
  REELROOM_LARGE_URL="http://localhost:$((port + 1))" REELROOM_LARGE_SECRET="$(cat "$dir/filled/jwt-secret")" \
  REELROOM_SAMPLE="$dir/sample.mp4" REELROOM_LARGE="$dir/large.mp4" REELROOM_SERVER="$dir/server" timeout 1800 node --test ./*.test.mjs || { tail -50 "$dir/server.log"; exit 1; }
if cat "$dir/server.log" "$dir/large.log" | grep -aqE 'eyJ|rrt_|signature='; then echo "a token, a ticket or a signature stands in the log"; exit 1; fi
