package api

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
	"reelroom/server/connguard"
	"reelroom/server/library"
)

// pipes is a listener of connections that live in this process, and so in the
// time of a test.
type pipes struct {
	accept chan net.Conn
	closed chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.accept:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { close(p.closed); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{} }

// serveOnce runs a handler and returns a connection to it.
func serveOnce(t *testing.T, h http.Handler) net.Conn {
	t.Helper()
	l := &pipes{make(chan net.Conn), make(chan struct{})}
	s := connguard.New(connguard.Config{Problem: EncodeProblem}).Server(h)
	done := make(chan struct{})
	go func() { defer close(done); _ = s.Serve(l) }()
	ours, theirs := net.Pipe()
	l.accept <- theirs
	t.Cleanup(func() { ours.Close(); s.Close(); <-done })
	return ours
}

func anybody(context.Context, string) (models.Identity, error) {
	return models.Identity{UserID: "u", OrganizationID: "acme", Role: models.RoleEditor}, nil
}

// silence is more than a body may be silent for.
const silence = 30 * time.Second

func TestUploadThatFallsSilentIsEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := serveOnce(t, New(Config{Library: &library.Library{MaxUpload: 1 << 20}, Verify: anybody}))
		fmt.Fprint(c, "POST /api/videos HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\nContent-Length: 99999\r\n\r\n"+
			"--x\r\nContent-Disposition: form-data; name=\"other\"\r\n\r\n")
		began := time.Now()
		for range 5 { // slow, but never silent for long
			time.Sleep(silence - time.Second)
			if _, err := c.Write(bytes.Repeat([]byte("a little"), 1<<10)); err != nil {
				t.Fatal("cut off while sending:", err)
			}
		}
		got, err := io.ReadAll(c)
		took := time.Since(began)
		if err != nil || !strings.Contains(string(got), `"code":"upload_incomplete"`) || took < 5*(silence-time.Second) || took > 9*silence {
			t.Errorf("after %s: %v %s", took, err, got)
		}
	})
}

func TestRefusalDoesNotWaitForASilentBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		nobody := func(context.Context, string) (models.Identity, error) {
			return models.Identity{}, models.Errorf(models.CodeTokenMissing, "Authentication required")
		}
		c := serveOnce(t, New(Config{Library: &library.Library{MaxUpload: 1 << 20}, Verify: nobody}))
		fmt.Fprint(c, "POST /api/videos HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n")
		began := time.Now()
		got, err := io.ReadAll(c)
		if took := time.Since(began); err != nil || !strings.Contains(string(got), `"code":"token_missing"`) || took > silence+time.Second {
			t.Errorf("after %s: %v %s", took, err, got)
		}
	})
}

func TestClientThatReadsNothingIsLetGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ended := make(chan time.Time, 1)
		h := (&api{Config: Config{Logger: slog.New(slog.DiscardHandler)}}).observe(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, err := io.CopyN(w, nothing{}, 1<<20)
			if err == nil {
				t.Error("a megabyte was written to nobody")
			}
			ended <- time.Now()
		}))
		c := serveOnce(t, h)
		began := time.Now()
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		if took := (<-ended).Sub(began); took != 10*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}

func TestDeadlinesDoNotOutliveARequest(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := serveOnce(t, New(Config{Verify: anybody}))
		r := bufio.NewReader(c)
		for range 3 {
			fmt.Fprint(c, "POST /api/videos/x/retry HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1\r\n\r\n{")
			res, err := http.ReadResponse(r, nil)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, res.Body); err != nil || res.StatusCode != http.StatusBadRequest {
				t.Fatal(res.StatusCode, err)
			}
			time.Sleep(time.Minute) // below the idle time of a connection with a good token
		}
	})
}

// FuzzForm sends strangers' forms as far as the kind of the file is told.
func FuzzForm(f *testing.F) {
	f.Add("--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nhello\r\n--x--\r\n")
	f.Add("--x\r\nContent-Disposition: form-data; name=title\r\n\r\nhello\r\n--x--")
	f.Add("--x\r\nContent-Disposition: form-data; name=\"file\"; filename*=utf-8''%ff\r\n\r\n")
	h := New(Config{Library: &library.Library{MaxUpload: 1 << 20}, Verify: anybody})
	f.Fuzz(func(t *testing.T, body string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "/api/videos", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "multipart/form-data; boundary=x")
		w := &discardWriter{h: http.Header{}}
		h.ServeHTTP(w, r)
		// Without stores every file that passes the door ends in a 500.
		if w.status < 400 {
			t.Errorf("%q was accepted", body)
		}
	})
}

type discardWriter struct {
	h      http.Header
	status int
}

func (w *discardWriter) Header() http.Header         { return w.h }
func (w *discardWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w *discardWriter) WriteHeader(status int)      { w.status = status }
