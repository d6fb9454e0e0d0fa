package redischeck

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"reelroom/models/modelstest/testenv"
)

// check expects the parts of sentences, each in one of its own.
func check(t *testing.T, what string, options *redis.Options, problems, warnings []string) {
	t.Helper()
	r, err := Check(t.Context(), options)
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	match := func(kind string, got, want []string) {
		t.Helper()
		if len(got) != len(want) {
			t.Errorf("%s: %s %q, want %q", what, kind, got, want)
			return
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("%s: %s %q, want %q", what, kind, got[i], want[i])
			}
		}
	}
	match("problems", r.Problems, problems)
	match("warnings", r.Warnings, warnings)
}

func TestUsableRedis(t *testing.T) {
	t.Parallel()
	check(t, "redis-server", &redis.Options{Addr: testenv.Redis(t)}, nil, nil)
	check(t, "another database", &redis.Options{Addr: testenv.Redis(t), DB: 3}, nil, nil)
	check(t, "the older protocol", &redis.Options{Addr: testenv.Redis(t), Protocol: 2}, nil, nil)
	check(t, "miniredis", &redis.Options{Addr: miniredis.RunT(t).Addr()}, nil, []string{"cannot be checked"})
}

func TestCheckChangesNothing(t *testing.T) {
	t.Parallel()
	address := testenv.Redis(t)
	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	client.HSet(t.Context(), "reelroom:figures", "f", "1")
	client.Set(t.Context(), "asynq:queues", "v", 0)
	check(t, "redis-server", &redis.Options{Addr: address}, nil, nil)
	keys, err := client.Keys(t.Context(), "*").Result()
	if err != nil || len(keys) != 2 || client.HGet(t.Context(), "reelroom:figures", "f").Val() != "1" || client.TTL(t.Context(), "reelroom:figures").Val() != -1 {
		t.Errorf("keys %q, %v", keys, err)
	}
}

func TestRedisInAnotherMode(t *testing.T) {
	t.Parallel()
	const cluster = "node of a Redis Cluster"
	check(t, "a node without slots", &redis.Options{Addr: testenv.Redis(t, "--cluster-enabled", "yes", "--cluster-port", freePort(t))}, []string{cluster}, nil)
	check(t, "with a database", &redis.Options{Addr: testenv.Redis(t, "--cluster-enabled", "yes", "--cluster-port", freePort(t)), DB: 1}, []string{cluster}, nil)
	primary := testenv.Redis(t)
	host, port, _ := net.SplitHostPort(primary)
	check(t, "a replica", &redis.Options{Addr: testenv.Redis(t, "--replicaof", host, port)}, []string{"read-only replica"}, nil)
	check(t, "a Sentinel", &redis.Options{Addr: sentinel(t, primary)}, []string{"Redis Sentinel"}, nil)
	check(t, "a Sentinel with a database", &redis.Options{Addr: sentinel(t, primary), DB: 2}, []string{"Redis Sentinel"}, nil)
}

func freePort(t *testing.T) string {
	t.Helper()
	_, port, _ := net.SplitHostPort(testenv.FreeAddress(t))
	return port
}

// sentinel starts a Sentinel that watches the primary.
func sentinel(t *testing.T, primary string) string {
	t.Helper()
	host, port, _ := net.SplitHostPort(primary)
	own := freePort(t)
	address := "127.0.0.1:" + own
	file := filepath.Join(t.TempDir(), "sentinel.conf")
	if err := os.WriteFile(file, []byte("port "+own+"\nbind 127.0.0.1\nsentinel monitor main "+host+" "+port+" 1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(testenv.Program(t, "redis-server"), file, "--sentinel")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return address
		}
		if time.Now().After(deadline) {
			t.Fatal("the Sentinel does not answer")
		}
	}
}

func TestRedisThatTakesNoWrites(t *testing.T) {
	t.Parallel()
	full := testenv.Redis(t, "--maxmemory", "1mb")
	check(t, "full", &redis.Options{Addr: full}, []string{"out of memory"}, nil)
	check(t, "too few replicas", &redis.Options{Addr: testenv.Redis(t, "--min-replicas-to-write", "1")}, []string{"too few replicas"}, nil)
	check(t, "no such database", &redis.Options{Addr: testenv.Redis(t, "--databases", "2"), DB: 5}, []string{"database 5"}, nil)
	if _, err := Check(t.Context(), &redis.Options{Addr: testenv.Redis(t, "--requirepass", "a-password"), Password: "another"}); err == nil || !strings.Contains(err.Error(), "WRONGPASS") {
		t.Errorf("with a wrong password: %v", err)
	}
	if _, err := Check(t.Context(), &redis.Options{Addr: testenv.Redis(t, "--requirepass", "a-password")}); err == nil || !strings.Contains(err.Error(), "NOAUTH") {
		t.Errorf("without a password: %v", err)
	}
}

