package frontend

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
)

var page = fstest.MapFS{
	"index.html":            {Data: []byte("<!doctype html><p>page")},
	"icon.svg":              {Data: []byte("<svg/>")},
	"assets/index-ABCD.js":  {Data: []byte("export{}")},
	"assets/index-ABCD.css": {Data: []byte("p{}")},
}

// missing answers as the server does.
var missing = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	status := http.StatusNotFound
	if w.Header().Get("Allow") != "" {
		status = http.StatusMethodNotAllowed
	}
	http.Error(w, "There is nothing at this address.", status)
})

func ask(t *testing.T, h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func TestHandlerServesPageAndRoutes(t *testing.T) {
	t.Parallel()
	h := serve(load(page), missing)
	for _, tc := range []struct {
		path, mime, cache string
		status            int
	}{
		{"/", "text/html", "no-cache", 200},
		{"/index.html", "text/html", "no-cache", 200},
		{"/videos/01abc", "text/html", "no-cache", 200},
		{"/assets/index-ABCD.js", "text/javascript", "public, max-age=31536000, immutable", 200},
		{"/assets/index-ABCD.css", "text/css", "public, max-age=31536000, immutable", 200},
		{"/icon.svg", "image/svg+xml", "no-cache", 200},
		{"/assets/index-OLD.js", "text/plain", "", 404},
		{"/assets", "text/plain", "", 404},
		{"/robots.txt", "text/plain", "", 404},
		{"/api", "text/plain", "", 404},
		{"/api/videos", "text/plain", "", 404},
		{"/socket.io/", "text/plain", "", 404},
		{"/x/../api/videos", "text/plain", "", 404},
		{"/../embed.go", "text/plain", "", 404},
	} {
		w := ask(t, h, http.MethodGet, tc.path)
		if w.Code != tc.status || !strings.HasPrefix(w.Header().Get("Content-Type"), tc.mime) || w.Header().Get("Cache-Control") != tc.cache {
			t.Errorf("GET %s: %d %q %q", tc.path, w.Code, w.Header().Get("Content-Type"), w.Header().Get("Cache-Control"))
		}
		if w.Header().Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("GET %s: without nosniff", tc.path)
		}
		if w.Code == 200 && w.Header().Get("Content-Security-Policy") != Policy {
			t.Errorf("GET %s: without the policy", tc.path)
		}
	}
}

func TestHandlerAnswersAKnownETagWithNothing(t *testing.T) {
	t.Parallel()
	h := serve(load(page), missing)
	first := ask(t, h, http.MethodGet, "/")
	again := ask(t, h, http.MethodGet, "/", "If-None-Match", first.Header().Get("ETag"))
	if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Fatalf("%d with %d bytes", again.Code, again.Body.Len())
	}
}

func TestHandlerCompressesForThoseWhoTakeIt(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("export const many = 1;\n", 400)
	h := serve(load(fstest.MapFS{"assets/a.js": {Data: []byte(text)}}), missing)
	for accept, want := range map[string]string{"gzip, br": "gzip", "br, gzip;q=0.5": "gzip", "": "", "br": "", "gzip;q=0": "", "gzip; q=0.0": ""} {
		w := ask(t, h, http.MethodGet, "/assets/a.js", "Accept-Encoding", accept)
		if got := w.Header().Get("Content-Encoding"); got != want || w.Header().Get("Vary") != "Accept-Encoding" {
			t.Errorf("%q: encoding %q, vary %q", accept, got, w.Header().Get("Vary"))
			continue
		}
		body := io.Reader(w.Body)
		if want == "gzip" {
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		if got, err := io.ReadAll(body); err != nil || string(got) != text {
			t.Errorf("%q: %d bytes, %v", accept, len(got), err)
		}
	}
	plain, packed := ask(t, h, http.MethodGet, "/assets/a.js"), ask(t, h, http.MethodGet, "/assets/a.js", "Accept-Encoding", "gzip")
	if plain.Header().Get("ETag") == packed.Header().Get("ETag") {
		t.Error("two representations share an ETag")
	}
}

func TestHandlerAllowsReadingOnly(t *testing.T) {
	t.Parallel()
	h := serve(load(page), missing)
	if w := ask(t, h, http.MethodPost, "/"); w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Fatalf("POST: %d %q", w.Code, w.Header().Get("Allow"))
	}
	if w := ask(t, h, http.MethodHead, "/"); w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Fatalf("HEAD: %d with %d bytes", w.Code, w.Body.Len())
	}
}

// A client that asks for something else than a page gets none.
func TestUnknownPathIsThePageForBrowsersAlone(t *testing.T) {
	t.Parallel()
	h := serve(load(page), missing)
	for accept, want := range map[string]int{
		"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": 200, "": 200, "*/*": 200, "text/*": 200,
		"application/json": 404, "application/json, text/plain, */*": 404, "application/problem+json": 404, "text/event-stream": 404, "image/png": 404,
	} {
		if w := ask(t, h, http.MethodGet, "/vidoes/x", "Accept", accept); w.Code != want {
			t.Errorf("%q: %d, want %d", accept, w.Code, want)
		}
		if w := ask(t, h, http.MethodGet, "/", "Accept", accept); w.Code != 200 {
			t.Errorf("%q of the page itself: %d", accept, w.Code)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, "BREW"} {
		if w := ask(t, h, method, "/vidoes/x"); w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", method, w.Code)
		}
	}
}

// TestBuiltPageKeepsItsOwnPolicy looks into the committed build: all that the
// page names is there, and nothing is inline.
func TestBuiltPageKeepsItsOwnPolicy(t *testing.T) {
	t.Parallel()
	h := Handler(missing)
	index := ask(t, h, http.MethodGet, "/")
	if index.Code != http.StatusOK {
		t.Fatalf("GET /: %d", index.Code)
	}
	html := index.Body.String()
	if regexp.MustCompile(`<script(>| [^>]*[^>]>[^<])|<style|\son[a-z]+=|style=`).MatchString(html) {
		t.Errorf("index.html has something inline:\n%s", html)
	}
	refs := regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(html, -1)
	if len(refs) < 3 {
		t.Fatalf("index.html names %d files, want script, style and icon", len(refs))
	}
	for _, ref := range refs {
		if w := ask(t, h, http.MethodGet, ref[1]); w.Code != http.StatusOK || w.Body.Len() == 0 {
			t.Errorf("GET %s: %d with %d bytes", ref[1], w.Code, w.Body.Len())
		}
	}
}
