# Sourced: starts a MongoDB wire server in memory and sets MONGODB_TEST_URI and
# mongo_pid. It stands in for mongod, which no package registry carries: it
# shows the protocol, compare-and-set and paging, but neither index use nor
# failover.
python3 -m venv "$work/mongo"
"$work/mongo/bin/pip" install -q --disable-pip-version-check SecantusDB==0.7.0b3
mongo_port=$((41000 + RANDOM % 9000))
"$work/mongo/bin/secantusd-py" --host 127.0.0.1 --port "$mongo_port" --storage-path :memory: --log-level WARNING &
mongo_pid=$!
for _ in $(seq 150); do
  (exec 3<>"/dev/tcp/127.0.0.1/$mongo_port") 2>/dev/null && break
  sleep 0.2
done
export MONGODB_TEST_URI="mongodb://127.0.0.1:$mongo_port/"
