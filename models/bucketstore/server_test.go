package bucketstore

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"go.uber.org/goleak"

	"reelroom/models"
	"reelroom/models/modelstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a service that speaks S3, and fails where it is told to.
type server struct {
	*httptest.Server
	inner http.Handler

	mu       sync.Mutex
	requests []string
	fault    func(w http.ResponseWriter, r *http.Request) (done bool)
}

func newServer(t testing.TB) *server {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("videos"); err != nil {
		t.Fatal(err)
	}
	s := &server{inner: gofakes3.New(backend).Server()}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI()+" "+r.Header.Get("Range"))
	fault := s.fault
	s.mu.Unlock()
	if fault != nil && fault(w, r) {
		return
	}
	// The library does not know this condition of a GET.
	if tag := r.Header.Get("If-Match"); tag != "" && r.Method == http.MethodGet {
		head := httptest.NewRecorder()
		s.inner.ServeHTTP(head, httptest.NewRequestWithContext(r.Context(), http.MethodHead, r.URL.String(), nil))
		if head.Header().Get("ETag") != tag {
			refuse(w, http.StatusPreconditionFailed, "PreconditionFailed")
			return
		}
	}
	s.inner.ServeHTTP(w, r)
}

// refuse answers as S3 does.
func refuse(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>`+code+`</Code><Message>m</Message></Error>`)
}

// fail sets what happens to requests; nil for nothing.
func (s *server) fail(fault func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault, s.requests = fault, nil
}

// asked returns the requests since the last fail that hold a word.
func (s *server) asked(word string) (found []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if strings.Contains(r, word) {
			found = append(found, r)
		}
	}
	return found
}

func (s *server) settings(prefix string) Settings {
	return Settings{Bucket: "videos", Prefix: prefix, Region: "us-east-1", Endpoint: s.URL, PathStyle: true}
}

// credentials are read from the environment, which parallel tests cannot set.
func TestSuite(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "id")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for _, test := range []struct {
		name string
		run  func(*testing.T)
	}{
		{"Blobs", func(t *testing.T) {
			modelstest.TestBlobs(t, func(t testing.TB) models.BlobKeeping { return open(t, newServer(t), "some/prefix/") })
		}},
		{"Abort", testAbort}, {"Crash", testCrash}, {"Lazy", testLazy}, {"Breaks", testBreaks}, {"Changed", testChanged},
		{"Away", testAway}, {"NoBucket", testNoBucket}, {"Denied", testDenied}, {"Cache", testCache}, {"CacheShared", testCacheShared},
		{"CacheCrash", testCacheCrash}, {"Prefixes", testPrefixes}, {"Mark", testMark}, {"Secrets", testSecrets},
	} {
		t.Run(test.name, test.run)
	}
}

func open(t testing.TB, s *server, prefix string) *Store {
	t.Helper()
	return openWith(t, s, prefix, Options{pause: time.Millisecond, CacheDir: t.TempDir(), CacheBytes: 64 << 20})
}

func openWith(t testing.TB, s *server, prefix string, o Options) *Store {
	t.Helper()
	store, err := Open(context.Background(), s.settings(prefix), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = store.Close() })
	return store
}

func put(t testing.TB, s *Store, org, key string, content []byte) {
	t.Helper()
	w, err := s.Create(context.Background(), org, key)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if _, err := io.Copy(w, bytes.NewReader(content)); err != nil {
		t.Fatal(err)
	}
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
}
