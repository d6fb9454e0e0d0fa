package sse

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
)

func TestOrganizationsEvents(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		f.add(models.EventQueued, "v", 1, "")
		own := open(t, web, "/api/events?video=v&video=v,v")
		all := open(t, web, "/api/events")
		own.want("stream:ready", "e.1", fields{"recovered": false, "cursor": "e.1"})
		all.want("stream:ready", "e.1", nil)
		f.events = append(f.events, models.Event{})[:1]
		f.add(models.EventProgress, "v", 1, "\"a\":\r\n1")
		own.want("video:progress", "e.2", fields{"a": 1, "seq": 2})
		all.want("video:progress", "e.2", fields{"a": 1, "seq": 2})
		_, _ = own.Body.Close(), all.Body.Close()
		f.add(models.EventChat, "", 0, `"text":"hi"`)
		c := open(t, web, "/api/events", "Last-Event-ID", own.LastID)
		c.want("chat:message", "e.3", fields{"text": "hi"})
		c.want("stream:ready", "e.3", fields{"recovered": true, "cursor": "e.3"})
		f.lose()
		c.want("stream:reset", "ex.0", fields{"reason": "lost", "cursor": "ex.0"})
		c = open(t, web, "/api/events?lastEventId=e.3")
		c.want("stream:reset", "ex.0", fields{"reason": "expired", "cursor": "ex.0"})
		c.want("stream:ready", "ex.0", fields{"recovered": false})
		if c := open(t, web, "/api/events?video=v,w"); c.StatusCode != http.StatusNotFound {
			t.Error(c.StatusCode)
		}
		if c := open(t, web, "/api/events?video="+ids(maxVideos+1)); c.StatusCode != http.StatusBadRequest {
			t.Error(c.StatusCode)
		}
	})
}

func ids(n int) string {
	var out []string
	for i := range n {
		out = append(out, fmt.Sprint("v", i))
	}
	return strings.Join(out, ",")
}

// Each hears its own rooms only.
func TestVideosOwnRoom(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		own, all := open(t, web, "/api/events?video=v"), open(t, web, "/api/events")
		own.want("stream:ready", "e.0", nil)
		all.want("stream:ready", "e.0", nil)
		f.mu.Lock()
		fine := models.Event{Name: models.EventProgress, OrganizationID: "acme", Audience: models.ToVideo, VideoID: "v", Epoch: "e", Seq: 1, Payload: json.RawMessage(`{"seq":1}`)}
		f.events = append(f.events, fine)
		for _, deliver := range f.subs {
			deliver(f.cursor(1), f.events)
		}
		f.mu.Unlock()
		f.add(models.EventProgress, "v", 1, "")
		own.want("video:progress", "e.1", nil)
		own.want("video:progress", "e.2", nil)
		all.want("video:progress", "e.2", nil)
	})
}

// poll asks once and returns the answer, its status and its tag.
func poll(t *testing.T, web *http.Client, query, tag string) (p Polled, status int, etag string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x/api/events?"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	if tag != "" {
		r.Header.Set("If-None-Match", tag)
	}
	res, err := web.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode == http.StatusOK {
		if err := json.Unmarshal(body, &p); err != nil {
			t.Fatal(err, string(body))
		}
	}
	return p, res.StatusCode, res.Header.Get("ETag")
}

func TestPoll(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		for range 3 {
			f.add(models.EventProgress, "v", 1, "")
		}
		began := time.Now()
		p, status, tag := poll(t, web, "", "")
		if took := time.Since(began); status != 200 || p.Cursor != "e.3" || p.Data == nil || len(p.Data) != 0 || tag != `"e.3"` || took != defaultWait*time.Second {
			t.Fatal(p, status, tag, took)
		}
		began = time.Now()
		if _, status, again := poll(t, web, "after=e.3&wait=7", tag); status != http.StatusNotModified || again != tag || time.Since(began) != 7*time.Second {
			t.Error(status, again, time.Since(began))
		}
		if _, status, _ := poll(t, web, "wait=0", `W/"e.3"`); status != http.StatusNotModified { // the tag is a place, too
			t.Error(status)
		}
		go func() {
			time.Sleep(3 * time.Second)
			f.add(models.EventProgress, "v", 1, `"progress":9`)
			f.add(models.EventProgress, "v", 1, "")
		}()
		began = time.Now()
		p, status, tag = poll(t, web, "after=e.3", tag)
		if took := time.Since(began); status != 200 || len(p.Data) == 0 || p.Data[0].Event != models.EventProgress || p.Data[0].Cursor != "e.4" ||
			!strings.Contains(string(p.Data[0].Payload), `"progress":9`) || tag != `"`+p.Cursor+`"` || took != 3*time.Second {
			t.Error(p, status, tag, took)
		}
		synctest.Wait()
		if p, _, tag := poll(t, web, "after=e.0&wait=0&limit=2", `"e.5"`); len(p.Data) != 2 || p.Cursor != "e.2" || p.Data[1].Cursor != "e.2" || tag != `"e.2"` {
			t.Error(p)
		}
		if p, _, _ := poll(t, web, "after=e.2&wait=0", ""); len(p.Data) != 3 || p.Cursor != "e.5" {
			t.Error(p)
		}
		if n := len(f.door.Streams.Stats().Open); n > 0 {
			t.Errorf("%d are left open", n)
		}
	})
}

