package api

import (
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

var maxAge = regexp.MustCompile(`max-age=\d+`)

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
			// A second may have gone by between the two.
			h.Header.Set("Cache-Control", maxAge.ReplaceAllString(h.Header.Get("Cache-Control"), "max-age=N"))
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
	asked := time.Now() // before the server looks at its clock
	a := b.do("GET", d.Media, "", nil)
	age, rest, _ := strings.Cut(strings.TrimPrefix(a.Header.Get("Cache-Control"), "private, max-age="), ",")
	left, err := time.ParseDuration(age + "s")
	u, _ := url.Parse(d.Media)
	var until int64
	_, _ = fmt.Sscan(u.Query().Get("expires"), &until)
	if over := time.Unix(until, 0).Sub(asked.Add(left)); err != nil || rest != " immutable" || over < 0 || over > time.Minute {
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
	// A page of another allowed origin may read it; one that is not may only show
	// it, for which a browser names no origin.
	for origin, want := range map[string]int{"https://app.example": http.StatusPartialContent, "https://evil.example": http.StatusForbidden} {
		a := b.do("GET", d.Media, "", nil, "Origin", origin, "Range", "bytes=0-1")
		if h := a.Header; a.StatusCode != want || h.Get("Access-Control-Allow-Origin") != origin || !strings.Contains(fmt.Sprint(h.Values("Vary")), "Origin") ||
			!strings.Contains(h.Get("Access-Control-Expose-Headers"), "Content-Range") {
			t.Errorf("%s: %d %v", origin, a.StatusCode, h)
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
