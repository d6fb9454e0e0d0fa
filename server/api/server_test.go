package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/textproto"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"reelroom/models"
	"reelroom/models/blobstore"
	"reelroom/models/modelstest/testenv"
	"reelroom/models/sqlitestore"
	"reelroom/rooms"
	"reelroom/rooms/redislog"
	"reelroom/server/auth"
	"reelroom/server/connguard"
	"reelroom/server/documents/documentstest"
	"reelroom/server/library"
	"reelroom/worker/health"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testSecret = []byte("the secret of these tests, long enough")

const maxUpload = 1 << 20

// bench is the door over a real store, real files and a real log.
type bench struct {
	*httptest.Server
	t       testing.TB
	library *library.Library
	links   *models.SignedLinks
	log     *testenv.Buffer
	queue   *tasks
	redis   *miniredis.Miniredis
	blobs   string
}

// tasks is a queue that only remembers.
type tasks struct {
	mu   sync.Mutex
	all  []models.Task
	down error
}

func (q *tasks) Enqueue(_ context.Context, _ string, t models.Task) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.down == nil {
		q.all = append(q.all, t)
	}
	return q.down
}

func newBench(t testing.TB, change func(*Config)) *bench {
	t.Helper()
	b := &bench{t: t, log: &testenv.Buffer{}, queue: &tasks{}, blobs: filepath.Join(t.TempDir(), "blobs")}
	b.redis = miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: b.redis.Addr(), MaxRetries: -1, ContextTimeoutEnabled: true})
	store, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blobstore.Open(b.blobs)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		_ = blobs.Close()
		_ = store.Close(context.Background())
	})
	logger := slog.New(slog.NewTextHandler(b.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	events := redislog.New(client, redislog.Options{Logger: logger})
	b.links = &models.SignedLinks{Key: bytes.Repeat([]byte("k"), 32)}
	b.library = &library.Library{
		Store: store, Policies: store, Audit: store, Batches: store, MaxBatch: 50, Blobs: blobs, Queue: b.queue, Log: events, Links: b.links, MaxUpload: maxUpload, Logger: logger,
		Publisher: &rooms.Publisher{Videos: store, Audit: store, Log: events, Links: b.links, Logger: logger},
	}
	denylist, err := auth.OpenDenylist(t.Context(), store, 0, logger)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := auth.New(t.Context(), auth.Config{Secrets: [][]byte{testSecret}, Revoked: denylist.Revoked})
	if err != nil {
		t.Fatal(err)
	}
	c := Config{
		Library: b.library, Verify: verifier.Verify, Inspect: verifier.Inspect, Revoker: denylist, Links: b.links, Logger: logger, Origins: auth.NewOrigins(auth.OriginConfig{PublicURL: "https://rooms.example", Allowed: []string{"https://app.example"}}),
		Tickets: &auth.Tickets{Store: events, Key: b.links.Key, Revoked: denylist.Revoked}, PublicURL: "https://rooms.example",
		Health: &health.Checker{Shared: map[string]func(context.Context) error{"store": store.Ping, "log": events.Ping, "blobs": blobs.Ping}},
	}
	if change != nil {
		change(&c)
	}
	guard := connguard.New(connguard.Config{Limits: c.Limits, Problem: EncodeProblem})
	b.Server = httptest.NewUnstartedServer(nil)
	b.Server.Config = guard.Server(New(c))
	b.Start()
	t.Cleanup(func() { b.Client().CloseIdleConnections(); b.Close() })
	b.links.Base = b.URL
	return b
}

func token(t testing.TB, org string, role models.Role) string {
	t.Helper()
	s, err := auth.Mint(testSecret, models.Identity{UserID: string(role), OrganizationID: org, Role: role}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// answer is a response read to its end.
type answer struct {
	*http.Response
	body []byte
}

func (b *bench) do(method, path, token string, body io.Reader, header ...string) answer {
	b.t.Helper()
	if !strings.HasPrefix(path, "http") {
		path = b.URL + path
	}
	req, err := http.NewRequestWithContext(b.t.Context(), method, path, body)
	if err != nil {
		b.t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	res, err := b.Client().Do(req)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		b.t.Fatal(err)
	}
	// Whatever is answered in these tests is declared in the document.
	if _, _, err := documentstest.Answer(res, raw); err != nil {
		b.t.Error(err)
	}
	return answer{res, raw}
}

func (b *bench) json(method, path, token, body string, header ...string) answer {
	b.t.Helper()
	return b.do(method, path, token, strings.NewReader(body), append([]string{"Content-Type", "application/json"}, header...)...)
}

// into reads an answer of the wanted status.
func (a answer) into(t testing.TB, status int, value any) {
	t.Helper()
	if a.StatusCode != status {
		t.Fatalf("%s %s: %d %s, want %d", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.body, status)
	}
	if value != nil {
		if err := json.Unmarshal(a.body, value); err != nil {
			t.Fatal(err, string(a.body))
		}
	}
}

// refused checks a problem's form and its code.
func (a answer) refused(t testing.TB, status int, code models.Code) {
	t.Helper()
	var p Problem
	err := json.Unmarshal(a.body, &p)
	if a.StatusCode != status || err != nil || p.Status != status || p.Code != code || p.Title == "" || p.Detail == "" || p.Type != "about:blank" ||
		p.RequestID == "" || p.RequestID != a.Header.Get("X-Request-Id") || a.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s %s: %d %q %s; want %d %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.Header.Get("Content-Type"), a.body, status, code)
	}
}

// field is a part of a form; a name makes it a file.
type field struct{ field, name, value string }

func makeForm(t testing.TB, fields ...field) (body []byte, contentType string) {
	t.Helper()
	var out bytes.Buffer
	w := multipart.NewWriter(&out)
	for _, f := range fields {
		h := textproto.MIMEHeader{}
		disposition := `form-data; name="` + f.field + `"`
		if f.name != "" {
			disposition += `; filename="` + f.name + `"`
		}
		h.Set("Content-Disposition", disposition)
		p, err := w.CreatePart(h)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.WriteString(p, f.value)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), w.FormDataContentType()
}

func (b *bench) upload(token string, fields ...field) answer {
	b.t.Helper()
	body, kind := makeForm(b.t, fields...)
	return b.do(http.MethodPost, "/api/videos", token, bytes.NewReader(body), "Content-Type", kind)
}

// video is the body of a file that passes the door.
func video(body string) string { return "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + body }

// put uploads a video and returns its document.
func (b *bench) put(org string) (d models.Document) {
	b.t.Helper()
	b.upload(token(b.t, org, models.RoleEditor), field{"file", "clip.mp4", video("0123456789")}).into(b.t, http.StatusAccepted, &d)
	return d
}
