package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/buildinfo"
	"reelroom/rooms"
	"reelroom/server/library"
)

func TestLifeOverHTTP(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	editor := token(t, "acme", models.RoleEditor)
	d := b.put("acme")
	one := "/api/videos/" + d.ID
	var got models.Document
	b.json("PATCH", one, editor, `{"title":" New <b>title</b> "}`).into(t, 200, &got)
	if got.Title != "New <b>title</b>" || got.Rev != 2 {
		t.Errorf("%+v", got)
	}
	b.json("PATCH", one, editor, `{}`).refused(t, 400, models.CodeInvalid)
	b.json("PATCH", one, editor, `{"title":`).refused(t, 400, models.CodeInvalid)
	b.json("PATCH", one, editor, "{\"title\":\"\xff\"}").refused(t, 400, models.CodeInvalid)
	b.json("PATCH", one, editor, `{"title":"`+strings.Repeat("x", maxJSON)+`"}`).refused(t, 413, models.CodeTooLarge)
	b.do("PATCH", one, editor, strings.NewReader(`title=x`), "Content-Type", "application/x-www-form-urlencoded").refused(t, 415, codeMediaType)
	b.do("POST", one+"/retry", editor, nil).refused(t, 409, models.CodeConflict)
	b.do("POST", one+"/cancel", editor, nil).into(t, 200, &got)
	if got.Status != models.StatusCancelled {
		t.Errorf("%+v", got)
	}
	b.do("POST", one+"/cancel", editor, nil).refused(t, 409, models.CodeConflict)
	b.json("POST", one+"/retry", editor, `{"fromStart":true}`).into(t, 202, &got)
	if got.Attempt != 2 || got.Status != models.StatusQueued || len(b.queue.all) != 2 {
		t.Errorf("%+v", got)
	}
	if a := b.do("DELETE", one, editor, nil); a.StatusCode != 204 || len(a.body) != 0 {
		t.Error(a.StatusCode, string(a.body))
	}
	b.do("GET", one, editor, nil).refused(t, 404, models.CodeNotFound)
	b.do("DELETE", one, editor, nil).refused(t, 404, models.CodeNotFound)

	events, err := b.library.Log.After(t.Context(), "acme", rooms.Cursor{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for i, e := range events {
		names = append(names, string(e.Name))
		if e.Seq != uint64(i+1) {
			t.Error("a gap before", e.Seq)
		}
	}
	if got := strings.Join(names, " "); got != "video:queued video:updated video:cancelled video:queued video:deleted" {
		t.Error(got)
	}
}

func TestListPagesAndCursor(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	viewer := token(t, "acme", models.RoleViewer)
	want := map[string]bool{}
	for range 5 {
		want[b.put("acme").ID] = true
	}
	b.put("evil")
	type page struct {
		Data       []models.Document
		NextCursor *string
		Cursor     string
	}
	next, pages := "", 0
	for {
		var p page
		b.do("GET", "/api/videos?limit=2&after="+next, viewer, nil).into(t, 200, &p)
		for _, d := range p.Data {
			if !want[d.ID] {
				t.Error("a foreign or second", d.ID)
			}
			delete(want, d.ID)
		}
		if c, err := rooms.ParseCursor(p.Cursor); err != nil || c.Seq != 5 {
			t.Error("cursor", p.Cursor, err)
		}
		if pages++; p.NextCursor == nil || pages > 5 {
			break
		}
		next = *p.NextCursor
	}
	if len(want) != 0 || pages != 3 {
		t.Error(pages, "pages, missing", want)
	}
	var p page
	b.do("GET", "/api/videos?status=completed,failed&status=cancelled", viewer, nil).into(t, 200, &p)
	if p.Data == nil || len(p.Data) != 0 {
		t.Errorf("%+v", p)
	}
	other := b.do("GET", "/api/videos?limit=1&sort=title&after=", viewer, nil)
	other.into(t, 200, &p)
	for _, q := range []string{
		"limit=0", "limit=101", "limit=x", "status=deleted", "status=x", "after=%00", "after=zzz",
		"verdict=good", "verdict=safe,deleted", "sort=name", "sort=-", "sort=title,size", "sort=title%00", "q=%ff", "q=" + strings.Repeat("%C3%A9", 101),
		"after=" + *p.NextCursor, "after=" + *p.NextCursor + "&sort=-title", "after=" + *p.NextCursor + "&sort=title&q=a",
	} {
		name, _, _ := strings.Cut(q, "=")
		a := b.do("GET", "/api/videos?"+q, viewer, nil)
		a.refused(t, 400, models.CodeInvalid)
		if !strings.Contains(string(a.body), `"detail":"`+name+" ") {
			t.Errorf("%s: the answer does not name %s: %s", q, name, a.body)
		}
	}
	b.do("GET", "/api/videos?limit=1&sort=title&after="+*p.NextCursor, viewer, nil).into(t, 200, &p)
}

// A member searches, filters and sorts; what is counted is the organization's.
func TestListQueries(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	editor := token(t, "acme", models.RoleEditor)
	named := map[string]string{}
	for _, title := range []string{"Beta 100%", "alpha", "İstanbul"} {
		d := b.put("acme")
		named[d.ID] = title
		b.json("PATCH", "/api/videos/"+d.ID, editor, `{"title":"`+title+`"}`).into(t, 200, nil)
	}
	b.put("evil")
	for q, want := range map[string]string{
		"sort=title": "alpha,Beta 100%,İstanbul", "sort=-title": "İstanbul,Beta 100%,alpha", "q=ISTAN": "İstanbul", "q=%25": "Beta 100%",
		"q=A&sort=title&status=queued": "alpha,Beta 100%,İstanbul", "verdict=safe,review&verdict=flagged": "", "status=failed": "", "q=_": "", "q=no+such": "",
	} {
		var p struct{ Data []models.Document }
		b.do("GET", "/api/videos?"+q, token(t, "acme", models.RoleViewer), nil).into(t, 200, &p)
		var got []string
		for _, d := range p.Data {
			got = append(got, named[d.ID])
		}
		if strings.Join(got, ",") != want {
			t.Errorf("%s: %q, want %q", q, got, want)
		}
	}
	var counted library.Counting
	a := b.do("GET", "/api/videos/counts", token(t, "acme", models.RoleViewer), nil)
	a.into(t, 200, &counted)
	if counted.Total != 3 || counted.Status[models.StatusQueued] != 3 || len(counted.Status) != 5 || len(counted.Verdict) != 3 || counted.Cursor == "" {
		t.Errorf("counted %+v", counted)
	}
	if again := b.do("GET", "/api/videos/counts", editor, nil, "If-None-Match", a.Header.Get("ETag")); again.StatusCode != 304 {
		t.Errorf("counted again: %d", again.StatusCode)
	}
}

func TestETag(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	editor := token(t, "acme", models.RoleEditor)
	d := b.put("acme")
	for _, path := range []string{"/api/videos", "/api/videos/" + d.ID} {
		tag := b.do("GET", path, editor, nil).Header.Get("ETag")
		for _, header := range []string{tag, "W/" + tag, `"x", ` + tag, "*"} {
			if a := b.do("GET", path, editor, nil, "If-None-Match", header); tag == "" || a.StatusCode != 304 || len(a.body) != 0 || a.Header.Get("ETag") != tag {
				t.Errorf("%s with %s: %d", path, header, a.StatusCode)
			}
		}
		b.json("PATCH", "/api/videos/"+d.ID, editor, `{"title":"for `+path[5:8]+path[len(path)-3:]+`"}`).into(t, 200, nil)
		if a := b.do("GET", path, editor, nil, "If-None-Match", tag); a.StatusCode != 200 || a.Header.Get("ETag") == tag {
			t.Errorf("%s after a change: %d", path, a.StatusCode)
		}
	}
}

func TestMedia(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	d := b.put("acme")
	whole := video("0123456789")
	a := b.do("GET", d.Media, "", nil)
	h := a.Header
	if string(a.body) != whole || h.Get("Content-Type") != "video/mp4" || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("ETag") != `"`+d.SHA256+`"` ||
		!strings.Contains(h.Get("Content-Security-Policy"), "sandbox") || h.Get("Accept-Ranges") != "bytes" || h.Get("Content-Disposition") != "inline; filename=clip.mp4" {
		t.Errorf("%q, %v", a.body, h)
	}
	if a := b.do("GET", d.Media, "", nil, "Range", "bytes=24-27"); a.StatusCode != 206 || string(a.body) != "0123" || a.Header.Get("Content-Range") != "bytes 24-27/34" {
		t.Errorf("%d %q %v", a.StatusCode, a.body, a.Header)
	}
	if a := b.do("GET", d.Media, "", nil, "Range", "bytes=-3", "If-Range", `"another"`); a.StatusCode != 200 || string(a.body) != whole {
		t.Errorf("%d %q", a.StatusCode, a.body)
	}
	if a := b.do("GET", d.Media, "", nil, "Range", "bytes=900-"); a.StatusCode != 416 {
		t.Error(a.StatusCode)
	}
	if a := b.do("HEAD", d.Media, "", nil); a.StatusCode != 200 || a.ContentLength != 34 {
		t.Error(a.StatusCode, a.ContentLength)
	}
	if a := b.do("GET", d.Media, "", nil, "If-None-Match", h.Get("ETag")); a.StatusCode != 304 {
		t.Error(a.StatusCode)
	}
	if a := b.do("GET", "/api/videos/"+d.ID+"/media", token(t, "acme", models.RoleViewer), nil); a.StatusCode != 200 {
		t.Error("by token:", a.StatusCode)
	}
}

func TestThumbnail(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	d := b.put("acme")
	for _, c := range []struct{ bytes, kind string }{
		{"RIFF\x1a\x00\x00\x00WEBPVP8L\x0d\x00\x00\x00", "image/webp"}, {"<html><script>", "application/octet-stream"},
	} {
		key := d.ID + "/" + c.kind[:5]
		w, err := b.library.Blobs.Create(t.Context(), "acme", key)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write([]byte(c.bytes))
		if err := w.Commit(); err != nil {
			t.Fatal(err)
		}
		if _, err := b.library.Store.Advance(t.Context(), "acme", d.ID, func(v *models.Video, _ time.Time) error {
			v.Thumbnail = &models.Thumbnail{Key: key}
			v.Rev++
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		a := b.do("GET", b.links.Thumbnail("acme", d.ID), "", nil)
		if a.StatusCode != 200 || string(a.body) != c.bytes || a.Header.Get("Content-Type") != c.kind {
			t.Errorf("%d %q %v", a.StatusCode, a.body, a.Header)
		}
	}
}

func TestPublishOverHTTP(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	d := b.put("acme")
	service := token(t, "acme", models.RoleService)
	send := func(body string) answer {
		return b.json("POST", "/api/events", service, strings.ReplaceAll(body, "ID", d.ID))
	}
	var first, again struct {
		Seq      uint64
		Cursor   string
		Repeated bool
	}
	send(`{"event":"video:progress","videoId":"ID","data":{"progress":42,"rev":9},"id":"a"}`).into(t, 202, &first)
	send(`{"event":"video:progress","videoId":"ID","data":{"progress":43},"id":"a"}`).into(t, 202, &again)
	if c, err := rooms.ParseCursor(first.Cursor); err != nil || first.Seq != 2 || c.Seq != 2 || first.Repeated || !again.Repeated || again.Cursor != first.Cursor {
		t.Error(first, again, err)
	}
	send(`{"event":"chat:message","videoId":"ID"}`).refused(t, 400, models.CodeInvalid)
	send(`5`).refused(t, 400, models.CodeInvalid)
	send(``).refused(t, 400, models.CodeInvalid)
	send(`{"event":"video:updated","videoId":"absent"}`).refused(t, 404, models.CodeNotFound)
	send(`{"event":"video:updated","videoId":"ID","data":{"x":"`+strings.Repeat("x", maxJSON)+`"}}`).refused(t, 413, models.CodeTooLarge)
	send(`{"event":"video:processed","videoId":"ID","data":{"metadata":5}}`).refused(t, 400, models.CodeInvalid)
	send(`{"event":"video:processed","videoId":"ID","data":{"metadata":{"durationSeconds":5}},"id":"end"}`).into(t, 202, &first)
	send(`{"event":"video:failed","videoId":"ID","data":{},"id":"end"}`).into(t, 202, &again)
	if first.Seq != 3 || first.Repeated || !again.Repeated || again.Cursor != first.Cursor {
		t.Error(first, again)
	}
	send(`{"event":"video:failed","videoId":"ID"}`).refused(t, 409, models.CodeConflict)
	send(`{"event":"video:progress","videoId":"ID"}`).refused(t, 409, models.CodeConflict)
	// The record knows the report when Redis has lost everything.
	b.redis.FlushAll()
	send(`{"event":"video:processed","videoId":"ID","data":{},"id":"end"}`).into(t, 202, &again)
	if !again.Repeated || again.Seq != 0 || len(b.told("acme")) != 0 {
		t.Error("after a loss:", again)
	}
	b.redis.SetError("LOADING")
	a := send(`{"event":"video:updated","videoId":"ID"}`)
	a.refused(t, 503, models.CodeUnavailable)
	if a.Header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}
}

func TestWithoutRedis(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.queue.down = errors.New("away")
	b.redis.SetError("LOADING")
	d := b.put("acme")
	var list struct {
		Data   []models.Document
		Cursor string
	}
	b.do("GET", "/api/videos", token(t, "acme", models.RoleViewer), nil).into(t, 200, &list)
	if len(list.Data) != 1 || list.Data[0].ID != d.ID || list.Cursor != "" {
		t.Errorf("%+v", list)
	}
	const checks = `"checks":{"blobs":"ok","log":"failing","serving":"ok","store":"ok"},"problems":["Live events are not available at the moment."]}`
	for path, want := range map[string]string{
		"/readyz":        `200 {"status":"ok",` + checks, // it can still serve, and what it takes is done later
		"/readyz?deep=1": `503 {"status":"failing",` + checks,
	} {
		if a := b.do("GET", path, "", nil); fmt.Sprint(a.StatusCode, " ", string(a.body)) != want || (a.StatusCode == 503) != (a.Header.Get("Retry-After") != "") {
			t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
		}
	}
	b.redis.SetError("")
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) { // what was found is used again for a second
		a := b.do("GET", "/readyz?deep=1", "", nil)
		if a.StatusCode == 200 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal(a.StatusCode, string(a.body))
		}
	}
	if a := b.do("GET", "/healthz", "", nil); a.StatusCode != 200 || string(a.body) != `{"status":"ok","version":"`+buildinfo.Version()+`"}` {
		t.Error(a.StatusCode, string(a.body))
	}
}

func TestRoutesThatAreNotThere(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	admin := token(t, "acme", models.RoleAdmin)
	for _, path := range []string{"/api/", "/api/nothing", "/api/videos/x/y", "/api/videos/", "/metrics", "/api/videos/x/media/y"} {
		b.do("GET", path, admin, nil).refused(t, 404, models.CodeNotFound)
	}
	for route, allow := range map[string]string{
		"PUT /api/videos": "GET, HEAD, POST", "POST /api/videos/x": "GET, HEAD, PATCH, DELETE", "GET /api/videos/x/cancel": "POST", "DELETE /healthz": "GET, HEAD",
	} {
		method, path, _ := strings.Cut(route, " ")
		a := b.do(method, path, admin, nil)
		a.refused(t, 405, codeMethod)
		if a.Header.Get("Allow") != allow {
			t.Errorf("%s: Allow is %q", route, a.Header.Get("Allow"))
		}
	}
	if a := b.do("OPTIONS", "/api/videos", "", nil); a.StatusCode != 204 || a.Header.Get("Allow") != "GET, HEAD, POST" {
		t.Error(a.StatusCode, a.Header)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	preflight := func(origin string) http.Header {
		a := b.do("OPTIONS", "/api/videos/x", "", nil, "Origin", origin, "Access-Control-Request-Method", "PATCH", "Access-Control-Request-Headers", "authorization")
		if a.StatusCode != 204 {
			t.Error(a.StatusCode)
		}
		return a.Header
	}
	h := preflight("https://app.example")
	if h.Get("Access-Control-Allow-Origin") != "https://app.example" || h.Get("Access-Control-Allow-Credentials") != "true" ||
		!strings.Contains(h.Get("Access-Control-Allow-Methods"), "PATCH") || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Authorization") || !strings.Contains(h.Get("Vary"), "Origin") {
		t.Error(h)
	}
	for _, origin := range []string{"https://evil.example", "null", "https://app.example.evil.example", "http://app.example", "*"} {
		// Its preflight passes, so that a browser lets the page read why not.
		h := preflight(origin)
		a := b.do("GET", "/api/videos", token(t, "acme", models.RoleAdmin), nil, "Origin", origin)
		a.refused(t, http.StatusForbidden, models.CodeOrigin)
		var p Problem
		if err := json.Unmarshal(a.body, &p); err != nil || !strings.Contains(p.Detail, origin) || !strings.Contains(p.Detail, "FRONTEND_URL") {
			t.Errorf("%s is told %q", origin, p.Detail)
		}
		for _, h := range []http.Header{h, a.Header} {
			if h.Get("Access-Control-Allow-Origin") != origin || h.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s: %v", origin, h)
			}
		}
	}
	// The refusal too can be read by the app.
	if a := b.do("GET", "/api/videos", "", nil, "Origin", "https://app.example"); a.StatusCode != 401 || a.Header.Get("Access-Control-Allow-Origin") == "" {
		t.Error(a.StatusCode, a.Header)
	}
}

