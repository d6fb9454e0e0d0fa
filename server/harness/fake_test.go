package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"reelroom/models"
	"reelroom/server/harness/sio/siotest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testSecret = "a secret for tests that has 32 bytes and more"

// fake imitates the server's API: what a test does not set is refused.
type fake struct {
	t      testing.TB
	url    string
	script func(*siotest.Conn)
	// refuse answers an upload or a publication with a problem, by file name
	// or event number; nil accepts.
	refuse func(name string) *problem

	mu        sync.Mutex
	uploads   map[string]string // file name → content
	titles    map[string]string
	published []map[string]any
	roles     map[string]string // path → role of the last token
	documents map[string]models.Document
	deleted   int
	// spread is closed, and made anew, with each publication.
	spread chan struct{}
}

func newFake(t testing.TB) *fake {
	f := &fake{
		t: t, uploads: map[string]string{}, titles: map[string]string{}, roles: map[string]string{},
		documents: map[string]models.Document{}, spread: make(chan struct{}),
		refuse: func(string) *problem { return nil },
		script: func(c *siotest.Conn) { c.Accept("p"); c.Stay() },
	}
	mux := http.NewServeMux()
	mux.Handle("/socket.io/", siotest.Handler(t, func(c *siotest.Conn) { f.script(c) }))
	mux.HandleFunc("POST /api/videos", f.authed(f.upload))
	mux.HandleFunc("GET /api/videos/{id}", f.authed(f.get))
	mux.HandleFunc("DELETE /api/videos/{id}", f.authed(func(w http.ResponseWriter, _ *http.Request) {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.deleted++
		w.WriteHeader(http.StatusNoContent)
	}))
	mux.HandleFunc("POST /api/uploads", f.authed(f.begin))
	mux.HandleFunc("HEAD /api/uploads/one", f.authed(f.offset))
	mux.HandleFunc("PATCH /api/uploads/one", f.authed(f.take))
	mux.HandleFunc("POST /api/events", f.authed(f.publish))
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	f.url = s.URL
	return f
}

func fail(w http.ResponseWriter, p *problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

func (f *fake) authed(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		raw, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		claims := jwt.MapClaims{}
		_, err := jwt.ParseWithClaims(raw, claims, func(*jwt.Token) (any, error) { return []byte(testSecret), nil },
			jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired())
		if !ok || err != nil {
			fail(w, &problem{Status: 401, Code: models.CodeTokenInvalid, Detail: "Invalid token", RequestID: "r-1"})
			return
		}
		f.mu.Lock()
		f.roles[r.Method+" "+r.URL.Path] = fmt.Sprint(claims["organizationId"], "/", claims["userId"], "/", claims["role"])
		f.mu.Unlock()
		next(w, r)
	}
}

func (f *fake) upload(w http.ResponseWriter, r *http.Request) {
	form, err := r.MultipartReader()
	if err != nil {
		fail(w, &problem{Status: 400, Code: models.CodeInvalid, Detail: err.Error()})
		return
	}
	title := ""
	for {
		part, err := form.NextPart()
		if err != nil {
			fail(w, &problem{Status: 400, Code: models.CodeUploadIncomplete, Detail: "No file came."})
			return
		}
		content, _ := io.ReadAll(part)
		if part.FormName() == "title" {
			title = string(content)
			continue
		}
		name := part.FileName()
		if p := f.refuse(name); p != nil {
			fail(w, p)
			return
		}
		f.mu.Lock()
		defer f.mu.Unlock()
		f.uploads[name], f.titles[name] = string(content), title
		doc := document("video-"+name, models.StatusQueued)
		if _, there := f.documents[doc.ID]; !there {
			f.documents[doc.ID] = doc
		}
		w.WriteHeader(http.StatusAccepted)
		_ = json.NewEncoder(w).Encode(doc)
		return
	}
}

func document(id string, status models.Status) models.Document {
	return models.Document{MongoID: id, ID: id, OrganizationID: "local", Title: "Title of " + id, Status: status, Warnings: []models.Warning{}}
}

func (f *fake) get(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	doc, ok := f.documents[r.PathValue("id")]
	if !ok {
		fail(w, &problem{Status: 404, Code: models.CodeNotFound, Detail: "There is no such video."})
		return
	}
	_ = json.NewEncoder(w).Encode(doc)
}

func (f *fake) publish(w http.ResponseWriter, r *http.Request) {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		fail(w, &problem{Status: 400, Code: models.CodeInvalid, Detail: err.Error()})
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.published = append(f.published, body)
	seq := len(f.published)
	if p := f.refuse(fmt.Sprint(seq)); p != nil {
		fail(w, p)
		return
	}
	close(f.spread)
	f.spread = make(chan struct{})
	w.WriteHeader(http.StatusAccepted)
	_, _ = fmt.Fprintf(w, `{"seq":%d,"cursor":"e.%d"}`, seq, seq)
}

func (f *fake) removed() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.deleted
}

// forward sends what is published, until the client leaves; it may leave out
// the third event.
func (f *fake) forward(c *siotest.Conn, swallow bool) {
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		c.Drain()
	}()
	for sent := 0; ; {
		f.mu.Lock()
		events, more := f.published[sent:], f.spread
		f.mu.Unlock()
		for _, e := range events {
			if sent++; sent == 3 && swallow {
				continue
			}
			data, _ := json.Marshal(e["data"])
			c.Send(fmt.Sprintf(`42[%q,%s,"e.%d"]`, e["event"], data, sent))
		}
		select {
		case <-more:
		case <-gone:
			return
		}
	}
}

// result is what a run printed.
type result struct {
	code     int
	out, err string
}

// harness runs the program against the fake, with the secret at hand.
func (f *fake) harness(ctx context.Context, args ...string) result {
	return harness(ctx, append([]string{"--url", f.url, "--secret", testSecret}, args...)...)
}

func harness(ctx context.Context, args ...string) result {
	return onScreen(ctx, 0, args...)
}

func onScreen(ctx context.Context, width int, args ...string) result {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	var out, err bytes.Buffer
	code := run(ctx, args, &out, screen{&err, width})
	return result{code, out.String(), err.String()}
}

// want compares a run with what was expected; "…" stands for anything.
func (r result) want(t *testing.T, code int, out, err string) {
	t.Helper()
	if r.code != code {
		t.Errorf("exit code %d, want %d", r.code, code)
	}
	if !like(r.out, out) {
		t.Errorf("output:\n%s\nwant:\n%s", r.out, out)
	}
	if !like(r.err, err) {
		t.Errorf("screen:\n%s\nwant:\n%s", r.err, err)
	}
}

func like(got, pattern string) bool {
	parts := strings.Split(pattern, "…")
	if len(parts) == 1 {
		return got == pattern
	}
	rest, ok := strings.CutPrefix(got, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[len(parts)-1])
}
