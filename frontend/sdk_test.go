package frontend

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"testing"
)

// unpack returns the files of a packed npm package by their names in it.
func unpack(t *testing.T, body []byte) map[string][]byte {
	t.Helper()
	z, err := gzip.NewReader(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{}
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return files
		}
		if err != nil {
			t.Fatal(err)
		}
		if !h.ModTime.Equal(packed) || h.Mode != 0o644 || h.Typeflag != tar.TypeReg {
			t.Errorf("%s: %v, mode %o, type %c", h.Name, h.ModTime, h.Mode, h.Typeflag)
		}
		if files[h.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSDKIsThePackageWithItsCode(t *testing.T) {
	t.Parallel()
	w := ask(t, Handler(missing), http.MethodGet, "/"+sdkPath)
	h := w.Header()
	if w.Code != 200 || h.Get("Content-Type") != "application/gzip" || h.Get("Content-Encoding") != "" || h.Get("Cache-Control") != "no-cache" || h.Get("ETag") == "" {
		t.Fatalf("%d %v", w.Code, h)
	}
	files := unpack(t, w.Body.Bytes())
	for name, body := range files {
		on, err := os.ReadFile("packages/react/" + strings.TrimPrefix(name, "package/"))
		if err != nil || !bytes.Equal(on, body) {
			t.Errorf("%s differs from the file in the repository: %v", name, err)
		}
	}
	var manifest struct {
		Name, Version, License string
		Main, Types            string
	}
	if err := json.Unmarshal(files["package/package.json"], &manifest); err != nil || manifest.Version == "" {
		t.Fatalf("%+v %v", manifest, err)
	}
	for _, name := range []string{"LICENSE", "README.md", manifest.Main, manifest.Types} {
		if len(files[path.Join("package", name)]) == 0 {
			t.Errorf("%s is missing among %d files", name, len(files))
		}
	}
}

func TestSDKHasTheSameBytesEachTime(t *testing.T) {
	t.Parallel()
	first := ask(t, Handler(missing), http.MethodGet, "/"+sdkPath)
	if again := ask(t, Handler(missing), http.MethodGet, "/"+sdkPath); !bytes.Equal(first.Body.Bytes(), again.Body.Bytes()) {
		t.Fatal("two servers offer different bytes")
	}
	etag := first.Header().Get("ETag")
	if w := ask(t, Handler(missing), http.MethodGet, "/"+sdkPath, "If-None-Match", etag, "Accept-Encoding", "gzip"); w.Code != http.StatusNotModified {
		t.Fatalf("%d for a known ETag", w.Code)
	}
	if w := ask(t, Handler(missing), http.MethodHead, "/"+sdkPath); w.Code != 200 || w.Body.Len() != 0 {
		t.Fatalf("HEAD: %d with %d bytes", w.Code, w.Body.Len())
	}
	for _, other := range []string{"/sdk", "/sdk/", "/sdk/reelroom-react", "/sdk/other.tgz"} {
		if w := ask(t, Handler(missing), http.MethodGet, other); w.Code != http.StatusNotFound {
			t.Errorf("GET %s: %d", other, w.Code)
		}
	}
}
