package uploads

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
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
	"reelroom/server/api"
	"reelroom/server/auth"
	"reelroom/server/library"
	"reelroom/server/limits"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var testSecret = []byte("the secret of these tests, long enough")

const maxUpload = 1 << 20

// bench is servers that share a store, files and a log.
type bench struct {
	t     testing.TB
	lib   *library.Library
	store *fragile
	log   *redislog.Log
	said  *testenv.Buffer
	dir   string
	clock *clock
	limit limits.Settings
	nodes []*node
}

// node is one server.
type node struct {
	*httptest.Server
	b    *bench
	door *Door
}

// clock is the time, with what is added.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ahead += d
}

// fragile is a store that can be away, or lose its answer.
type fragile struct {
	models.Store
	mu      sync.Mutex
	away    bool
	created int
}

func (f *fragile) set(away bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.away = away
}

func (f *fragile) Create(ctx context.Context, org string, v models.Video) (models.Video, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.away {
		return models.Video{}, models.Errorf(models.CodeUnavailable, "The database cannot be reached.").Again(time.Second)
	}
	f.created++
	return f.Store.Create(ctx, org, v)
}

// idle is a queue that does nothing.
type idle struct{}

func (idle) Enqueue(context.Context, string, models.Task) error { return nil }

func newBench(t testing.TB, nodes int, change ...func(*bench)) *bench {
	t.Helper()
	b := &bench{t: t, said: &testenv.Buffer{}, dir: filepath.Join(t.TempDir(), "uploads"), clock: &clock{}}
	for _, c := range change {
		c(b)
	}
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), MaxRetries: -1, ContextTimeoutEnabled: true})
	store, err := sqlitestore.Open(t.Context(), filepath.Join(t.TempDir(), "test.db"))
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blobstore.Open(filepath.Join(t.TempDir(), "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		_ = blobs.Close()
		_ = store.Close(context.Background())
	})
	logger := slog.New(slog.NewTextHandler(b.said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b.store, b.log = &fragile{Store: store}, redislog.New(client, redislog.Options{})
	links := &models.SignedLinks{Key: bytes.Repeat([]byte("k"), 32)}
	b.lib = &library.Library{
		Store: b.store, Policies: store, Audit: store, Blobs: blobs, Queue: idle{}, Log: b.log, Links: links, MaxUpload: maxUpload, Logger: logger,
		Publisher: &rooms.Publisher{Videos: b.store, Audit: store, Log: b.log, Links: links, Logger: logger},
		Arrivals:  &library.Arrivals{Log: b.log, Logger: logger},
	}
	verifier, err := auth.New(t.Context(), auth.Config{Secrets: [][]byte{testSecret}})
	if err != nil {
		t.Fatal(err)
	}
	for range nodes {
		bounds := limits.New(b.limit, logger)
		door, err := New(Config{Library: b.lib, Limits: bounds, Dir: b.dir, Life: time.Hour, Logger: logger, Now: b.clock.now})
		if err != nil {
			t.Fatal(err)
		}
		n := &node{b: b, door: door}
		n.Server = httptest.NewServer(api.New(api.Config{
			Library: b.lib, Verify: verifier.Verify, Inspect: verifier.Verify, Links: links, Limits: bounds, Logger: logger,
			Origins: auth.NewOrigins(auth.OriginConfig{Allowed: []string{"https://app.example"}}), Doors: []api.Door{door},
		}))
		t.Cleanup(func() { n.Client().CloseIdleConnections(); n.Server.Close(); _ = door.Close() })
		b.nodes = append(b.nodes, n)
	}
	return b
}

func tokenOf(t testing.TB, org, user string, role models.Role) string {
	t.Helper()
	s, err := auth.Mint(testSecret, models.Identity{UserID: user, OrganizationID: org, Role: role}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// answered is a response read to its end.
type answered struct {
	*http.Response
	body []byte
}

func (n *node) do(method, path, token string, body io.Reader, header ...string) answered {
	n.b.t.Helper()
	a, err := n.try(n.b.t.Context(), method, path, token, body, header...)
	if err != nil {
		n.b.t.Fatal(method, path, err)
	}
	return a
}

func (n *node) try(ctx context.Context, method, path, token string, body io.Reader, header ...string) (answered, error) {
	req, err := http.NewRequestWithContext(ctx, method, n.URL+path, body)
	if err != nil {
		return answered{}, err
	}
	req.Header.Set("Tus-Resumable", version)
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
		if header[i+1] == "" {
			req.Header.Del(header[i])
		}
	}
	res, err := n.Client().Do(req)
	if err != nil {
		return answered{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	return answered{res, raw}, err
}

// want checks the status and, where it is not "", a problem's code.
func (a answered) want(t testing.TB, status int, code models.Code) answered {
	t.Helper()
	var p struct{ Code models.Code }
	_ = json.Unmarshal(a.body, &p)
	if a.StatusCode != status || code != "" && p.Code != code {
		t.Errorf("%s %s: %d %s; want %d %s", a.Request.Method, a.Request.URL.Path, a.StatusCode, a.body, status, code)
	}
	return a
}

func meta(name string) string {
	return "filename " + base64.StdEncoding.EncodeToString([]byte(name)) + ",filetype dmlkZW8vbXA0"
}

// begin makes an upload and returns its address.
func (n *node) begin(token string, size int, header ...string) string {
	n.b.t.Helper()
	a := n.do("POST", "/api/uploads", token, nil, append([]string{"Upload-Length", strconv.Itoa(size), "Upload-Metadata", meta("clip.mp4")}, header...)...)
	a.want(n.b.t, http.StatusCreated, "")
	return a.Header.Get("Location")
}

func (n *node) patch(path, token string, offset int, piece []byte, header ...string) answered {
	n.b.t.Helper()
	return n.do("PATCH", path, token, bytes.NewReader(piece), append([]string{"Upload-Offset", strconv.Itoa(offset), "Content-Type", chunkType}, header...)...)
}

func (n *node) head(path, token string) answered { return n.do("HEAD", path, token, nil) }

// video is the body of a file that passes the door.
func video(size int) []byte {
	raw := []byte("\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41")
	for i := len(raw); i < size; i++ {
		raw = append(raw, byte(i*7+i>>8))
	}
	return raw[:size]
}

// media fetches the file of a video.
func (n *node) media(token, id string) []byte {
	n.b.t.Helper()
	return n.do("GET", "/api/videos/"+id+"/media", token, nil).want(n.b.t, http.StatusOK, "").body
}

// events are those of the organization so far, by name.
func (b *bench) events(org string) (names []string) {
	b.t.Helper()
	for _, e := range b.logged(org) {
		names = append(names, string(e.Name))
	}
	return names
}

// ends are what the organization was told of uploads that have ended.
func (b *bench) ends(org string) (ends []models.UploadBase) {
	b.t.Helper()
	for _, e := range b.logged(org) {
		var end models.UploadBase
		if e.Name != models.EventUploadFinished && e.Name != models.EventUploadCancelled {
			continue
		}
		if err := json.Unmarshal(e.Payload, &end); err != nil {
			b.t.Fatal(err)
		}
		ends = append(ends, end)
	}
	return ends
}

func (b *bench) logged(org string) []models.Event {
	b.t.Helper()
	ctx, cancel := context.WithCancel(b.t.Context())
	cancel()
	_ = b.lib.Arrivals.Run(ctx)
	all, err := b.log.After(b.t.Context(), org, rooms.Cursor{}, 1000)
	if err != nil {
		b.t.Fatal(err)
	}
	return all
}

func lastOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// none is for a list of every upload.
func none(string) bool { return false }
