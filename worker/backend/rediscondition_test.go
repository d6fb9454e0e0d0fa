package backend

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"reelroom/models/modelstest/testenv"
	"reelroom/worker/health"
)

// opened returns the backend on the Redis, or why it does not open, and the log.
func opened(t *testing.T, values map[string]string) (*Backend, string, error) {
	t.Helper()
	values["DATA_DIR"] = t.TempDir()
	var said bytes.Buffer
	b, err := Open(t.Context(), settings(t, values), slog.New(slog.NewTextHandler(&said, nil)))
	if err == nil {
		t.Cleanup(b.Close)
	}
	return b, said.String(), err
}

func TestRedisThatCannotBeUsedIsRefusedByItsVariable(t *testing.T) {
	t.Parallel()
	primary := testenv.Redis(t)
	host, port, _ := net.SplitHostPort(primary)
	replica := testenv.Redis(t, "--replicaof", host, port)
	at, of, _ := net.SplitHostPort(replica)
	for want, values := range map[string]map[string]string{
		"REDIS_URL: this Redis is a read-only replica":  {"REDIS_URL": "redis://" + replica},
		"REDIS_HOST: this Redis is a read-only replica": {"REDIS_HOST": at, "REDIS_PORT": of},
		"REDIS_URL: the database 99 cannot be used":     {"REDIS_URL": "redis://" + primary + "/99"},
		"REDIS_URL: the Redis at 127.0.0.1:1 does not":  {"REDIS_URL": "redis://:a-password@127.0.0.1:1"},
	} {
		if _, _, err := opened(t, values); err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "a-password") {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// A Redis that takes connections and says nothing ends the start in time.
func TestRedisThatSaysNothingEndsTheStart(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	began := time.Now()
	_, _, err = opened(t, map[string]string{"REDIS_URL": "redis://" + l.Addr().String()})
	if err == nil || !strings.HasPrefix(err.Error(), "REDIS_URL: the Redis at ") || time.Since(began) > 2*serviceTime {
		t.Errorf("after %v: %v", time.Since(began), err)
	}
}

func TestEvictingRedisIsWarnedOf(t *testing.T) {
	t.Parallel()
	b, said, err := opened(t, map[string]string{"REDIS_URL": "redis://" + testenv.Redis(t, "--maxmemory", "100mb", "--maxmemory-policy", "allkeys-lru")})
	const want = "REDIS_URL: maxmemory-policy is allkeys-lru"
	if err != nil || !strings.Contains(said, want) || !strings.Contains(said, "level=WARN") {
		t.Fatalf("the log says %q, %v", said, err)
	}
	out, ready := (&health.Checker{Shared: b.Ready()}).Deep(t.Context())
	if !ready || len(out.Warnings) != 1 || !strings.HasPrefix(out.Warnings[0], want) {
		t.Errorf("%+v", out)
	}
}

// What becomes of Redis while the process runs is told as well.
func TestRedisThatBecomesReadOnlyIsTold(t *testing.T) {
	t.Parallel()
	address := testenv.Redis(t)
	b, said, err := opened(t, map[string]string{"REDIS_URL": "redis://" + address})
	if err != nil || said != "" {
		t.Fatal(said, err)
	}
	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	for _, c := range []struct{ set, back, want string }{
		{"REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "REDIS_URL: this Redis is a read-only replica"},
		{"CONFIG SET maxmemory 1mb", "CONFIG SET maxmemory 0", "REDIS_URL: this Redis is out of memory"},
		{"CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0", "REDIS_URL: this Redis takes no writes"},
		{"ACL SETUSER default -evalsha", "ACL SETUSER default +evalsha", "REDIS_URL: the Redis user lacks rights: the commands +evalsha"},
	} {
		do(t, client, c.set)
		out, deep := (&health.Checker{Shared: b.Ready()}).Deep(t.Context())
		if deep || out.Checks["redis"] != "failing" || len(out.Problems) == 0 || !strings.HasPrefix(out.Problems[len(out.Problems)-1], c.want) {
			t.Errorf("%s: %+v", c.set, out)
		}
		do(t, client, c.back)
	}
	if out, deep := (&health.Checker{Shared: b.Ready()}).Deep(t.Context()); !deep {
		t.Errorf("after all that: %+v", out)
	}
}

func do(t *testing.T, client *redis.Client, line string) {
	t.Helper()
	var args []any
	for _, word := range strings.Fields(line) {
		args = append(args, word)
	}
	if err := client.Do(context.WithoutCancel(t.Context()), args...).Err(); err != nil {
		t.Fatalf("%s: %v", line, err)
	}
}