// A place moves past what is for others, however much that is.
func TestPollPassesWhatIsForOthers(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		f.mu.Lock()
		for n := range 1000 {
			f.events = append(f.events, models.Event{Name: models.EventProgress, OrganizationID: "acme", Audience: models.ToVideo, VideoID: "x", Epoch: "e", Seq: uint64(n + 1)})
		}
		f.mu.Unlock()
		if p, status, _ := poll(t, web, "after=e.0&wait=0", `"e.0"`); status != 200 || p.Cursor != "e.1000" || len(p.Data) != 0 {
			t.Error(p, status)
		}
		f.add(models.EventProgress, "v", 1, "")
		if p, _, _ := poll(t, web, "after=e.0&wait=0", ""); p.Cursor != "e.1001" || len(p.Data) != 1 {
			t.Error(p)
		}
	})
}

func TestPollIsReset(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		for range 9 {
			f.add(models.EventProgress, "v", 1, "")
		}
		f.gone = 5
		for _, after := range []string{"e.2", "old.9", "words", "e.10", "e.-1"} {
			p, status, tag := poll(t, web, "after="+after, "")
			if status != 200 || !p.Reset || p.Reason != "expired" || p.Cursor != "e.9" || tag != `"e.9"` {
				t.Errorf("%s: %d %+v", after, status, p)
			}
		}
		for _, query := range []string{"wait=31", "wait=x", "wait=-1", "limit=0", "limit=257", "video=" + ids(maxVideos+1)} {
			if _, status, _ := poll(t, web, query, ""); status != http.StatusBadRequest {
				t.Error(query, status)
			}
		}
		if _, status, _ := poll(t, web, "video=w", ""); status != http.StatusNotFound {
			t.Error(status)
		}
		go func() { time.Sleep(time.Second); f.door.Streams.Drain(context.Background()) }()
		if _, status, _ := poll(t, web, "", ""); status != http.StatusServiceUnavailable {
			t.Error("a server that stops:", status)
		}
		time.Sleep(time.Second) // it goes on
	})
}

func TestWantsEvents(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"": false, "*/*": false, "application/json": false, "text/event-stream": true, "Text/Event-Stream; charset=utf-8": true,
		"application/json, text/event-stream;q=0.5": true, "text/event-stream;q=0": false, "text/*": false, ";;,": false,
	} {
		if got := wantsEvents(http.Header{"Accept": {accept}}); got != want {
			t.Errorf("%q: %v", accept, got)
		}
	}
}

// FuzzPlace sends strangers' places to each entry.
func FuzzPlace(f *testing.F) {
	for _, s := range []string{"", "e.1", "e.0", "e.99999999999999999999", ".", "e.", "E.1", "-.0", "\x00", "e.01", strings.Repeat("e", 100) + ".1"} {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, header, query, tag string) {
		c, resume := placeOf(header)
		if resume != (header != "") || c.Epoch == "-" && c.Seq != 0 || c.Epoch != "-" && resume && c.String() != header {
			t.Errorf("%q is %v", header, c)
		}
		r := &http.Request{Method: http.MethodGet, Header: http.Header{"If-None-Match": {tag}}, URL: &url.URL{RawQuery: url.Values{"after": {query}}.Encode()}}
		ask, err := askedOf(r)
		if err != nil || ask.limit < 1 || ask.limit > maxLimit || ask.wait < 0 || ask.wait > maxWait*time.Second {
			t.Errorf("%+v, %v", ask, err)
		}
		if query != "" && ask.after.Epoch != "-" && ask.after.String() != query {
			t.Errorf("%q is %v", query, ask.after)
		}
	})
}
