package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"reelroom/models"
	"reelroom/server/documents/documentstest"
)

// messages says what people and outside workers say.
func (c *caller) messages(admin, service, videoID string, e *listener) {
	t := c.t
	c.json("POST", "/api/chat", admin, `{"text":"hello"}`).into(t, http.StatusAccepted, nil)
	c.json("POST", "/api/announcements", admin, `{"message":"tonight"}`).into(t, http.StatusAccepted, nil)
	c.json("POST", "/api/notifications", service, `{"userId":"u-admin","message":"yours","level":"warning"}`).into(t, http.StatusAccepted, nil)
	c.json("POST", "/api/operator/announcements", operatorToken, `{"message":"to all","organizationId":"acme"}`).into(t, http.StatusAccepted, nil)
	one := fmt.Sprintf(`{"event":"video:updated","videoId":%q,"data":{"note":"x"},"id":"again"}`, videoID)
	for range 2 {
		c.json("POST", "/api/events", service, one).into(t, http.StatusAccepted, nil)
	}
	c.json("POST", "/api/events", service, "["+one+","+strings.Replace(one, videoID, "absent", 1)+"]").into(t, http.StatusAccepted, nil)
	e.await(t, models.EventUpdated, videoID)
}

// batch sends two files as one, one of which is none, and cancels it.
func (c *caller) batch(editor string) {
	t := c.t
	body, kind := form(t, "files", unplayable, "a.mp4", "b.mp4")
	var made struct {
		ID string `json:"job_id"`
	}
	c.ask("POST", "/batch/upload", editor, body, "Content-Type", kind).into(t, http.StatusAccepted, &made)
	path := "/batch/" + made.ID
	var g got
	for end := time.Now().Add(patience); g.status != http.StatusNotModified && time.Now().Before(end); { // it may move on meanwhile
		g = c.ask("GET", path+"/status", editor, "")
		g.into(t, http.StatusOK, nil)
		g = c.ask("GET", path+"/status", editor, "", "If-None-Match", g.header.Get("ETag"))
	}
	for end := time.Now().Add(patience); g.status != http.StatusOK && time.Now().Before(end); { // it may be over before
		if g = c.ask("POST", path+"/cancel", editor, ""); g.status != http.StatusOK {
			body, kind := form(t, "files", unplayable, "a.mp4", "b.mp4", "c.mp4", "d.mp4")
			c.ask("POST", "/batch/upload", editor, body, "Content-Type", kind).into(t, http.StatusAccepted, &made)
			path = "/batch/" + made.ID
		}
	}
	g.into(t, http.StatusOK, nil)
	c.socket("wsBatch", "/ws"+path+"?token="+editor)
}

// uploads sends a file in parts, and gives another one up.
func (c *caller) uploads(editor string, e *listener) {
	t := c.t
	data := string(sample(t))
	const chunk = "application/offset+octet-stream"
	tus := func(method, path, body string, header ...string) got {
		t.Helper()
		return c.ask(method, path, editor, body, append([]string{"Tus-Resumable", "1.0.0"}, header...)...)
	}
	tus("OPTIONS", "/api/uploads", "").into(t, http.StatusNoContent, nil)
	begin := func() string {
		t.Helper()
		g := tus("POST", "/api/uploads", "", "Upload-Length", strconv.Itoa(len(data)), "Upload-Metadata", "filename YS5tcDQ=")
		g.into(t, http.StatusCreated, nil)
		return g.header.Get("Location")
	}
	path := begin()
	tus("OPTIONS", path, "").into(t, http.StatusNoContent, nil)
	tus("HEAD", path, "").into(t, http.StatusOK, nil)
	tus("PATCH", path, data[:1000], "Content-Type", chunk, "Upload-Offset", "7").into(t, http.StatusConflict, nil)
	tus("PATCH", path, data[:1000], "Content-Type", "text/plain", "Upload-Offset", "0").into(t, http.StatusBadRequest, nil)
	tus("PATCH", path, data[:1000], "Content-Type", chunk, "Upload-Offset", "0").into(t, http.StatusNoContent, nil)
	tus("POST", path, "", "X-HTTP-Method-Override", "HEAD").into(t, http.StatusOK, nil)
	tus("POST", path, "").into(t, http.StatusMethodNotAllowed, nil)
	c.ask("PATCH", path, editor, "", "Content-Type", chunk, "Upload-Offset", "1000").into(t, http.StatusPreconditionFailed, nil)
	for _, read := range []string{path, "/api/uploads"} {
		g := c.ask("GET", read, editor, "")
		g.into(t, http.StatusOK, nil)
		c.ask("GET", read, editor, "", "If-None-Match", g.header.Get("ETag")).into(t, http.StatusNotModified, nil)
	}
	e.awaitName(t, models.EventUploadProgress)
	tus("POST", path, data[1000:], "X-HTTP-Method-Override", "PATCH", "Content-Type", chunk, "Upload-Offset", "1000").into(t, http.StatusNoContent, nil)
	e.awaitName(t, models.EventUploadFinished)
	path = begin()
	tus("DELETE", path, "").into(t, http.StatusNoContent, nil)
	tus("HEAD", path, "").into(t, http.StatusNotFound, nil)
	e.awaitName(t, models.EventUploadCancelled)
}

