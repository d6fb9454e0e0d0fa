package bucketstore

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

// calls are the ways into the store; each must tell the same trouble.
func calls(s *Store) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"open":  func(ctx context.Context) error { _, err := s.Open(ctx, "acme", "k"); return err },
		"local": func(ctx context.Context) error { _, _, err := s.Local(ctx, "acme", "k"); return err },
		"write": func(ctx context.Context) error {
			w, err := s.Create(ctx, "acme", "new")
			if err != nil {
				return err
			}
			defer w.Abort()
			if _, err := w.Write([]byte("x")); err != nil {
				return err
			}
			return w.Commit()
		},
		"delete": func(ctx context.Context) error { return s.Delete(ctx, "acme", "k") },
		"each":   func(ctx context.Context) error { return s.Each(ctx, func(models.BlobEntry) error { return nil }) },
		"ping":   s.Ping,
	}
}

func checkCalls(t *testing.T, s *Store, code models.Code) {
	t.Helper()
	for name, call := range calls(s) {
		err := call(t.Context())
		e, ok := errors.AsType[*models.Error](err)
		if !ok || e.Code != code || code == models.CodeUnavailable && (!e.Retry || e.RetryAfter <= 0) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A bucket that does not answer, answers with errors, is gone or is closed to
// us is trouble that may pass: never the answer that a blob is absent.
func testAway(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	s := open(t, server, "")
	put(t, s, "acme", "k", []byte("x"))
	for _, c := range []struct {
		status int
		code   string
	}{{503, "SlowDown"}, {500, "InternalError"}, {403, "AccessDenied"}, {404, "NoSuchBucket"}, {403, "RequestTimeTooSkewed"}} {
		server.fail(func(w http.ResponseWriter, r *http.Request) bool {
			refuse(w, c.status, c.code)
			return true
		})
		t.Log(c.code)
		checkCalls(t, s, models.CodeUnavailable)
	}
	server.fail(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method == http.MethodPut {
			refuse(w, 507, "XMinioStorageFull")
		}
		return r.Method == http.MethodPut
	})
	if err := calls(s)["write"](t.Context()); models.CodeOf(err) != models.CodeStorageFull {
		t.Errorf("full: %v", err)
	}
	server.Close()
	checkCalls(t, s, models.CodeUnavailable)
}

// refused opens, and wants an error that holds these words.
func refusedWith(t *testing.T, server *server, settings Settings, words string) {
	t.Helper()
	s, err := Open(t.Context(), settings, Options{pause: time.Millisecond, CacheDir: t.TempDir()})
	if err == nil || !strings.Contains(err.Error(), words) {
		t.Errorf("got %v, want %q", err, words)
	}
	if s != nil {
		t.Error("a store was opened")
	}
	server.fail(nil)
}

func testNoBucket(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	settings := server.settings("")
	settings.Bucket = "absent"
	refusedWith(t, server, settings, `there is no bucket "absent"`)
	server.Close()
	refusedWith(t, server, server.settings(""), "cannot be reached")
}

// Every right is tried at start, and a missing one said.
func testDenied(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		server.fail(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != method {
				return false
			}
			refuse(w, 403, "AccessDenied")
			return true
		})
		refusedWith(t, server, server.settings(""), `may not use the bucket "videos"`)
	}
	server.fail(func(w http.ResponseWriter, r *http.Request) bool {
		refuse(w, 403, "InvalidAccessKeyId")
		return true
	})
	refusedWith(t, server, server.settings(""), "are not accepted")
}

// Nothing that an error says holds the key.
func testSecrets(t *testing.T) {
	t.Parallel()
	server := newServer(t)
	server.fail(func(w http.ResponseWriter, r *http.Request) bool {
		refuse(w, 403, "SignatureDoesNotMatch")
		return true
	})
	_, err := Open(t.Context(), server.settings(""), Options{pause: time.Millisecond, CacheDir: t.TempDir()})
	if err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
	if _, err := ParseURL("s3://id:secret@bucket"); err == nil || strings.Contains(err.Error(), "secret") {
		t.Errorf("got %v", err)
	}
}
