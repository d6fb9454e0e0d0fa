package main

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/worker/backend/redischeck"
	"reelroom/worker/health"
)

// readiness asks without and with deep=1.
func (in *installation) readiness() (shallow, deep int, body health.Readiness) {
	in.t.Helper()
	shallow = in.call(http.MethodGet, "/readyz", "", nil, "", &body)
	deep = in.call(http.MethodGet, "/readyz?deep=1", "", nil, "", &body)
	return shallow, deep, body
}

// until asks until deep has the given status.
func (in *installation) until(status int) health.Readiness {
	in.t.Helper()
	for limit := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		shallow, deep, body := in.readiness()
		if shallow != http.StatusOK {
			in.t.Fatalf("a load balancer gets %d: %+v", shallow, body)
		}
		if deep == status {
			return body
		}
		if time.Now().After(limit) {
			in.t.Fatalf("deep=1 is %d: %+v", deep, body)
		}
	}
}

// While Redis is away or read-only, the server stays behind its load balancer
// and takes uploads, which are done when Redis is back.
func TestServerStaysReadyWithoutRedis(t *testing.T) {
	t.Parallel()
	redis := miniredis.NewMiniRedis()
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(redis.Close)
	const secret = "a-secret-of-at-least-32-bytes-for-tests"
	url, _ := launch(t, "DATA_DIR="+dataDir(t), "FFMPEG=embedded", "JWT_SECRET="+secret, "REDIS_URL=redis://"+redis.Addr()) // by itself, as it logs errors
	in := &installation{t: t, url: url, secret: secret}
	in.until(http.StatusOK)
	editor := in.token("acme", models.RoleEditor)
	var documents [2]models.Document

	redis.SetError("READONLY You can't write against a read only replica.")
	body := in.until(http.StatusServiceUnavailable)
	if !slices.ContainsFunc(body.Problems, func(p string) bool { return strings.HasPrefix(p, "REDIS_URL: this Redis is a read-only replica") }) {
		t.Errorf("read-only: %+v", body)
	}
	if status := in.upload(editor, "a.mp4", sample(t), &documents[0]); status != http.StatusAccepted {
		t.Errorf("an upload while Redis is read-only answers %d", status)
	}
	redis.SetError("")
	in.until(http.StatusOK)

	redis.Close()
	if body := in.until(http.StatusServiceUnavailable); body.Checks["redis"] != "failing" || body.Checks["store"] != "ok" || body.Checks["serving"] != "ok" {
		t.Errorf("away: %+v", body)
	}
	if status := in.upload(editor, "b.mp4", sample(t), &documents[1]); status != http.StatusAccepted {
		t.Errorf("an upload while Redis is away answers %d", status)
	}
	if err := redis.Restart(); err != nil {
		t.Fatal(err)
	}
	in.until(http.StatusOK)
	for _, d := range documents {
		if d := in.settled(editor, d.ID); d.Status != models.StatusCompleted {
			t.Errorf("%s ended as %s", d.ID, d.Status)
		}
	}
}

// All that server, queue and worker send to Redis is in the check of rights.
func TestCheckOfRightsKnowsAllCommands(t *testing.T) {
	t.Parallel()
	address := testenv.Redis(t)
	in := start(t, map[string]string{"REDIS_URL": "redis://" + address})
	editor := in.token("acme", models.RoleEditor)
	_, events := in.listen(editor)
	var d models.Document
	in.upload(editor, "a.mp4", sample(t), &d)
	outcome(t, events, d.ID)
	in.call(http.MethodPost, "/api/videos/"+d.ID+"/retry", editor, nil, "", nil)
	in.call(http.MethodGet, "/metrics", "", nil, "", nil)
	in.call(http.MethodGet, "/api/console", in.token("acme", models.RoleAdmin), nil, "", nil)
	in.call(http.MethodPost, "/api/tickets", editor, nil, "", nil)
	in.settled(editor, d.ID)

	client := redis.NewClient(&redis.Options{Addr: address})
	defer client.Close()
	stats, err := client.Info(context.WithoutCancel(t.Context()), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	known := append(redischeck.Commands(), "info", "hello", "auth", "select", "config|get", "client|setinfo", "client|maint_notifications")
	seen := 0
	for line := range strings.Lines(stats) {
		name, used := strings.CutPrefix(line, "cmdstat_")
		if !used {
			continue
		}
		seen++
		if name, _, _ = strings.Cut(name, ":"); !slices.Contains(known, name) {
			t.Errorf("%s is sent, but a user who may not do so is not noticed", name)
		}
	}
	if seen < 20 {
		t.Errorf("only %d commands were sent: this proves nothing", seen)
	}
}

// A server that is stopping is not ready, in both ways of asking.
func TestStoppingServerIsNotReady(t *testing.T) {
	t.Parallel()
	d := &doors{}
	d.health = &health.Checker{Serving: d.serving}
	d.leaving.Store(true)
	for _, ask := range []func(context.Context) (health.Readiness, bool){d.health.Ready, d.health.Deep} {
		if out, ready := ask(t.Context()); ready || !reflect.DeepEqual(out.Checks, map[string]string{"serving": "failing"}) {
			t.Errorf("%+v", out)
		}
	}
}
