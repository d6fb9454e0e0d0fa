package main

import (
	"encoding/base64"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"reelroom/models"
)

// begin, offset and take are a tus server of one upload, which loses the
// connection after each 150,000 bytes.
func (f *fake) begin(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if p := f.refuse("upload"); p != nil {
		fail(w, p)
		return
	}
	_, title, _ := strings.Cut(r.Header.Get("Upload-Metadata"), ",title ")
	raw, _ := base64.StdEncoding.DecodeString(title)
	f.uploads["tus"], f.titles["tus"], f.titles["length"] = "", string(raw), r.Header.Get("Upload-Length")
	w.Header().Set("Location", "/api/uploads/one")
	w.WriteHeader(http.StatusCreated)
}

func (f *fake) offset(w http.ResponseWriter, _ *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := strconv.Itoa(len(f.uploads["tus"]))
	w.Header().Set("Upload-Offset", n)
	if n == f.titles["length"] {
		f.documents["video-tus"] = models.Document{ID: "video-tus", Status: models.StatusQueued}
		w.Header().Set("Reelroom-Video-Id", "video-tus")
	}
}

func (f *fake) take(w http.ResponseWriter, r *http.Request) {
	piece, _ := io.ReadAll(io.LimitReader(r.Body, 150_000))
	f.mu.Lock()
	defer f.mu.Unlock()
	if r.Header.Get("Upload-Offset") != strconv.Itoa(len(f.uploads["tus"])) || r.Header.Get("Tus-Resumable") != "1.0.0" {
		fail(w, &problem{Status: 409, Code: models.CodeOffset})
		return
	}
	f.uploads["tus"] += string(piece)
	if strconv.Itoa(len(f.uploads["tus"])) != f.titles["length"] {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(http.StatusNoContent)
}

func TestResumableUploadGoesOn(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	path := files(t, "a.mp4")[0]
	f.harness(t.Context(), "upload", "--resumable", path, "--title", "Mine").want(t, 0, "video-tus  queued  "+path+"\n", "")
	if f.uploads["tus"] != strings.Repeat("a.mp4", 100_000) || f.titles["tus"] != "Mine" {
		t.Errorf("%d bytes came, title %q", len(f.uploads["tus"]), f.titles["tus"])
	}
	f.refuse = func(string) *problem { return &problem{Status: 429, Code: models.CodeRateLimited, Detail: "Too many."} }
	f.harness(t.Context(), "upload", "--resumable", path).want(t, 1, "", "…"+path+": rate_limited: Too many.\n")
}
