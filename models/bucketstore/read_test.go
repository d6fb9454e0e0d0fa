package bucketstore

import (
	"bytes"
	"crypto/rand"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
)

// A player that seeks to the end of a large file does not make us fetch it.
func testLazy(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	s := open(t, server, "")
	large := make([]byte, 20<<20)
	_, _ = rand.Read(large)
	put(t, s, "acme", "k", large)
	for _, c := range []struct {
		header   string
		from, to int
		most     int // requests
	}{
		{"bytes=20000000-20000999", 20000000, 20001000, 2},
		{"bytes=0-999", 0, 1000, 1},
		{"bytes=65000-400000", 65000, 400001, 3},
		{"bytes=-5", len(large) - 5, len(large), 2},
		{"", 0, len(large), 10},
	} {
		server.fail(nil)
		r, err := s.Open(t.Context(), "acme", "k")
		if err != nil {
			t.Fatal(err)
		}
		w, request := httptest.NewRecorder(), httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/", nil)
		request.Header.Set("Range", c.header)
		http.ServeContent(w, request, "x.mp4", time.Time{}, r)
		r.Close()
		if !bytes.Equal(w.Body.Bytes(), large[c.from:c.to]) {
			t.Errorf("%s: %d bytes came, other ones", c.header, w.Body.Len())
		}
		asked := server.asked("/k")
		if len(asked) > c.most {
			t.Errorf("%s: %d requests: %v", c.header, len(asked), asked)
		}
		for _, a := range asked {
			if !strings.Contains(a, "bytes=") || strings.HasSuffix(a, "-") {
				t.Errorf("%s: an open-ended request: %s", c.header, a)
			}
		}
	}
}

// A connection that breaks off in mid-blob is made again where it broke.
func testBreaks(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	s := open(t, server, "")
	large := make([]byte, 3<<20)
	_, _ = rand.Read(large)
	put(t, s, "acme", "k", large)
	var broken atomic.Int32
	server.fail(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || r.Header.Get("If-Match") == "" || broken.Add(1)%2 == 0 {
			return false
		}
		whole := httptest.NewRecorder()
		server.inner.ServeHTTP(whole, r)
		for name, values := range whole.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(whole.Code)
		_, _ = w.Write(whole.Body.Bytes()[:whole.Body.Len()/2])
		panic(http.ErrAbortHandler)
	})
	r, err := s.Open(t.Context(), "acme", "k")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if all, err := io.ReadAll(r); err != nil || !bytes.Equal(all, large) {
		t.Errorf("%d bytes came, %v", len(all), err)
	}
	if broken.Load() < 4 {
		t.Errorf("only %d requests could break", broken.Load())
	}
}

// Two versions are never mixed: who reads on after a change gets an error.
func testChanged(t *testing.T) {
	t.Parallel()
	s := open(t, newServer(t), "")
	put(t, s, "acme", "k", bytes.Repeat([]byte("1"), 1<<20))
	r, err := s.Open(t.Context(), "acme", "k")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	put(t, s, "acme", "k", bytes.Repeat([]byte("2"), 1<<20))
	all, err := io.ReadAll(r)
	if models.CodeOf(err) != models.CodeUnavailable || bytes.Contains(all, []byte("2")) {
		t.Errorf("%d bytes came, %v", len(all), err)
	}
}
