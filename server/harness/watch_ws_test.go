package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/coder/websocket"
)

// talk is one connection to the raw WebSocket door.
type talk struct {
	after string // what must be asked
	says  []string
	code  websocket.StatusCode // 0 cuts the connection
}

// rawDoor serves one talk after the other.
func rawDoor(t *testing.T, talks ...talk) *fake {
	f := newFake(t)
	var mu sync.Mutex
	next := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n := next
		next++
		mu.Unlock()
		q := r.URL.Query()
		if n >= len(talks) || r.URL.Path != "/ws" || q.Get("jobId") != "v" || q.Has("token") || q.Get("after") != talks[n].after ||
			!strings.HasPrefix(r.Header.Get("Authorization"), "Bearer ey") {
			t.Errorf("connection %d: %s", n, r.URL)
			w.WriteHeader(http.StatusTeapot)
			return
		}
		c, err := websocket.Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		for _, m := range talks[n].says {
			if err := c.Write(context.Background(), websocket.MessageText, []byte(m)); err != nil {
				t.Error(err)
			}
		}
		if talks[n].code == 0 {
			_ = c.CloseNow()
		} else {
			_ = c.Close(talks[n].code, "So it is")
		}
	}))
	t.Cleanup(s.Close)
	f.url = s.URL
	return f
}

func rawMessage(kind, event string, seq, pct int, more string) string {
	return fmt.Sprintf(`{"type":%q,"jobId":"v","event":%q,"seq":%d,"cursor":"e.%d","attempt":1,"rev":2,"status":"processing","stage":"metadata","pct":%d%s}`, kind, event, seq, seq, pct, more)
}

// The raw WebSocket is watched as the other doors are: it comes again from where
// it was, and ends with the job.
func TestWatchRawWebSocket(t *testing.T) {
	t.Parallel()
	end := `{"type":"completed","jobId":"v","event":"video:processed","seq":5,"cursor":"e.5","result":{"videoId":"v","status":"completed","seq":5}}`
	f := rawDoor(t,
		talk{"", []string{rawMessage("state", "state", 1, 0, `,"title":"Clip"`), rawMessage("progress", "video:progress", 2, 20, "")}, 0},
		talk{"e.2", []string{rawMessage("progress", "video:progress", 3, 30, "")}, websocket.StatusServiceRestart},
		talk{"e.3", []string{rawMessage("state", "state", 4, 40, `,"reset":"lost"`), end}, websocket.StatusNormalClosure},
	)
	r := f.harness(t.Context(), "watch", "--door", "ws", "--video", "v", "--until-outcome", "--json")
	if r.code != 0 {
		t.Fatalf("%+v", r)
	}
	var got []string
	for line := range strings.Lines(r.out) {
		before, _, _ := strings.Cut(line, `,"receivedAt"`)
		got = append(got, before)
	}
	for i, want := range []string{`"event":"state","cursor":"e.1"`, `"event":"video:progress","cursor":"e.2"`, `"event":"video:progress","cursor":"e.3"`,
		`"event":"stream:reset","cursor":"e.4","payload":{"reason":"lost","cursor":"e.4"}`, `"event":"state","cursor":"e.4"`,
		`"event":"video:processed","cursor":"e.5","payload":{"videoId":"v","status":"completed","seq":5}`} {
		if i >= len(got) || !strings.HasPrefix(got[i], "{"+want) {
			t.Fatalf("line %d of\n%s\nwant %s", i, strings.Join(got, "\n"), want)
		}
	}
	if len(got) != 6 || !strings.Contains(got[1], `"progress":20`) || !strings.Contains(got[1], `"videoId":"v"`) || strings.Contains(got[1], "jobId") {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}

func TestWatchRawWebSocketRefused(t *testing.T) {
	t.Parallel()
	newFake(t).harness(t.Context(), "watch", "--door", "ws").want(t, 2, "", "…--door ws needs --video…")
	rawDoor(t, talk{"", nil, 4404}).harness(t.Context(), "watch", "--door", "ws", "--video", "v").want(t, 1, "", "…not_found: closed with 4404: So it is\n")
	rawDoor(t, talk{"", []string{rawMessage("state", "state", 1, 0, "")}, 4003}).harness(t.Context(), "watch", "--door", "ws", "--video", "v").want(t, 1, "…state…", "…token_invalid: closed with 4003: So it is\n")
	rawDoor(t, talk{"", []string{`{}`}, 1000}).harness(t.Context(), "watch", "--door", "ws", "--video", "v").want(t, 1, "", "…unsupported: the address sends something else…")
	newFake(t).harness(t.Context(), "watch", "--door", "ws", "--video", "v").want(t, 1, "", "…unsupported: the address answers 404…")
	rawDoor(t, talk{"", []string{rawMessage("state", "state", 1, 0, "")}, 1000}).harness(t.Context(), "watch", "--door", "ws", "--video", "v", "--count", "3").want(t, 1, "…", "…0 of 3 events came before the job ended\n")
}
