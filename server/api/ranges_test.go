package api

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/limits"
)

// What players and browsers ask of a file, by its signed URL.
func TestRanges(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	d := b.put("acme")
	whole := video("0123456789")
	size := len(whole)
	first := b.do("GET", d.Media, "", nil)
	tag, changed := first.Header.Get("ETag"), first.Header.Get("Last-Modified")
	before := time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)
	if tag == "" || strings.HasPrefix(tag, "W/") || changed == "" || first.Header.Get("Accept-Ranges") != "bytes" {
		t.Fatal(first.Header)
	}
	for name, c := range map[string]struct {
		header   []string
		status   int
		from, to int
	}{
		"Safari's probe":       {[]string{"Range", "bytes=0-1"}, 206, 0, 2},
		"from the beginning":   {[]string{"Range", "bytes=0-"}, 206, 0, size},
		"from the middle":      {[]string{"Range", "bytes=24-"}, 206, 24, size},
		"a part":               {[]string{"Range", "bytes=24-27"}, 206, 24, 28},
		"beyond the end":       {[]string{"Range", "bytes=24-999999999"}, 206, 24, size},
		"the last ones":        {[]string{"Range", "bytes=-3"}, 206, size - 3, size},
		"more than there are":  {[]string{"Range", "bytes=-999"}, 206, 0, size},
		"one byte":             {[]string{"Range", "bytes=0-0"}, 206, 0, 1},
		"the same file":        {[]string{"Range", "bytes=24-27", "If-Range", tag}, 206, 24, 28},
		"another file":         {[]string{"Range", "bytes=24-27", "If-Range", `"another"`}, 200, 0, size},
		"a weak tag":           {[]string{"Range", "bytes=24-27", "If-Range", "W/" + tag}, 200, 0, size},
		"the same date":        {[]string{"Range", "bytes=24-27", "If-Range", changed}, 206, 24, 28},
		"another date":         {[]string{"Range", "bytes=24-27", "If-Range", before}, 200, 0, size},
		"another unit":         {[]string{"Range", "lines=1-2"}, 200, 0, size},
		"none such":            {[]string{"Range", "bytes=900-"}, 416, 0, 0},
		"none such, otherwise": {[]string{"Range", "bytes=900-", "If-Range", `"another"`}, 200, 0, size},
		"backwards":            {[]string{"Range", "bytes=5-2"}, 416, 0, 0},
		"had":                  {[]string{"If-None-Match", tag}, 304, 0, 0},
		"had, of two":          {[]string{"If-None-Match", `"another", W/` + tag}, 304, 0, 0},
		"had, with a range":    {[]string{"If-None-Match", tag, "Range", "bytes=0-1"}, 304, 0, 0},
		"had by date":          {[]string{"If-Modified-Since", changed}, 304, 0, 0},
		"had an older one":     {[]string{"If-Modified-Since", before}, 200, 0, size},
		"tag before date":      {[]string{"If-None-Match", `"another"`, "If-Modified-Since", changed}, 200, 0, size},
		"if it is the same":    {[]string{"If-Match", tag}, 200, 0, size},
		"if it is another":     {[]string{"If-Match", `"another"`}, 412, 0, 0},
		"if it is, and had":    {[]string{"If-Match", `"another"`, "If-None-Match", tag}, 412, 0, 0},
		"too many":             {[]string{"Range", "bytes=0-0" + strings.Repeat(",2-2", maxRanges)}, 200, 0, size},
	} {
		a := b.do("GET", d.Media, "", nil, c.header...)
		if a.StatusCode != c.status {
			t.Errorf("%s: %d, want %d", name, a.StatusCode, c.status)
			continue
		}
		switch c.status {
		case 200, 206:
			if string(a.body) != whole[c.from:c.to] || a.ContentLength != int64(c.to-c.from) || a.Header.Get("Content-Type") != "video/mp4" || a.Header.Get("ETag") != tag {
				t.Errorf("%s: %q, %v", name, a.body, a.Header)
			}
			want := ""
			if c.status == 206 {
				want = fmt.Sprintf("bytes %d-%d/%d", c.from, c.to-1, size)
			}
			if got := a.Header.Get("Content-Range"); got != want {
				t.Errorf("%s: Content-Range %q, want %q", name, got, want)
			}
		case 304:
			if len(a.body) != 0 || a.Header.Get("ETag") != tag || a.Header.Get("Cache-Control") == "" {
				t.Errorf("%s: %q, %v", name, a.body, a.Header)
			}
		case 416:
			a.refused(t, 416, codeRange)
			if a.Header.Get("Content-Range") != fmt.Sprintf("bytes */%d", size) {
				t.Errorf("%s: %v", name, a.Header)
			}
		case 412:
			a.refused(t, 412, codeCondition)
		}
		// HEAD says the same, and sends nothing.
		head := b.do("HEAD", d.Media, "", nil, c.header...)
		for _, h := range []answer{a, head} {
			h.Header.Del("X-Request-Id")
			h.Header.Del("Date")
			if c.status >= 400 { // the problem holds the request's id
				h.Header.Del("Content-Length")
			}
		}
		if head.StatusCode != a.StatusCode || len(head.body) != 0 || fmt.Sprint(head.Header) != fmt.Sprint(a.Header) {
			t.Errorf("%s: HEAD %d\n%v\nGET\n%v", name, head.StatusCode, head.Header, a.Header)
		}
	}
	several := b.do("GET", d.Media, "", nil, "Range", "bytes=0-1,24-27,-2")
	kind, params, err := mime.ParseMediaType(several.Header.Get("Content-Type"))
	if err != nil || several.StatusCode != 206 || kind != "multipart/byteranges" {
		t.Fatal(several.StatusCode, kind, err)
	}
	parts := multipart.NewReader(strings.NewReader(string(several.body)), params["boundary"])
	for _, want := range []string{whole[:2], whole[24:28], whole[size-2:]} {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(p)
		if err != nil || string(got) != want || p.Header.Get("Content-Type") != "video/mp4" {
			t.Errorf("%q, %v, %v; want %q", got, p.Header, err, want)
		}
	}
	if _, err := parts.NextPart(); err != io.EOF {
		t.Error(err)
	}
}