func TestEviction(t *testing.T) {
	t.Parallel()
	for _, policy := range []string{"allkeys-lru", "volatile-lru", "volatile-ttl", "allkeys-random"} {
		check(t, policy, &redis.Options{Addr: testenv.Redis(t, "--maxmemory", "100mb", "--maxmemory-policy", policy)}, nil, []string{"maxmemory-policy is " + policy})
	}
}

func TestRightsOfTheRedisUser(t *testing.T) {
	t.Parallel()
	address := testenv.Redis(t)
	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	const all = "~reelroom:* ~asynq:* &reelroom:* &asynq:* +@all"
	for name, c := range map[string]struct {
		rules              string
		problems, warnings []string
	}{
		"as documented":     {all + " -@admin -@dangerous +info", nil, nil},
		"no config":         {all + " -config", nil, nil},
		"no info":           {all + " -info", nil, []string{"grant +info"}},
		"neither":           {all + " -info -config", nil, []string{"cannot be checked", "grant +info"}},
		"no pub/sub":        {all + " -@pubsub", []string{"the commands +publish +pubsub|channels +subscribe +unsubscribe"}, nil},
		"no scripts":        {all + " -@scripting", []string{"the commands +eval +evalsha"}, nil},
		"no transactions":   {all + " -@transaction", []string{"the commands +exec +multi"}, nil},
		"no exec":           {all + " -exec", []string{"the commands +exec"}, nil},
		"no streams":        {all + " -@stream", []string{"the commands +xadd +xrange +xtrim"}, nil},
		"no ping":           {all + " -ping", []string{"the commands +ping"}, nil},
		"no channels":       {"~reelroom:* ~asynq:* resetchannels +@all", []string{"the channels &asynq:* &reelroom:*"}, nil},
		"half the channels": {"~* &asynq:* +@all", []string{"the channels &reelroom:*"}, nil},
		"no keys":           {"&* +@all", []string{"the keys ~asynq:* ~reelroom:*"}, nil},
		"half the keys":     {"~reelroom:* &* +@all", []string{"the keys ~asynq:*"}, nil},
		"one kind of keys":  {"~reelroom:* ~asynq:{videos}:* &* +@all", []string{"the keys ~asynq:*"}, nil},
		"keys to be read":   {"%R~* &* +@all", []string{"the keys ~asynq:* ~reelroom:*"}, nil},
		"nothing":           {"+ping", []string{"the commands +exec +multi"}, []string{"cannot be checked", "grant +info"}},
		"keys and commands": {"~asynq:* &* +@all -publish", []string{"the commands +publish; the keys ~reelroom:*"}, nil},
	} {
		user := "u" + strings.ReplaceAll(strings.ReplaceAll(name, " ", ""), "/", "")
		args := []any{"ACL", "SETUSER", user, "on", ">secret-of-user"}
		for _, rule := range strings.Fields(c.rules) {
			args = append(args, rule)
		}
		if err := client.Do(t.Context(), args...).Err(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		check(t, name, &redis.Options{Addr: address, Username: user, Password: "secret-of-user"}, c.problems, c.warnings)
		r, _ := Check(t.Context(), &redis.Options{Addr: address, Username: user, Password: "secret-of-user"})
		if said := strings.Join(append(r.Problems, r.Warnings...), " "); strings.Contains(said, user) || strings.Contains(said, "secret") || strings.Contains(said, address) {
			t.Errorf("%s: strangers are told %q", name, said)
		}
	}
}

// A service that sells Redis may switch commands off by renaming them.
func TestRenamedCommands(t *testing.T) {
	t.Parallel()
	check(t, "config", &redis.Options{Addr: testenv.Redis(t, "--rename-command", "CONFIG", "")}, nil, nil)
	check(t, "info and config", &redis.Options{Addr: testenv.Redis(t, "--rename-command", "CONFIG", "", "--rename-command", "INFO", "")}, nil, []string{"cannot be checked", "grant +info"})
	check(t, "evalsha", &redis.Options{Addr: testenv.Redis(t, "--rename-command", "EVALSHA", "")}, []string{"the commands +evalsha"}, nil)
}

func TestOldVersions(t *testing.T) {
	t.Parallel()
	for version, old := range map[string]bool{"5.0.14": true, "6.0.16": true, "6.2.0": false, "7.0.15": false, "10.1": false, "8": false, "": false, "unstable": false} {
		if tooOld(version) != old {
			t.Errorf("%q: %v", version, !old)
		}
	}
}
