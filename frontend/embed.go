package frontend

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed all:dist
var dist embed.FS

// Policy is the page's content security policy. Scripts and styles come from
// hashed files only. Style properties that a script sets on an element are not
// governed by it (CSP Level 3, section 6.1.14), so the component kit needs no
// 'unsafe-inline'. data: is for the blurred placeholders of thumbnails.
// connect-src 'self' covers the page's own web sockets (section 6.7.2.8).
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; " +
	"font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// asset is a file as it is sent.
type asset struct {
	body []byte
	// gzipped is the body for those who take it; nil when it would not help.
	gzipped []byte
	mime    string
	etag    string
	// hashed files have the hash of their content in their name.
	hashed bool
}

// Handler serves the built page: its files, and index.html for every other
// path, because the page has routes of its own; and the React package, for
// apps that install it without a registry, at /sdk/reelroom-react.tgz. Paths
// below /api/, /socket.io/ and /sdk/, and names of files that are not there, are
// answered by missing; so is every method but GET and HEAD, for a path that
// there is with a header Allow.
func Handler(missing http.Handler) http.Handler {
	files, err := fs.Sub(dist, "dist")
	if err != nil { // the folder is embedded: only a wrong name could do this
		panic(err)
	}
	assets := load(files)
	assets[sdkPath] = newAsset(sdkPath, sdk())
	return serve(assets, missing)
}

func serve(assets map[string]asset, missing http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
		a, ok := assets[name]
		read := r.Method == http.MethodGet || r.Method == http.MethodHead
		if ok && !read {
			h.Set("Allow", "GET, HEAD")
		}
		if !read || !ok && !(ours(name) && takesHTML(r)) {
			missing.ServeHTTP(w, r)
			return
		}
		if !ok {
			a, ok = assets["index.html"]
		}
		if !ok {
			http.Error(w, "The page was not built.", http.StatusNotFound)
			return
		}
		h.Set("Content-Type", a.mime)
		h.Set("Content-Security-Policy", Policy)
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-cache")
		if a.hashed {
			h.Set("Cache-Control", "public, max-age=31536000, immutable")
		}
		body, etag := a.body, a.etag
		if a.gzipped != nil {
			h.Set("Vary", "Accept-Encoding")
			if takesGzip(r) {
				h.Set("Content-Encoding", "gzip")
				body, etag = a.gzipped, a.etag+"-gzip"
			}
		}
		h.Set("ETag", `"`+etag+`"`)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(body))
	})
}

// ours reports whether an unknown path may be a route of the page: it is not
// another door's, and does not name a file.
func ours(name string) bool {
	for _, door := range []string{"api", "socket.io", "assets", "sdk"} {
		if name == door || strings.HasPrefix(name, door+"/") {
			return false
		}
	}
	return path.Ext(name) == ""
}

// takesHTML reports whether the request can mean a page: it names HTML, as that
// of a browser does, or any type, but not JSON or a stream of events beside it
// (RFC 9110, section 12.5.1).
func takesHTML(r *http.Request) bool {
	accept := strings.ToLower(strings.Join(r.Header.Values("Accept"), ","))
	has := func(kind string) bool { return strings.Contains(accept, kind) }
	return accept == "" || has("html") || (has("*/*") || has("text/*")) && !has("json") && !has("event-stream")
}

func load(files fs.FS) map[string]asset {
	assets := map[string]asset{}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		assets[name] = newAsset(name, body)
		return nil
	})
	if err != nil { // an embedded file is always readable
		panic(err)
	}
	if index, ok := assets["index.html"]; ok {
		assets[""] = index
	}
	return assets
}

func newAsset(name string, body []byte) asset {
	sum := sha256.Sum256(body)
	return asset{
		body:    body,
		mime:    mimeOf(name),
		etag:    base64.RawURLEncoding.EncodeToString(sum[:12]),
		hashed:  strings.HasPrefix(name, "assets/"),
		gzipped: compress(body),
	}
}

// takesGzip reports whether the request names gzip without refusing it (RFC
// 9110, section 12.5.3). A range is cut from the plain body.
func takesGzip(r *http.Request) bool {
	if r.Header.Get("Range") != "" {
		return false
	}
	for coding := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, params, _ := strings.Cut(coding, ";")
		if strings.TrimSpace(name) == "gzip" {
			q := strings.TrimRight(strings.ReplaceAll(params, " ", ""), "0")
			return q != "q=" && q != "q=0."
		}
	}
	return false
}

// compress returns the gzipped body, nil when that saves less than a tenth.
func compress(body []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(body) // a buffer takes everything
	_ = w.Close()
	if b.Len() > len(body)*9/10 {
		return nil
	}
	return b.Bytes()
}

// mimeOf does not ask the machine's own table for the kinds that a page is
// made of: a wrong one there would break it.
func mimeOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	case ".woff2":
		return "font/woff2"
	case ".tgz":
		return "application/gzip"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}
