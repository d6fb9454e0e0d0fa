package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
)

// rawMessage is what clients of the raw WebSocket read.
type rawMessage struct {
	Type    string          `json:"type"`
	JobID   string          `json:"jobId"`
	Event   string          `json:"event"`
	Seq     uint64          `json:"seq"`
	Cursor  string          `json:"cursor"`
	Status  models.Status   `json:"status"`
	Pct     int             `json:"pct"`
	Message string          `json:"message"`
	Error   string          `json:"error"`
	Code    models.Code     `json:"code"`
	Result  json.RawMessage `json:"result"`
}

// raw opens a raw WebSocket with the query's pairs.
func (in *installation) raw(pairs ...string) *websocket.Conn {
	in.t.Helper()
	q := url.Values{}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	ctx, cancel := context.WithTimeout(in.t.Context(), patience)
	defer cancel()
	c, _, err := websocket.Dial(ctx, in.url+"/ws?"+q.Encode(), nil)
	if err != nil {
		in.t.Fatal(err)
	}
	c.SetReadLimit(-1)
	in.t.Cleanup(func() { _ = c.CloseNow() })
	return c
}

// rawNext reads a message, or how the server has closed.
func rawNext(t *testing.T, c *websocket.Conn) (m rawMessage, closed websocket.CloseError) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	_, raw, err := c.Read(ctx)
	if errors.As(err, &closed) {
		return m, closed
	}
	if err == nil {
		err = json.Unmarshal(raw, &m)
	}
	if err != nil {
		t.Fatalf("%s: %v", raw, err)
	}
	return m, closed
}

// A client of the old system, which knows an address and a token, sees a real
// job from its beginning to its end; one with a ticket, too.
func TestRawWebSocketSeesAJob(t *testing.T) {
	t.Parallel()
	in := start(t, map[string]string{"FFMPEG": testenv.Program(t, "ffmpeg"), "JWT_SECRET": strings.Repeat("test-secret-", 4)})
	editor := in.token("acme", models.RoleEditor)
	var document models.Document
	if status := in.upload(editor, "a.mp4", sample(t), &document); status != http.StatusAccepted {
		t.Fatalf("upload answered %d", status)
	}
	var ticket struct{ Ticket string }
	in.call(http.MethodPost, "/api/tickets", editor, nil, "", &ticket)
	for _, c := range []*websocket.Conn{in.raw("jobId", document.ID, "token", editor), in.raw("jobId", document.ID, "ticket", ticket.Ticket)} {
		first, _ := rawNext(t, c)
		if first.Type != "state" || first.JobID != document.ID || first.Cursor == "" {
			t.Fatalf("%+v", first)
		}
		pct, seq, progress := first.Pct, uint64(0), 0
		for {
			m, closed := rawNext(t, c)
			if closed.Code != 0 {
				t.Fatalf("closed with %v before the outcome", closed)
			}
			if m.Seq != 0 && m.Seq <= seq {
				t.Errorf("%+v after %d", m, seq)
			}
			seq = m.Seq
			if m.Type == "progress" {
				progress++
				if m.Pct < pct {
					t.Errorf("%+v after %d %%", m, pct)
				}
				pct = m.Pct
			}
			if m.Type == "failed" {
				t.Fatalf("%+v", m)
			}
			if m.Type == "completed" {
				var result struct {
					Metadata  models.Metadata
					Thumbnail string
				}
				if json.Unmarshal(m.Result, &result) != nil || result.Metadata.Video.Width == 0 || !strings.HasPrefix(result.Thumbnail, "http") {
					t.Errorf("result %s", m.Result)
				}
				break
			}
		}
		if _, closed := rawNext(t, c); closed.Code != 1000 || closed.Reason != "Job complete" {
			t.Errorf("closed with %v", closed)
		}
		t.Logf("%d messages of progress", progress)
	}
	if _, closed := rawNext(t, in.raw("jobId", document.ID, "ticket", ticket.Ticket)); closed.Code != 4003 {
		t.Errorf("a used ticket: closed with %v", closed)
	}
	foreign := in.token("evil", models.RoleAdmin)
	for _, id := range []string{document.ID, models.NewID(time.Now())} {
		for _, after := range []string{"", "abc.1"} {
			if _, closed := rawNext(t, in.raw("jobId", id, "token", foreign, "after", after)); closed.Code != 4404 || closed.Reason != "Unknown job" {
				t.Errorf("somebody else's: closed with %v", closed)
			}
		}
	}
}

