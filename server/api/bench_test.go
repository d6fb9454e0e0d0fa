package api

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"reelroom/models"
)

// nothing reads as zeroes.
type nothing struct{}

func (nothing) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// BenchmarkUpload sends 256 MiB through a socket, the form's parser, the hash
// and the blob store.
func BenchmarkUpload(b *testing.B) {
	const size = 256 << 20
	t := newBench(b, nil)
	t.library.MaxUpload = size + 1024
	editor := token(b, "acme", models.RoleEditor)
	head := "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\n\r\n" + video("")
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		body := io.MultiReader(strings.NewReader(head), io.LimitReader(nothing{}, size), strings.NewReader("\r\n--x--\r\n"))
		if a := t.do(http.MethodPost, "/api/videos", editor, body, "Content-Type", "multipart/form-data; boundary=x"); a.StatusCode != http.StatusAccepted {
			b.Fatal(a.StatusCode, string(a.body))
		}
	}
}

// BenchmarkList reads a page of 20.
func BenchmarkList(b *testing.B) {
	t := newBench(b, nil)
	for range 20 {
		t.put("acme")
	}
	viewer := token(b, "acme", models.RoleViewer)
	for b.Loop() {
		if a := t.do(http.MethodGet, "/api/videos", viewer, nil); a.StatusCode != http.StatusOK {
			b.Fatal(a.StatusCode)
		}
	}
}

// BenchmarkPublish appends an outside event.
func BenchmarkPublish(b *testing.B) {
	t := newBench(b, nil)
	body := fmt.Sprintf(`{"event":"video:progress","videoId":%q,"data":{"progress":42,"stage":"metadata"}}`, t.put("acme").ID)
	service := token(b, "acme", models.RoleService)
	for b.Loop() {
		if a := t.json(http.MethodPost, "/api/events", service, body); a.StatusCode != http.StatusAccepted {
			b.Fatal(a.StatusCode, string(a.body))
		}
	}
}