func TestFileIsNamedAndKept(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	d := b.put("acme")
	a := b.do("GET", d.Media, "", nil)
	age, rest, _ := strings.Cut(strings.TrimPrefix(a.Header.Get("Cache-Control"), "private, max-age="), ",")
	left, err := time.ParseDuration(age + "s")
	u, _ := url.Parse(d.Media)
	var until int64
	_, _ = fmt.Sscan(u.Query().Get("expires"), &until)
	if over := time.Unix(until, 0).Sub(time.Now().Add(left)); err != nil || rest != " immutable" || over < 0 || over > time.Minute {
		t.Errorf("%q is %s before its end: %v", a.Header.Get("Cache-Control"), over, err)
	}
	if a.Header.Get("Cross-Origin-Resource-Policy") != "cross-origin" || strings.Contains(fmt.Sprint(a.Header.Values("Vary")), "Authorization") {
		t.Error(a.Header)
	}
	byToken := b.do("GET", "/api/videos/"+d.ID+"/media", token(t, "acme", models.RoleViewer), nil)
	if h := byToken.Header; h.Get("Cache-Control") != "private, no-cache" || !strings.Contains(fmt.Sprint(h.Values("Vary")), "Authorization") || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
		t.Error(h)
	}
	for _, query := range []string{"&download=1", "&download=0", ""} {
		got := b.do("GET", d.Media+query, "", nil).Header.Get("Content-Disposition")
		want := "inline; filename=clip.mp4"
		if query == "&download=1" {
			want = "attachment; filename=clip.mp4"
		}
		if got != want {
			t.Errorf("%q: %s", query, got)
		}
	}
	// A page of another allowed origin may read it; one that is not may only show it.
	for origin, want := range map[string]string{"https://app.example": "https://app.example", "https://evil.example": ""} {
		h := b.do("GET", d.Media, "", nil, "Origin", origin, "Range", "bytes=0-1").Header
		if h.Get("Access-Control-Allow-Origin") != want || !strings.Contains(fmt.Sprint(h.Values("Vary")), "Origin") ||
			want != "" && !strings.Contains(h.Get("Access-Control-Expose-Headers"), "Content-Range") {
			t.Errorf("%s: %v", origin, h)
		}
	}
}

// A link speaks for the organization: it outlives the member who was given it,
// and not the video.
func TestLinkOutlivesAMemberAndNoVideo(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	d := b.put("acme")
	admin := token(t, "acme", models.RoleAdmin)
	b.do("DELETE", "/api/org/members/editor", admin, nil).into(t, http.StatusNoContent, nil)
	if a := b.do("GET", d.Media, "", nil); a.StatusCode != http.StatusOK {
		t.Error(a.StatusCode)
	}
	tag := b.do("HEAD", d.Media, "", nil).Header.Get("ETag")
	b.do("DELETE", "/api/videos/"+d.ID, admin, nil).into(t, http.StatusNoContent, nil)
	b.do("GET", d.Media, "", nil).refused(t, http.StatusNotFound, models.CodeNotFound)
	b.do("GET", d.Media, "", nil, "If-None-Match", tag).refused(t, http.StatusNotFound, models.CodeNotFound)
	if a := b.do("HEAD", d.Media, "", nil); a.StatusCode != http.StatusNotFound {
		t.Error(a.StatusCode)
	}
}

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