// Who is deleted, cancelled or retried is told so, and a client that was away
// hears all of it from where it was.
func TestRawWebSocketTellsWhatUsersDo(t *testing.T) {
	t.Parallel()
	in := start(t, map[string]string{"WORKER": "off", "JWT_SECRET": strings.Repeat("test-secret-", 4)})
	editor := in.token("acme", models.RoleEditor)
	var document models.Document
	in.upload(editor, "a.mp4", sample(t), &document)
	id := document.ID
	c := in.raw("jobId", id, "token", editor)
	state, _ := rawNext(t, c)
	act := func(method, path string) {
		t.Helper()
		if status := in.call(method, "/api/videos/"+id+path, editor, nil, "", nil); status >= 300 {
			t.Fatalf("%s %s answered %d", method, path, status)
		}
	}
	act(http.MethodPost, "/cancel")
	if m, _ := rawNext(t, c); m.Type != "failed" || m.Code != models.CodeCancelled || m.Event != string(models.EventCancelled) {
		t.Errorf("%+v", m)
	}
	if _, closed := rawNext(t, c); closed.Code != 1000 {
		t.Errorf("closed with %v", closed)
	}
	act(http.MethodPost, "/retry")
	act(http.MethodDelete, "")
	var types []string
	for after := state.Cursor; len(types) < 6; {
		c := in.raw("jobId", id, "token", editor, "after", after)
		for {
			m, closed := rawNext(t, c)
			if closed.Code != 0 {
				types = append(types, fmt.Sprint(int(closed.Code)))
				break
			}
			if m.Event != string(models.EventQueued) || len(types) == 0 || types[len(types)-1] != m.Event { // places in the queue
				types = append(types, m.Event)
			}
			after = m.Cursor
		}
		if types[len(types)-1] == "4404" {
			break
		}
	}
	if got := strings.Join(types, " "); got != "video:cancelled 1000 video:queued video:deleted 1000 4404" {
		t.Errorf("heard %s", got)
	}
}

// A node is killed while events come: an old client that comes again to another
// one with its last cursor misses none and hears none twice.
func TestRawWebSocketSurvivesAKilledNode(t *testing.T) {
	t.Parallel()
	shared := map[string]string{
		"MONGODB_URI": databaseOf(testenv.Variable(t, "MONGODB_TEST_URI"), "reelroom_raw_"+models.NewID(time.Now())), "REDIS_URL": realRedis(t),
		"JWT_SECRET": strings.Repeat("test-secret-", 4), "BLOB_URL": "file://" + t.TempDir(), "WORKER": "off",
	}
	a, process := node(t, shared)
	b, _ := node(t, shared)
	var document models.Document
	if status := b.upload(b.token("acme", models.RoleEditor), "a.mp4", sample(t), &document); status != http.StatusAccepted {
		t.Fatalf("upload answered %d", status)
	}
	token, service := a.token("acme", models.RoleViewer), b.token("acme", models.RoleService)
	const total, killedAt, clients = 200, 80, 5
	var here [clients]*websocket.Conn
	var cursor [clients]string
	for i := range here {
		here[i] = a.raw("jobId", document.ID, "token", token)
		m, _ := rawNext(t, here[i])
		cursor[i] = m.Cursor
	}
	published := make(chan struct{})
	go func() {
		defer close(published)
		for n := range total {
			if n == killedAt {
				_ = process.Process.Kill()
			}
			body := fmt.Sprintf(`{"event":"video:progress","videoId":%q,"data":{"message":"%d","progress":%d}}`, document.ID, n, n/2)
			if status := b.call(http.MethodPost, "/api/events", service, strings.NewReader(body), "application/json", nil); status != http.StatusAccepted {
				t.Errorf("publish answered %d", status)
			}
		}
	}()
	for i, c := range here {
		cuts := 0
		for next := 0; next < total; {
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			_, raw, err := c.Read(ctx)
			cancel()
			if err != nil {
				if cuts++; cuts > 1 {
					t.Fatal(err)
				}
				c = b.raw("jobId", document.ID, "token", token, "after", cursor[i])
				continue
			}
			var m rawMessage
			if err := json.Unmarshal(raw, &m); err != nil || m.Type != "progress" && m.Type != "state" {
				t.Fatalf("%s: %v", raw, err)
			}
			cursor[i] = m.Cursor
			if m.Type == "state" { // its place in the queue
				continue
			}
			if m.Message != fmt.Sprint(next) {
				t.Fatalf("client %d: %s, want %d", i, m.Message, next)
			}
			next++
		}
		if cuts != 1 {
			t.Errorf("client %d was cut %d times", i, cuts)
		}
	}
	<-published
}

