package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/server/harness/sio"
)

// node starts the built server with an environment of its own.
func node(t *testing.T, environment map[string]string) (*installation, *exec.Cmd) {
	t.Helper()
	list := []string{"DATA_DIR=" + t.TempDir()}
	for name, value := range environment {
		list = append(list, name+"="+value)
	}
	url, cmd := launch(t, list...)
	in := &installation{t: t, url: url, secret: environment["JWT_SECRET"]}
	in.waitReady()
	return in, cmd
}

// A node is killed, without a goodbye, while events come: every client takes
// its session up again on the other node, and none misses an event.
func TestKilledNodeLosesNoEvent(t *testing.T) {
	t.Parallel()
	mongo := testenv.Variable(t, "MONGODB_TEST_URI")
	shared := map[string]string{
		"MONGODB_URI": databaseOf(mongo, "reelroom_resume_"+models.NewID(time.Now())), "REDIS_URL": realRedis(t),
		"JWT_SECRET": strings.Repeat("test-secret-", 4), "BLOB_URL": "file://" + t.TempDir(), "WORKER": "off",
	}
	a, process := node(t, shared)
	b, _ := node(t, shared)
	var document models.Document
	if status := b.upload(b.token("acme", models.RoleEditor), "a.mp4", sample(t), &document); status != http.StatusAccepted {
		t.Fatalf("upload answered %d", status)
	}

	const clients, total, killedAt = 40, 300, 120
	var home atomic.Pointer[string]
	home.Store(&a.url)
	ctx, cancel := context.WithCancel(t.Context())
	var connected, complete, running sync.WaitGroup
	connected.Add(clients)
	complete.Add(clients)
	token := a.token("acme", models.RoleViewer)
	var fresh, gaps atomic.Int64
	for range clients {
		next, sessions := 0, 0
		client := sio.New(sio.Config{
			Address: func() string { return *home.Load() },
			Token:   func() (string, error) { return token, nil },
			Backoff: sio.Backoff{Min: 50 * time.Millisecond, Max: time.Second, Attempts: 60},
			OnConnect: func(s sio.Session) {
				if sessions++; sessions == 1 {
					connected.Done()
				} else if !s.Recovered {
					fresh.Add(1)
				}
			},
			OnEvent: func(e sio.Event) {
				var p struct {
					Message string `json:"message"`
				}
				if e.Name != string(models.EventProgress) || json.Unmarshal(e.Payload(), &p) != nil {
					return
				}
				if p.Message != fmt.Sprint(next) {
					gaps.Add(1)
				}
				if next++; next == total {
					complete.Done()
				}
			},
		})
		running.Go(func() { _ = client.Run(ctx) })
	}
	t.Cleanup(running.Wait)
	t.Cleanup(cancel)
	connected.Wait()

	service := b.token("acme", models.RoleService)
	for n := range total {
		if n == killedAt {
			if err := process.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			home.Store(&b.url)
		}
		body := fmt.Sprintf(`{"event":"video:progress","videoId":%q,"data":{"message":"%d"}}`, document.ID, n)
		if status := b.call(http.MethodPost, "/api/events", service, strings.NewReader(body), "application/json", nil); status != http.StatusAccepted {
			t.Fatalf("publish answered %d", status)
		}
		time.Sleep(2 * time.Millisecond)
	}
	all := make(chan struct{})
	go func() { complete.Wait(); close(all) }()
	select {
	case <-all:
	case <-time.After(patience):
		t.Error("not every client has every event")
	}
	if fresh.Load() != 0 || gaps.Load() != 0 {
		t.Errorf("%d sessions were not taken up, %d events out of place", fresh.Load(), gaps.Load())
	}
}
