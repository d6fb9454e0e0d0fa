package api

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/limits"
)

// watched are blobs whose readers are counted, and stop in the middle until
// their context ends or they are let go.
type watched struct {
	models.Blobs
	slow bool

	mu     sync.Mutex
	opened int
	open   map[*watchedBlob]bool
	ended  chan struct{}
}

type watchedBlob struct {
	models.Blob
	ctx   context.Context
	of    *watched
	bytes int // unguarded: whoever reads and closes at the same time is found out by the race detector
}

func (w *watched) Open(ctx context.Context, org, key string) (models.Blob, error) {
	b, err := w.Blobs.Open(ctx, org, key)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	out := &watchedBlob{Blob: b, ctx: ctx, of: w}
	w.opened++
	w.open[out] = true
	return out, nil
}

func (b *watchedBlob) Read(p []byte) (int, error) {
	n, err := b.Blob.Read(p)
	if b.bytes += n; b.of.slow && b.bytes > 100_000 {
		<-b.ctx.Done()
		return 0, b.ctx.Err()
	}
	return n, err
}

func (b *watchedBlob) Close() error {
	b.bytes = 0
	b.of.mu.Lock()
	delete(b.of.open, b)
	b.of.mu.Unlock()
	b.of.ended <- struct{}{}
	return b.Blob.Close()
}

func watching(c *Config, slow bool) *watched {
	w := &watched{Blobs: c.Library.Blobs, slow: slow, open: map[*watchedBlob]bool{}, ended: make(chan struct{}, 100)}
	c.Library.Blobs = w
	return w
}

// Whoever leaves in the middle leaves nothing open, also while the store does
// not answer.
func TestReaderEndsWithItsClient(t *testing.T) {
	t.Parallel()
	var blobs *watched
	b := newBench(t, func(c *Config) { blobs = watching(c, true) })
	var d models.Document
	b.upload(token(t, "acme", models.RoleEditor), field{"file", "a.mp4", video(strings.Repeat("x", 800_000))}).into(t, http.StatusAccepted, &d)
	for _, ranges := range []string{"", "bytes=5-", "bytes=0-400000,400002-700000"} {
		ctx, cancel := context.WithCancel(t.Context())
		req, err := http.NewRequestWithContext(ctx, "GET", d.Media, nil)
		if err != nil {
			t.Fatal(err)
		}
		if ranges != "" {
			req.Header.Set("Range", ranges)
		}
		res, err := b.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.CopyN(io.Discard, res.Body, 20_000); err != nil {
			t.Fatal(err)
		}
		cancel()
		res.Body.Close()
		select {
		case <-blobs.ended:
		case <-time.After(20 * time.Second):
			t.Fatalf("%q: the file is still open", ranges)
		}
	}
	blobs.mu.Lock()
	defer blobs.mu.Unlock()
	if len(blobs.open) != 0 || blobs.opened != 3 {
		t.Errorf("%d of %d are open", len(blobs.open), blobs.opened)
	}
}

// brokenWriter is an answer that nobody takes, of a request that has not ended.
type brokenWriter struct {
	discardWriter
	left int
}

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

// An answer that cannot be written waits for nothing that the store still owes.
func TestReaderEndsWithItsWriter(t *testing.T) {
	t.Parallel()
	var blobs *watched
	b := newBench(t, func(c *Config) { blobs = watching(c, true) })
	var d models.Document
	b.upload(token(t, "acme", models.RoleEditor), field{"file", "a.mp4", video(strings.Repeat("x", 800_000))}).into(t, http.StatusAccepted, &d)
	for range 20 {
		r := httptest.NewRequestWithContext(t.Context(), "GET", d.Media, nil)
		r.Header.Set("Range", "bytes=0-400000,400002-700000")
		done := make(chan struct{})
		go func() {
			defer close(done)
			b.Config.Handler.ServeHTTP(&brokenWriter{discardWriter{h: http.Header{}}, 70_000}, r)
		}()
		select {
		case <-done:
			<-blobs.ended
		case <-time.After(20 * time.Second):
			t.Fatal("it still waits")
		}
	}
}

func TestContentThatIsClosed(t *testing.T) {
	t.Parallel()
	c := &content{}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
	if _, err := c.Seek(0, io.SeekStart); !errors.Is(err, fs.ErrClosed) {
		t.Error(err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}

// Who has the file already costs no look at it, and refusals leave none open.
func TestFileIsOpenedOnlyToBeSent(t *testing.T) {
	t.Parallel()
	var blobs *watched
	b := newBench(t, func(c *Config) {
		blobs = watching(c, false)
		c.Limits = limits.New(limits.Settings{OrgDownloads: 1}, nil)
	})
	d := b.put("acme")
	tag := b.do("HEAD", d.Media, "", nil).Header.Get("ETag")
	<-blobs.ended
	for range 3 {
		if a := b.do("GET", d.Media, "", nil, "If-None-Match", tag); a.StatusCode != http.StatusNotModified {
			t.Error(a.StatusCode)
		}
	}
	b.do("GET", d.Media, "", nil, "Range", "bytes=900-").refused(t, 416, codeRange)
	<-blobs.ended
	blobs.mu.Lock()
	if blobs.opened != 2 || len(blobs.open) != 0 {
		t.Errorf("%d were opened, %d are open", blobs.opened, len(blobs.open))
	}
	blobs.mu.Unlock()
}

func TestDownloadsAreBounded(t *testing.T) {
	t.Parallel()
	var blobs *watched
	b := newBench(t, func(c *Config) {
		blobs = watching(c, true)
		c.Limits = limits.New(limits.Settings{OrgDownloads: 1}, nil)
	})
	var d models.Document
	b.upload(token(t, "acme", models.RoleEditor), field{"file", "a.mp4", video(strings.Repeat("x", 800_000))}).into(t, http.StatusAccepted, &d)
	other := b.put("other")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", d.Media, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := b.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	a := b.do("GET", d.Media, "", nil, "Range", "bytes=0-1")
	a.refused(t, http.StatusTooManyRequests, models.CodeRateLimited)
	if a.Header.Get("Retry-After") == "" {
		t.Error("no word of when")
	}
	if a := b.do("GET", other.Media, "", nil, "Range", "bytes=0-1"); a.StatusCode != http.StatusPartialContent {
		t.Error("another organization:", a.StatusCode)
	}
	cancel()
	<-blobs.ended // the other's
	<-blobs.ended
	for wait := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
		if b.do("GET", d.Media, "", nil, "Range", "bytes=0-1").StatusCode == http.StatusPartialContent {
			break
		}
		if time.Now().After(wait) {
			t.Fatal("the place is not given back")
		}
	}
}
