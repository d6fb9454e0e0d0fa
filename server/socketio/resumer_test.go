//go:build !stock

package socketio

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// nodes starts doors that share the log and the sessions, as the nodes of one
// installation do.
func nodes(t *testing.T, n int) []*testServer {
	hub, sessions := newFakeHub(), newFakeSessions()
	list := make([]*testServer, n)
	for i := range list {
		list[i] = startServerWith(t, func([]any) {}, func(c *Config) {
			c.Hub, c.Events, c.Sessions, c.Snapshot = hub, hub, sessions, fakeSnapshot(hub)
		})
		list[i].hub = hub
	}
	return list
}

// resumer does what socket.io-client does to miss nothing.
type resumer struct {
	*rawClient
	pid, sid, offset string
	names            []string
	seqs             []int // the "n" of each progress event
}

// connect presents what it has; more is added to the packet's data.
func (r *resumer) connect(t testing.TB, s *testServer, token string, more map[string]any) (same bool) {
	t.Helper()
	r.rawClient = dialRaw(t, s, "EIO=4&transport=websocket")
	r.expect("0{")
	auth := map[string]any{"token": token}
	if r.pid != "" {
		auth["pid"] = r.pid
		if r.offset != "" {
			auth["offset"] = r.offset
		}
	}
	for key, value := range more {
		auth[key] = value
	}
	r.send("40" + string(must(json.Marshal(auth))(t)))
	var answer struct{ Sid, Pid string }
	if err := json.Unmarshal([]byte("{"+r.expect("40{")), &answer); err != nil || answer.Pid == "" {
		t.Fatalf("%+v: %v", answer, err)
	}
	same = answer.Pid == r.pid
	if same && answer.Sid != r.sid {
		t.Errorf("the socket's id has changed from %s to %s", r.sid, answer.Sid)
	}
	r.pid, r.sid = answer.Pid, answer.Sid
	return same
}

// take reads one event, and keeps the offset as the client does.
func (r *resumer) take() (name string, payload map[string]any, err error) {
	text, err := r.next()
	if err != nil {
		return "", nil, err
	}
	var args []any
	if err := json.Unmarshal([]byte(strings.TrimPrefix(text, "42")), &args); err != nil || len(args) < 2 {
		return "", nil, fmt.Errorf("not an event: %.200q: %v", text, err)
	}
	if offset, ok := args[len(args)-1].(string); ok {
		r.offset = offset
	}
	name, payload = args[0].(string), args[1].(map[string]any)
	r.names = append(r.names, name)
	if n, ok := payload["n"].(float64); ok {
		r.seqs = append(r.seqs, int(n))
	}
	return name, payload, nil
}

// until reads events up to the one of that name.
func (r *resumer) until(t testing.TB, want string) map[string]any {
	t.Helper()
	for {
		name, payload, err := r.take()
		if err != nil {
			t.Fatalf("waiting for %s: %v", want, err)
		}
		if name == want {
			return payload
		}
	}
}

// upTo reads until the progress event n has come.
func (r *resumer) upTo(t testing.TB, n int) {
	t.Helper()
	for len(r.seqs) == 0 || r.seqs[len(r.seqs)-1] < n {
		if _, _, err := r.take(); err != nil {
			t.Fatalf("waiting for %d: %v", n, err)
		}
	}
}

func (r *resumer) inOrder(t testing.TB, n int) {
	t.Helper()
	if len(r.seqs) != n {
		t.Errorf("%d events, want %d", len(r.seqs), n)
	}
	for i, seq := range r.seqs {
		if seq != i {
			t.Fatalf("event %d stands at %d", seq, i)
		}
	}
}
