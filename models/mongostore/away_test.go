package mongostore

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest"
)

// soon is when a caller must have its answer, whatever has become of the server.
const soon = 5 * time.Second

// unavailable fails unless f says within soon that the store cannot be reached
// and that a later try may succeed.
func unavailable(t *testing.T, what string, f func() error) {
	t.Helper()
	began := time.Now()
	err := f()
	failed, ok := errors.AsType[*models.Error](err)
	if !ok || failed.Code != models.CodeUnavailable || !failed.Retry || failed.RetryAfter <= 0 {
		t.Errorf("%s: %v", what, err)
	}
	if took := time.Since(began); took > soon {
		t.Errorf("%s took %v", what, took)
	}
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func TestOpenWithoutServer(t *testing.T) {
	t.Parallel()
	t.Run("refused", func(t *testing.T) {
		t.Parallel()
		l := listen(t)
		l.Close()
		unavailable(t, "open", func() error { _, err := Open(t.Context(), "mongodb://"+l.Addr().String()); return err })
	})
	t.Run("silent", func(t *testing.T) {
		t.Parallel()
		l := listen(t) // connections wait in the backlog for ever
		unavailable(t, "open", func() error { _, err := Open(t.Context(), "mongodb://"+l.Addr().String()); return err })
	})
	t.Run("hung up on", func(t *testing.T) {
		t.Parallel()
		l := listen(t)
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				c.Close()
			}
		}()
		unavailable(t, "open", func() error { _, err := Open(t.Context(), "mongodb://"+l.Addr().String()); return err })
	})
}

func TestBadAddress(t *testing.T) {
	t.Parallel()
	for _, uri := range []string{"", "localhost", "http://localhost", "mongodb://", "mongodb://u:hunter2@:x:y/", "mongodb://u:hun/ter2@h/"} {
		_, err := Open(t.Context(), uri)
		if models.CodeOf(err) != models.CodeInvalid {
			t.Errorf("%s: %v", uri, err)
		}
		if err != nil && strings.Contains(err.Error(), "ter2") {
			t.Errorf("the password is told: %v", err)
		}
	}
}

// While the server is away every call says so in time; afterwards the same
// store works again.
func TestServerGoesAndComes(t *testing.T) {
	t.Parallel()
	p, uri := proxied(t)
	s := open(t, uri)
	v, err := s.Create(t.Context(), "acme", models.Video{ID: "v"})
	if err != nil {
		t.Fatal(err)
	}
	calls := func(ctx context.Context) map[string]func() error {
		return map[string]func() error{
			"ping":      func() error { return s.Ping(ctx) },
			"get":       func() error { _, err := s.Get(ctx, "acme", "v"); return err },
			"list":      func() error { _, err := s.List(ctx, "acme", models.Page{}); return err },
			"create":    func() error { _, err := s.Create(ctx, "acme", models.Video{ID: "w"}); return err },
			"advance":   func() error { _, err := s.Advance(ctx, "acme", "v", modelstest.Edit("x")); return err },
			"unsettled": func() error { _, err := s.Unsettled(ctx, models.VideoRef{}, 10); return err },
			"waiting":   func() error { _, err := s.Waiting(ctx, "acme"); return err },
			"purge":     func() error { return s.Purge(ctx, "acme", "v") },
			"once":      func() error { _, err := s.Once(ctx, "name", "value"); return err },
		}
	}
	for _, away := range []mode{refusing, silent} {
		p.set(away)
		done := make(chan struct{})
		all := calls(t.Context())
		for name, call := range all {
			go func() {
				unavailable(t, name, call)
				done <- struct{}{}
			}()
		}
		for range all {
			<-done
		}
	}
	p.set(passing)
	for began := time.Now(); ; {
		got, err := s.Get(t.Context(), "acme", "v")
		if err == nil {
			if got.Rev != v.Rev {
				t.Errorf("a write that was refused was done: rev %d", got.Rev)
			}
			break
		}
		if time.Since(began) > 20*time.Second {
			t.Fatalf("the server is back, and still: %v", err)
		}
	}
	if _, err := s.Advance(t.Context(), "acme", "v", modelstest.Edit("x")); err != nil {
		t.Error(err)
	}
}

// The answer to a write is lost: the write is found done, and not done twice.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	p, uri := proxied(t)
	// Without the driver's own repetition, which a server need not offer.
	s := open(t, uri+"retryWrites=false")
	v, err := s.Create(t.Context(), "acme", models.Video{ID: "v"})
	if err != nil {
		t.Fatal(err)
	}
	for n := range 5 {
		p.swallow("update")
		got, err := s.Advance(t.Context(), "acme", "v", modelstest.Edit("x"))
		if err != nil || got.Rev != v.Rev+1 || got.Version != v.Version+1 {
			t.Fatalf("try %d: from rev %d to %d, %v", n, v.Rev, got.Rev, err)
		}
		v = got
	}
	p.swallow("insert")
	if _, err := s.Create(t.Context(), "acme", models.Video{ID: "w"}); err != nil {
		t.Errorf("create: %v", err)
	}
	p.swallow("insert")
	if _, err := s.Create(t.Context(), "acme", models.Video{ID: "w"}); models.CodeOf(err) != models.CodeConflict {
		t.Errorf("create of what was there: %v", err)
	}
	p.swallow("update")
	if got, err := s.Advance(t.Context(), "acme", "v", models.Delete()); err != nil || got.Status != models.StatusDeleted {
		t.Errorf("delete: %+v, %v", got, err)
	}
	if p.swallowed.Load() != 8 {
		t.Errorf("%d answers were lost, not 8", p.swallowed.Load())
	}
}