func TestRequestIDAndPanic(t *testing.T) {
	t.Parallel()
	b := newBench(t, func(c *Config) {
		c.Verify = func(_ context.Context, token string) (models.Identity, error) {
			if token == "boom" {
				panic("the secret cause")
			}
			return models.Identity{}, errors.New("/var/lib/secret: the hidden cause")
		}
	})
	for _, tok := range []string{"boom", "error"} {
		a := b.do("GET", "/api/videos", tok, nil, "X-Request-Id", "from-the-proxy.1")
		a.refused(t, 500, models.CodeInternal)
		if strings.Contains(string(a.body), "cause") || a.Header.Get("X-Request-Id") != "from-the-proxy.1" {
			t.Error(string(a.body), a.Header)
		}
	}
	for _, id := range []string{"", "a b", "x\"y", strings.Repeat("x", 65), "<b>"} {
		if got := b.do("GET", "/healthz", "", nil, "X-Request-Id", id).Header.Get("X-Request-Id"); got == id || len(got) != 26 {
			t.Errorf("%q became %q", id, got)
		}
	}
	log := b.log.String()
	for _, want := range []string{"the secret cause", "the hidden cause", "requestId=from-the-proxy.1", "path=/api/videos", "status=500"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %q", want)
		}
	}
}

func TestEveryCodeHasItsStatus(t *testing.T) {
	t.Parallel()
	for code, want := range map[models.Code]int{
		models.CodeRateLimited: 429, models.CodeUnavailable: 503, models.CodeStorageFull: 507, models.CodeTooLarge: 413, models.CodeReset: 410,
		models.CodeInternal: 500, "made_up": 500,
	} {
		a := &api{}
		w := httptest.NewRecorder()
		a.fail(w, httptest.NewRequest("GET", "/", nil), models.Errorf(code, "words").Because(errors.New("cause")).Again(1500*time.Millisecond))
		var p Problem
		if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || w.Code != want || strings.Contains(w.Body.String(), "cause") {
			t.Errorf("%s: %d %s", code, w.Code, w.Body)
		}
		if wait := w.Header().Get("Retry-After"); (want == 429 || want == 503) != (wait == "2") {
			t.Errorf("%s: Retry-After %q", code, wait)
		}
	}
}
