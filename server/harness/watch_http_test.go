package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"reelroom/models"
)

// part is one answer to GET /api/events, and what must have been asked.
type part struct {
	want   string // what stands in the query, or as Last-Event-ID
	status int
	body   string
}

// scripted serves one part after the other, then keeps silent.
func scripted(t *testing.T, parts ...part) *fake {
	f := newFake(t)
	f.documents["v"] = document("v", models.StatusProcessing)
	var mu sync.Mutex
	next := 0
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/events", f.authed(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		n := next
		next++
		mu.Unlock()
		if n >= len(parts) {
			<-r.Context().Done()
			return
		}
		p := parts[n]
		if got := r.URL.RawQuery + " " + r.Header.Get("Last-Event-ID"); got != p.want {
			t.Errorf("request %d asks %q, want %q", n, got, p.want)
		}
		switch {
		case p.status != 0:
			fail(w, &problem{Status: p.status, Code: "some", Detail: "Some words."})
			return
		case r.Header.Get("Accept") == "text/event-stream" && !strings.HasPrefix(p.body, "{"):
			w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
		}
		_, _ = fmt.Fprint(w, p.body)
	}))
	mux.HandleFunc("GET /api/videos/{id}", f.authed(f.get))
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	f.url = s.URL
	return f
}

// lineOf writes what --json prints, without the time.
func linesOf(t *testing.T, r result) (out []string) {
	t.Helper()
	for line := range strings.Lines(r.out) {
		head, _, _ := strings.Cut(line, `,"payload"`)
		out = append(out, strings.TrimPrefix(head, "{"))
	}
	return out
}

func TestWatchOverSSE(t *testing.T) {
	t.Parallel()
	f := scripted(t,
		part{"video=v ", 0, "retry: 9\n\nevent: stream:ready\nid: e.1\ndata: {\"recovered\":false,\"cursor\":\"e.1\"}\n\n" +
			"event: video:progress\nid: e.2\ndata: {\"videoId\":\"v\",\"seq\":2}\n\n" +
			"event: video:progress\nid: e.3\ndata: {\"videoId\":\"w\",\"seq\":3}\n\n: heartbeat\nid: e.4\n\nevent: cut off\ndata: {}"},
		part{"video=v e.4", 503, ""},
		part{"video=v e.4", 0, "event: video:progress\nid: e.5\ndata: {\"videoId\":\"v\",\"seq\":5}\n\nevent: stream:ready\ndata: {\"recovered\":true,\"cursor\":\"e.5\"}\n\n" +
			"event: stream:end\ndata: {\"code\":\"unavailable\",\"message\":\"This server is stopping.\"}\n\n"},
		part{"video=v e.5", 0, "event: stream:reset\nid: x.0\ndata: {\"reason\":\"lost\",\"cursor\":\"x.0\"}\n\n" +
			"event: stream:ready\ndata: {\"recovered\":false,\"cursor\":\"x.0\"}\n\nevent: video:processed\nid: x.1\ndata: {\"videoId\":\"v\",\"status\":\"completed\"}\n\n"},
	)
	r := f.harness(t.Context(), "watch", "--door", "sse", "--video", "v", "--until-outcome", "--json")
	want := []string{`"event":"state","cursor":"e.1"`, `"event":"video:progress","cursor":"e.2"`, `"event":"video:progress","cursor":"e.5"`,
		`"event":"stream:reset","cursor":"x.0"`, `"event":"state","cursor":"x.0"`, `"event":"video:processed","cursor":"x.1"`}
	if got := linesOf(t, r); r.code != 0 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%d %s\n%s", r.code, r.out, r.err)
	}
}

func TestWatchByPolling(t *testing.T) {
	t.Parallel()
	f := scripted(t,
		part{"video=v&wait=0 ", 0, `{"data":[],"cursor":"e.1"}`},
		part{"after=e.1&limit=256&video=v ", 0, `{"data":[{"event":"video:progress","cursor":"e.2","payload":{"videoId":"v"}},{"event":"video:progress","cursor":"e.3","payload":{"videoId":"w"}}],"cursor":"e.4"}`},
		part{"after=e.4&limit=256&video=v ", 502, ""},
		part{"after=e.4&limit=256&video=v ", 0, `{"data":[],"cursor":"e.5"}`},
		part{"after=e.5&limit=256&video=v ", 0, `{"data":[],"cursor":"x.0","reset":true,"reason":"lost"}`},
		part{"after=x.0&limit=256&video=v ", 0, `{"data":[{"event":"video:failed","cursor":"x.1","payload":{"videoId":"v"}}],"cursor":"x.1"}`},
	)
	r := f.harness(t.Context(), "watch", "--door", "poll", "--video", "v", "--until-outcome", "--json")
	want := []string{`"event":"state","cursor":"e.1"`, `"event":"video:progress","cursor":"e.2"`,
		`"event":"stream:reset","cursor":"x.0"`, `"event":"state","cursor":"x.0"`, `"event":"video:failed","cursor":"x.1"`}
	if got := linesOf(t, r); r.code != 1 || strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%d %s\n%s", r.code, r.out, r.err)
	}
}

func TestWatchOverHTTPIsRefused(t *testing.T) {
	t.Parallel()
	for _, door := range []string{"sse", "poll"} {
		query := map[string]string{"sse": " ", "poll": "wait=0 "}[door]
		scripted(t, part{query, 404, ""}).harness(t.Context(), "watch", "--door", door).want(t, 1, "", "some: Some words.\n")
		scripted(t, part{query, 503, ""}).harness(t.Context(), "watch", "--door", door).want(t, 1, "", "some: Some words.\n")
		harness(t.Context(), "watch", "--door", door, "--url", "http://127.0.0.1:1", "--token", "x").want(t, 1, "", "unreachable: no server answers at http://127.0.0.1:1\n…")
		f := scripted(t)
		f.harness(t.Context(), "watch", "--door", door, "--timeout", "50ms").want(t, 0, "", "…")
	}
	scripted(t, part{" ", 0, `{"data":[]}`}).harness(t.Context(), "watch", "--door", "sse").want(t, 1, "", "unsupported: the answer is no stream of events\n")
}
