package backend

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func settings(t *testing.T, values map[string]string) *Config {
	t.Helper()
	c := &Config{}
	if wrong := append(Read(values, c), c.Validate()...); len(wrong) > 0 {
		t.Fatal(wrong)
	}
	return c
}

func TestEmbeddedServicesOpenCloseAndKeepTheirKey(t *testing.T) {
	t.Parallel()
	c := settings(t, map[string]string{"DATA_DIR": filepath.Join(t.TempDir(), "data")})
	quiet := slog.New(slog.DiscardHandler)
	var link string
	for range 2 {
		b, err := Open(t.Context(), c, quiet)
		if err != nil {
			t.Fatal(err)
		}
		for name, check := range b.Ready() {
			if err := check(t.Context()); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
		if link != "" && link != b.Links.Media("acme", "v") {
			t.Error("links change their key at a restart")
		}
		link = b.Links.Media("acme", "v")
		b.Close()
		b.Close() // may be called twice
	}
	if info, err := os.Stat(c.DataDir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the data folder: %v, %v", info.Mode(), err)
	}
}

// Without it no key would ever expire there.
func TestEmbeddedRedisMovesItsClock(t *testing.T) {
	t.Parallel()
	client, _, stop, err := openRedis(t.Context(), settings(t, nil), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	if err := client.Set(t.Context(), "k", "v", 300*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for client.Exists(ctx, "k").Val() == 1 {
		if ctx.Err() != nil {
			t.Fatal("the key never expired")
		}
		time.Sleep(20 * time.Millisecond) // its clock gives no signal
	}
}

func TestAwayServicesAreNamed(t *testing.T) {
	t.Parallel()
	c := settings(t, map[string]string{"DATA_DIR": t.TempDir(), "REDIS_HOST": "127.0.0.1", "REDIS_PORT": "1"})
	if _, err := Open(t.Context(), c, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), "REDIS_HOST: the Redis at 127.0.0.1:1 does not answer") {
		t.Errorf("got %v", err)
	}
}

func TestEnvironmentWithoutEmptyValues(t *testing.T) {
	t.Setenv("REDIS_URL", "  ")
	t.Setenv("LOG_LEVEL", " debug ")
	values := Environ()
	if _, ok := values["REDIS_URL"]; ok || values["LOG_LEVEL"] != "debug" {
		t.Errorf("REDIS_URL %q, LOG_LEVEL %q", values["REDIS_URL"], values["LOG_LEVEL"])
	}
}
