package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/server/auth"
	"reelroom/server/harness/sio"
)

// console reads the console of a member's organization.
func (in *installation) console(token string) (s models.Console, raw []byte) {
	in.t.Helper()
	var text json.RawMessage
	if status := in.call(http.MethodGet, "/api/org/console", token, nil, "", &text); status != http.StatusOK {
		in.t.Fatalf("the console answered %d: %s", status, text)
	}
	if err := json.Unmarshal(text, &s); err != nil {
		in.t.Fatal(err)
	}
	return s, text
}

// consoleUntil looks at the console until it is as wanted.
func (in *installation) consoleUntil(token, want string, is func(models.Console) bool) models.Console {
	in.t.Helper()
	var raw []byte
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		var s models.Console
		if s, raw = in.console(token); is(s) {
			return s
		}
	}
	in.t.Fatalf("the console never showed %s: %s", want, raw)
	return models.Console{}
}

// open sends a request until the test ends, again whenever it was answered.
func (in *installation) open(path, token, accept string) {
	in.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, in.url+path, nil)
	if err != nil {
		in.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", accept)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			if answer, err := http.DefaultClient.Do(r); err == nil {
				_, _ = io.Copy(io.Discard, answer.Body)
				answer.Body.Close()
			}
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	}()
	in.t.Cleanup(func() { cancel(); <-done })
}

func (in *installation) badgeOf(org, user string, role models.Role) string {
	in.t.Helper()
	token, err := auth.Mint([]byte(in.secret), models.Identity{UserID: user, OrganizationID: org, Role: role}, time.Hour)
	if err != nil {
		in.t.Fatal(err)
	}
	return token
}

func subscribe(t *testing.T, c *sio.Client, id string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if raw, err := c.EmitWithAck(ctx, "video:subscribe", id); err != nil || len(raw) != 1 || !strings.Contains(string(raw[0]), `"ok":true`) {
		t.Fatalf("video:subscribe: %s %v", raw, err)
	}
}

// An organization's console shows its connections at every door, its work and
// what was delivered; and no byte of what another does on the same server.
func TestConsoleShowsItsOwnOrganization(t *testing.T) {
	t.Parallel()
	in := start(t, map[string]string{"WORKER": "off"})
	type side struct {
		org, title, editor, admin string
		sockets                   int
		token                     string
		video                     models.Document
	}
	sides := []*side{
		{org: "acme", title: "holidays.mp4", editor: "emma", admin: "ada", sockets: 2},
		{org: "evilcorp", title: "heist.mp4", editor: "mallory", admin: "mordred", sockets: 4},
	}
	for _, s := range sides {
		s.token = in.badgeOf(s.org, s.editor, models.RoleEditor)
		if status := in.upload(s.token, s.title, sample(t), &s.video); status != http.StatusAccepted {
			t.Fatalf("upload answered %d", status)
		}
		for range s.sockets {
			c, _ := in.listen(s.token)
			subscribe(t, c, s.video.ID)
		}
		in.open("/api/events", s.token, "text/event-stream")
		ws := in.raw("jobId", s.video.ID, "token", s.token)
		if m, _ := rawNext(t, ws); m.Type != "state" {
			t.Fatalf("the first message is a %s", m.Type)
		}
		go func() { // it answers pings while it is read
			for {
				if _, _, err := ws.Read(t.Context()); err != nil {
					return
				}
			}
		}()
		in.call(http.MethodPost, "/api/chat", s.token, strings.NewReader(`{"text":"hello"}`), "application/json", nil)
	}
	for i, s := range sides {
		other := sides[1-i]
		in.open("/api/events?wait=30&video="+s.video.ID, s.token, "application/json")
		admin := in.badgeOf(s.org, s.admin, models.RoleAdmin)
		got := in.consoleUntil(admin, "all connections, and what they were sent", func(c models.Console) bool {
			return c.Connections.Total == s.sockets+3 && len(c.Missing) == 0 && !slices.ContainsFunc(c.Connections.Items, func(x models.ConsoleConnection) bool { return x.Door == "socketio" && x.Sent < 2 })
		})
		if c := got.Connections; c.ByDoor["socketio"] != s.sockets || c.ByDoor["sse"] != 1 || c.ByDoor["ws"] != 1 || c.ByDoor["poll"] != 1 || len(c.Items) != c.Total {
			t.Errorf("%s: %+v", s.org, c.ByDoor)
		}
		seen := map[string]bool{}
		for _, c := range got.Connections.Items {
			if c.UserID != s.editor || c.Role != models.RoleEditor || c.Address != "127.0.0.1" || c.TokenID == "" || seen[c.ID] || c.Node != got.Nodes[0].ID {
				t.Errorf("%s: %+v", s.org, c)
			}
			seen[c.ID] = true
			follows := slices.Equal(c.Videos, []string{s.video.ID})
			if want := c.Door != "sse"; follows != want {
				t.Errorf("%s: a connection at %s follows %q", s.org, c.Door, c.Videos)
			}
			if want := map[string]string{"socketio": "websocket", "sse": "http", "ws": "websocket", "poll": "polling"}[c.Door]; c.Transport != want {
				t.Errorf("%s: %s over %s", s.org, c.Door, c.Transport)
			}
			if age := time.Since(c.ConnectedAt); age < 0 || age > patience {
				t.Errorf("%s: connected %v ago", s.org, age)
			}
		}
		if got.Queue.Waiting != 1 || got.Queue.Running != 0 || len(got.Missing) != 0 || len(got.Nodes) != 1 {
			t.Errorf("%s: %+v %q %+v", s.org, got.Queue, got.Missing, got.Nodes)
		}
		got = in.consoleUntil(admin, "what was delivered", func(c models.Console) bool {
			return slices.ContainsFunc(c.Series, func(p models.ConsolePoint) bool { return p.Events > 0 && p.Delivered > p.Events && p.P99Ms != nil })
		})
		if got.Latency.P50Ms == nil {
			t.Errorf("%s: no latency", s.org)
		}
		_, raw := in.console(admin)
		for _, word := range []string{other.org, other.editor, other.admin, other.title, strings.TrimSuffix(other.title, ".mp4"), other.video.ID} {
			if bytes.Contains(raw, []byte(word)) {
				t.Errorf("the console of %s holds %q of another: %s", s.org, word, raw)
			}
		}
		if status := in.call(http.MethodGet, "/api/org/console", s.token, nil, "", nil); status != http.StatusForbidden {
			t.Errorf("an editor was answered %d", status)
		}
	}

	// What an entry carries ends the connections.
	admin := in.badgeOf("acme", "ada", models.RoleAdmin)
	now, _ := in.console(admin)
	in.call(http.MethodPost, "/api/auth/revocations", admin, strings.NewReader(`{"userId":"`+now.Connections.Items[0].UserID+`"}`), "application/json", nil)
	in.consoleUntil(admin, "that all are gone", func(c models.Console) bool { return c.Connections.Total == 0 })
}