// A server that stops tells its clients to come again, before it is gone.
func TestRawWebSocketIsSentAway(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		testenv.Missing(t, "SIGTERM")
	}
	in, process := node(t, map[string]string{"WORKER": "off", "JWT_SECRET": strings.Repeat("test-secret-", 4)})
	editor := in.token("acme", models.RoleEditor)
	var document models.Document
	in.upload(editor, "a.mp4", sample(t), &document)
	var conns []*websocket.Conn
	for range 50 {
		c := in.raw("jobId", document.ID, "token", editor)
		if m, closed := rawNext(t, c); m.Type != "state" {
			t.Fatalf("%+v %v", m, closed)
		}
		conns = append(conns, c)
	}
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for _, c := range conns {
		for {
			m, closed := rawNext(t, c)
			if closed.Code == 0 && m.Type == "state" { // its place in the queue
				continue
			}
			if closed.Code != websocket.StatusServiceRestart {
				t.Fatalf("%+v, closed with %v", m, closed)
			}
			break
		}
	}
}

// A member who is removed on one server is out on the other one.
func TestRawWebSocketEndsWithARevocationElsewhere(t *testing.T) {
	t.Parallel()
	shared := map[string]string{
		"MONGODB_URI": databaseOf(testenv.Variable(t, "MONGODB_TEST_URI"), "reelroom_rawrevoke_"+models.NewID(time.Now())), "REDIS_URL": realRedis(t),
		"JWT_SECRET": strings.Repeat("test secret ", 4), "BLOB_URL": "file://" + t.TempDir(), "WORKER": "off",
	}
	a, b := start(t, shared), start(t, shared)
	var document models.Document
	a.upload(a.token("acme", models.RoleEditor), "a.mp4", sample(t), &document)
	token := a.tokenOf("acme", "ann")
	conns := []*websocket.Conn{a.raw("jobId", document.ID, "token", token), b.raw("jobId", document.ID, "token", token)}
	for _, c := range conns {
		if m, closed := rawNext(t, c); m.Type != "state" {
			t.Fatalf("%+v %v", m, closed)
		}
	}
	began := time.Now()
	if status := a.call(http.MethodDelete, "/api/org/members/ann", a.token("acme", models.RoleAdmin), nil, "", nil); status != http.StatusNoContent {
		t.Fatalf("answered %d", status)
	}
	for i, c := range conns {
		for {
			m, closed := rawNext(t, c)
			if closed.Code == 0 && m.Type == "state" { // its place in the queue
				continue
			}
			if closed.Code != 4003 || closed.Reason != "Token revoked" {
				t.Errorf("server %d: %+v, closed with %v", i, m, closed)
			}
			t.Logf("server %d: out after at most %s", i, time.Since(began).Round(time.Millisecond))
			break
		}
	}
	if _, closed := rawNext(t, b.raw("jobId", document.ID, "token", token)); closed.Code != 4003 {
		t.Errorf("closed with %v", closed)
	}
}
