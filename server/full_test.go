package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest"
	"reelroom/models/modelstest/testenv"
)

// smallData starts a server whose DATA_DIR is a disk of so many MiB.
func smallData(t *testing.T, mib int, more ...string) (in *installation, disk string) {
	t.Helper()
	disk, ok := modelstest.SmallDisk(t, mib<<20)
	if !ok {
		testenv.Missing(t, "right to mount a small disk")
	}
	variables := map[string]string{
		"DATA_DIR": disk, "WORKER": "off", "JWT_SECRET": strings.Repeat("test-secret-", 4),
	}
	for i := 0; i < len(more); i += 2 {
		variables[more[i]] = more[i+1]
	}
	in, _ = node(t, variables)
	return in, disk
}

// begin announces a resumable upload.
func (in *installation) begin(token string, size int64) (status int, code models.Code, path string) {
	in.t.Helper()
	answer := in.tus(http.MethodPost, "/api/uploads", token, nil, "Upload-Length", strconv.FormatInt(size, 10))
	return answer.status, answer.code, answer.header.Get("Location")
}

type tusAnswer struct {
	status int
	code   models.Code
	header http.Header
}

func (in *installation) tus(method, path, token string, body io.Reader, header ...string) tusAnswer {
	in.t.Helper()
	r, err := http.NewRequestWithContext(in.t.Context(), method, in.url+path, body)
	if err != nil {
		in.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Tus-Resumable", "1.0.0")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		in.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer answer.Body.Close()
	var p struct{ Code models.Code }
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		in.t.Fatalf("%s %s: %v", method, path, err)
	}
	_ = json.Unmarshal(raw, &p)
	return tusAnswer{answer.StatusCode, p.Code, answer.Header}
}

// movie is the body of a file that passes the door, of any size.
func movie(size int) []byte {
	raw := bytes.Repeat([]byte("bytes of no meaning "), size/20+1)[:size]
	copy(raw, "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41")
	return raw
}

// On a disk without one free byte, what frees space works: an upload is given
// up, work is cancelled, videos are deleted, and their files go.
func TestDeletingOnAFullDisk(t *testing.T) {
	t.Parallel()
	in, disk := smallData(t, 60)
	editor := in.token("acme", models.RoleEditor)
	var videos [4]models.Document
	for i := range videos {
		if status := in.upload(editor, "clip.mp4", movie(2<<20), &videos[i]); status != http.StatusAccepted {
			t.Fatalf("an upload while there was room was answered %d", status)
		}
	}
	_, _, path := in.begin(editor, 4<<20)
	if a := in.tus(http.MethodPatch, path, editor, bytes.NewReader(movie(1<<20)), "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream"); a.status != http.StatusNoContent {
		t.Fatalf("the first bytes of an upload were answered %d %s", a.status, a.code)
	}
	modelstest.FillDisk(t, disk)
	if status := in.call(http.MethodPost, "/api/videos/"+videos[0].ID+"/cancel", editor, nil, "", nil); status != http.StatusOK {
		t.Errorf("cancelling was answered %d", status)
	}
	for _, v := range videos {
		if status := in.call(http.MethodDelete, "/api/videos/"+v.ID, editor, nil, "", nil); status != http.StatusNoContent {
			t.Errorf("deleting a video was answered %d", status)
		}
	}
	if a := in.tus(http.MethodDelete, path, editor, nil); a.status != http.StatusNoContent {
		t.Errorf("giving an upload up was answered %d %s", a.status, a.code)
	}
	for deadline := time.Now().Add(patience); blobFiles(t, disk) > 0; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d files of deleted videos are still there", blobFiles(t, disk))
		}
	}
	var free syscall.Statfs_t
	if err := syscall.Statfs(disk, &free); err != nil || int64(free.Bavail)*free.Bsize < 8<<20 {
		t.Errorf("%d bytes are free, %v", int64(free.Bavail)*free.Bsize, err)
	}
	var d models.Document
	if status := in.upload(editor, "clip.mp4", movie(2<<20), &d); status != http.StatusAccepted {
		t.Errorf("an upload after that was answered %d", status)
	}
}
