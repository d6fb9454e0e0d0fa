package bucketstore

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
)

// copies lists the files below a folder of copies, without the locks.
func copies(t testing.TB, dir string) (names []string) {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "copies-*", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		if filepath.Base(name) != lockName {
			names = append(names, name)
		}
	}
	return names
}

// Copies stay for the next time as long as there is room; those in use always.
func testCache(t *testing.T) {
	t.Parallel()
	server, dir := newServer(t), t.TempDir()
	s := openWith(t, server, "", Options{pause: time.Millisecond, CacheDir: dir, CacheBytes: 250})
	for _, key := range []string{"a", "b", "c"} {
		put(t, s, "acme", key, bytes.Repeat([]byte(key), 100))
	}
	local := func(key string) func() {
		path, release, err := s.Local(t.Context(), "acme", key)
		if err != nil {
			t.Fatal(err)
		}
		if raw, err := os.ReadFile(path); err != nil || len(raw) != 100 || string(raw[:1]) != key {
			t.Errorf("%s: %q, %v", key, raw, err)
		}
		return release
	}
	holdA := local("a")
	local("b")()
	if n := len(copies(t, dir)); n != 2 {
		t.Errorf("%d copies, want 2", n)
	}
	local("c")() // b goes: it is idle, a is in use
	local("c")()
	if n := len(copies(t, dir)); n != 2 {
		t.Errorf("%d copies, want 2", n)
	}
	holdA()
	holdA() // again does nothing
	holdB, holdC, again := local("b"), local("c"), local("a")
	if n := len(copies(t, dir)); n != 3 {
		t.Errorf("%d copies in use, want 3", n)
	}
	holdB()
	holdC()
	again()
	if n := len(copies(t, dir)); n != 2 {
		t.Errorf("%d copies, want 2", n)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// Many ask for one blob: it is fetched once, and one who leaves spoils nothing
// for the others; when all have left, it is not fetched further.
func testCacheShared(t *testing.T) {
	t.Parallel()
	server, dir := newServer(t), t.TempDir()
	s := openWith(t, server, "", Options{pause: time.Millisecond, CacheDir: dir, CacheBytes: 10 << 20})
	put(t, s, "acme", "k", bytes.Repeat([]byte("x"), 200<<10))
	started, proceed := make(chan struct{}, 64), make(chan struct{})
	server.fail(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("If-Match") != "" {
			started <- struct{}{}
			<-proceed
		}
		return false
	})
	var group sync.WaitGroup
	leaving, leave := context.WithCancel(t.Context())
	group.Go(func() {
		if _, _, err := s.Local(leaving, "acme", "k"); models.CodeOf(err) != models.CodeUnavailable {
			t.Errorf("who left: %v", err)
		}
	})
	<-started // it was the first, and its request is under way
	for range 8 {
		group.Go(func() {
			path, release, err := s.Local(t.Context(), "acme", "k")
			if err != nil {
				t.Error(err)
				return
			}
			defer release()
			if info, err := os.Stat(path); err != nil || info.Size() != 200<<10 {
				t.Errorf("%v, %v", info, err)
			}
		})
	}
	for waiting := 0; waiting < 9; time.Sleep(time.Millisecond) {
		s.cache.mu.Lock()
		for _, e := range s.cache.entries {
			waiting = e.users
		}
		s.cache.mu.Unlock()
	}
	leave()
	close(proceed)
	group.Wait()
	bodies := 0
	for _, r := range server.asked("/k") {
		if !strings.HasSuffix(r, "bytes=0-65535") {
			bodies++
		}
	}
	if bodies != 1 {
		t.Errorf("the rest was asked for %d times: %v", bodies, server.asked("/k"))
	}

	put(t, s, "acme", "alone", bytes.Repeat([]byte("y"), 200<<10))
	asked := make(chan struct{})
	server.fail(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Header.Get("If-Match") != "" {
			close(asked)
			<-r.Context().Done()
		}
		return false
	})
	alone, gone := context.WithCancel(t.Context())
	go func() { <-asked; gone() }()
	if _, _, err := s.Local(alone, "acme", "alone"); models.CodeOf(err) != models.CodeUnavailable {
		t.Errorf("who left alone: %v", err)
	}
	s.cache.filling.Wait()
	if n := len(copies(t, dir)); n != 1 {
		t.Errorf("%d files, want the one copy", n)
	}
}

// A process that dies leaves its folder; the next one removes it, and not that
// of a living one.
func testCacheCrash(t *testing.T) {
	t.Parallel()
	server, dir := newServer(t), t.TempDir()
	alive := openWith(t, server, "", Options{pause: time.Millisecond, CacheDir: dir})
	put(t, alive, "acme", "k", []byte("x"))
	path, release, err := alive.Local(t.Context(), "acme", "k")
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	dead := filepath.Join(dir, "copies-dead")
	if err := os.Mkdir(dead, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{lockName, "copy", "other.1.part"} {
		if err := os.WriteFile(filepath.Join(dead, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	removed, err := alive.Tidy(t.Context(), time.Now().Add(-time.Hour))
	if err != nil || removed.Count != 2 || removed.Bytes != 8 {
		t.Errorf("removed %+v, %v", removed, err)
	}
	openWith(t, server, "", Options{pause: time.Millisecond, CacheDir: dir})
	if _, err := os.Stat(dead); !os.IsNotExist(err) {
		t.Errorf("the dead one's folder: %v", err)
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("the living one's copy: %v", err)
	}
}