// The console of one server shows the connections and the workers of another,
// and no longer once that was killed.
func TestConsoleOverTwoServers(t *testing.T) {
	t.Parallel()
	mongo := testenv.Variable(t, "MONGODB_TEST_URI")
	shared := map[string]string{
		"MONGODB_URI": databaseOf(mongo, "reelroom_console_"+models.NewID(time.Now())), "REDIS_URL": realRedis(t),
		"JWT_SECRET": strings.Repeat("test-secret-", 4), "BLOB_URL": "file://" + t.TempDir(), "FFMPEG": testenv.Program(t, "ffmpeg"),
	}
	environment := []string{"DATA_DIR=" + t.TempDir(), "WORKER_CONCURRENCY=3"}
	for name, value := range shared {
		environment = append(environment, name+"="+value)
	}
	shared["WORKER"] = "off"
	a := start(t, shared)
	url, process := launch(t, environment...)
	b := &installation{t: t, url: url, secret: a.secret}
	b.waitReady()
	token, admin := a.badgeOf("acme", "emma", models.RoleEditor), a.badgeOf("acme", "ada", models.RoleAdmin)
	a.listen(token)
	b.listen(token)
	b.open("/api/events", token, "text/event-stream")
	for _, in := range []*installation{a, b} {
		got := in.consoleUntil(admin, "both servers, and the worker of one", func(c models.Console) bool {
			return len(c.Nodes) == 2 && c.Connections.Total == 3 && len(c.Missing) == 0 && len(c.Queue.Workers) > 0
		})
		perNode := map[string]int{}
		for _, c := range got.Connections.Items {
			perNode[c.Node]++
		}
		for _, n := range got.Nodes {
			if n.Connections != perNode[n.ID] || n.Connections == 0 {
				t.Errorf("node %s has %d connections, of which %d are listed", n.ID, n.Connections, perNode[n.ID])
			}
		}
		if w := got.Queue.Workers; len(w) != 1 || w[0].Concurrency != 3 {
			t.Errorf("workers: %+v", w)
		}
	}
	_ = process.Process.Kill()
	killed := time.Now()
	a.consoleUntil(admin, "one server", func(c models.Console) bool {
		return len(c.Nodes) == 1 && c.Connections.Total == 1 && len(c.Missing) == 0
	})
	t.Logf("the killed server was gone after %v", time.Since(killed).Round(time.Millisecond))
	a.consoleUntil(admin, "no worker", func(c models.Console) bool { return len(c.Missing) == 0 && len(c.Queue.Workers) == 0 })
	t.Logf("its worker after %v", time.Since(killed).Round(time.Millisecond))
}