// job follows a job that has ended at every door that knows jobs.
func (c *caller) job(token, id string, e *listener) {
	t, path := c.t, "/api/jobs/"+id
	g := c.ask("GET", path, token, "")
	g.into(t, http.StatusOK, nil)
	c.ask("GET", path, token, "", "If-None-Match", g.header.Get("ETag")).into(t, http.StatusNotModified, nil)
	g = c.ask("GET", path+"/stream", token, "")
	g.into(t, http.StatusOK, nil)
	last := hold(t, "sse.job", strings.NewReader(string(g.body)), nil)
	c.ask("GET", path+"/stream", token, "", "Last-Event-ID", last).into(t, http.StatusNoContent, nil)
	var ticket struct{ Ticket string }
	c.ask("POST", "/api/tickets", token, "").into(t, http.StatusCreated, &ticket)
	g = c.ask("GET", path+"/stream?after="+e.first+"&ticket="+ticket.Ticket, "", "")
	hold(t, "sse.job", strings.NewReader(string(g.body)), nil)
	c.ask("GET", path+"/stream?ticket="+ticket.Ticket, "", "").into(t, http.StatusUnauthorized, nil)
	for _, after := range []string{"", e.first} {
		c.socket("ws", "/ws?jobId="+id+"&token="+token+"&after="+after)
	}
}

// hear reads the whole story of the organization, by stream and by poll.
func (c *caller) hear(token string, e *listener) {
	t := c.t
	var polled struct {
		Data []struct {
			Event   string
			Payload json.RawMessage
		}
	}
	g := c.ask("GET", "/api/events?limit=256&after="+e.first, token, "")
	g.into(t, http.StatusOK, &polled)
	for _, entry := range polled.Data {
		if err := documentstest.Message("sse.events", key(entry.Event), entry.Payload); err != nil {
			t.Error(err)
		}
	}
	tag := g.header.Get("ETag")
	for end := time.Now().Add(patience); g.status != http.StatusNotModified && time.Now().Before(end); tag = g.header.Get("ETag") {
		g = c.ask("GET", "/api/events?wait=0", token, "", "If-None-Match", tag)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/api/events?after="+e.first, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if _, _, err := documentstest.Answer(answer, nil); err != nil {
		t.Error(err)
	}
	seen := 0
	hold(t, "sse.events", answer.Body, func(event string) bool {
		seen++
		return event == "stream:ready" // which comes after what was missed
	})
	if len(polled.Data) < 20 || seen < len(polled.Data) {
		t.Errorf("the poll has %d events, the stream %d", len(polled.Data), seen)
	}
}

func key(event string) string { return strings.ReplaceAll(event, ":", ".") }

// hold reads Server-Sent Events, until the end or the one that is enough, and
// holds each to the documents. It returns the last id.
func hold(t testing.TB, channel string, from io.Reader, enough func(event string) bool) (last string) {
	t.Helper()
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 4<<20)
	event, data, count := "", "", 0
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "event":
			event = value
		case "id":
			last = value
		case "data":
			data = value
		case "":
			if data == "" {
				continue
			}
			count++
			id := key(event)
			if id == "" {
				id = "job"
			}
			if err := documentstest.Message(channel, id, []byte(data)); err != nil {
				t.Error(err)
			}
			if enough != nil && enough(event) {
				return last
			}
			event, data = "", ""
		}
	}
	if count == 0 {
		t.Errorf("nothing came in %s: %v", channel, lines.Err())
	}
	return last
}

// socket reads a WebSocket to its end.
func (c *caller) socket(channel, path string) {
	t := c.t
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s, _, err := websocket.Dial(ctx, c.url+path, nil)
	if err != nil {
		t.Error(channel, err)
		return
	}
	defer s.CloseNow()
	s.SetReadLimit(1 << 20)
	for count := 0; ; count++ {
		_, raw, err := s.Read(ctx)
		if err != nil {
			if code := websocket.CloseStatus(err); code != websocket.StatusNormalClosure || count == 0 {
				t.Errorf("%s: %d messages, then %v", channel, count, err)
			}
			return
		}
		var m struct{ Type string }
		if err := json.Unmarshal(raw, &m); err != nil {
			t.Error(err)
		}
		if channel == "wsBatch" { // its one message has no type
			m.Type = "batch"
		}
		if err := documentstest.Message(channel, m.Type, raw); err != nil {
			t.Error(err)
		}
	}
}
