//go:build linux

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
	"reelroom/worker/health"
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
	for deadline := time.Now().Add(patience); ; time.Sleep(50 * time.Millisecond) {
		var body health.Readiness
		status := in.call(http.MethodGet, "/readyz", "", nil, "", &body)
		if status != http.StatusOK {
			t.Fatalf("on a full disk the process is not ready: %d %+v", status, body)
		}
		if body.Checks["disk"] == "failing" {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("a full disk does not stand in %+v", body)
		}
	}
	if status := in.call(http.MethodGet, "/readyz?deep=1", "", nil, "", nil); status != http.StatusServiceUnavailable {
		t.Errorf("?deep=1 was answered %d", status)
	}
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

// A disk of 60 MB takes no upload of 80 MB, and no more of 8 MB than fit.
func TestMoreThanTheDiskIsRefused(t *testing.T) {
	t.Parallel()
	in, disk := smallData(t, 60)
	editor, other := in.token("acme", models.RoleEditor), in.token("globex", models.RoleEditor)
	if status, code, _ := in.begin(editor, 80<<20); status != http.StatusInsufficientStorage || code != models.CodeDiskFull {
		t.Errorf("80 MB were answered %d %s", status, code)
	}
	if a := in.tus(http.MethodPost, "/api/uploads", editor, bytes.NewReader(movie(1000)), "Upload-Length", strconv.Itoa(80<<20), "Content-Type", "application/offset+octet-stream"); a.status != http.StatusInsufficientStorage || a.code != models.CodeDiskFull {
		t.Errorf("80 MB with their first bytes were answered %d %s", a.status, a.code)
	}
	if a := in.tus(http.MethodPost, "/api/uploads", editor, nil, "Upload-Defer-Length", "1"); a.status != http.StatusUnprocessableEntity {
		t.Errorf("an upload of any size was answered %d %s", a.status, a.code)
	}
	for path, field := range map[string]string{"/api/videos": "file", "/batch/upload": "files"} {
		if status, code := in.form(editor, path, field, 80<<20, true); status != http.StatusInsufficientStorage || code != models.CodeDiskFull {
			t.Errorf("a form of 80 MB to %s was answered %d %s", path, status, code)
		}
		// A size that nobody announced shows while the file comes. Of a batch, the
		// files before are kept.
		want := map[string]int{"/api/videos": http.StatusInsufficientStorage, "/batch/upload": http.StatusAccepted}[path]
		if status, code := in.form(editor, path, field, 60<<20, false); status != want || code != models.CodeDiskFull {
			t.Errorf("a form of some 60 MB to %s was answered %d %s", path, status, code)
		}
	}
	if n := blobFiles(t, disk); n != 0 {
		t.Errorf("%d files are left of what was refused", n)
	}
	var paths []string
	for range 10 {
		status, code, path := in.begin(editor, 8<<20)
		if status == http.StatusCreated {
			paths = append(paths, path)
		} else if status != http.StatusInsufficientStorage || code != models.CodeDiskFull {
			t.Errorf("8 MB were answered %d %s", status, code)
		}
	}
	if len(paths) < 3 || len(paths) > 6 {
		t.Fatalf("%d uploads of 8 MB were let in to 60 MB", len(paths))
	}
	if status, _, _ := in.begin(other, 8<<20); status != http.StatusInsufficientStorage {
		t.Errorf("another organization's was answered %d", status)
	}
	// Each that was let in comes through, also while the last does.
	file := movie(8 << 20)
	for _, path := range paths[1:] {
		if a := in.tus(http.MethodPatch, path, editor, bytes.NewReader(file), "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream"); a.status != http.StatusNoContent || a.header.Get("Reelroom-Video-Id") == "" {
			t.Errorf("an upload that was let in was answered %d %s", a.status, a.code)
		}
	}
	if a := in.tus(http.MethodDelete, paths[0], editor, nil); a.status != http.StatusNoContent {
		t.Errorf("giving one up was answered %d %s", a.status, a.code)
	}
	if status, code, _ := in.begin(other, 8<<20); status != http.StatusCreated {
		t.Errorf("after one was given up another organization's was answered %d %s", status, code)
	}
	if status := in.call(http.MethodGet, "/readyz", "", nil, "", nil); status != http.StatusOK {
		t.Errorf("/readyz was answered %d", status)
	}
}

// form sends a form with one file of so many bytes.
func (in *installation) form(token, path, field string, size int, known bool) (status int, code models.Code) {
	in.t.Helper()
	const boundary = "the-boundary-of-this-form"
	head := "--" + boundary + "\r\nContent-Disposition: form-data; name=\"" + field + "\"; filename=\"a.mp4\"\r\nContent-Type: video/mp4\r\n\r\n"
	body := io.MultiReader(strings.NewReader(head), bytes.NewReader(movie(size)), strings.NewReader("\r\n--"+boundary+"--\r\n"))
	r, err := http.NewRequestWithContext(in.t.Context(), http.MethodPost, in.url+path, body)
	if err != nil {
		in.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "multipart/form-data; boundary="+boundary)
	r.Header.Set("Expect", "100-continue")
	if known {
		r.ContentLength = int64(len(head) + size + len(boundary) + 8)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		in.t.Fatalf("%s: %v", path, err)
	}
	defer answer.Body.Close()
	var p struct {
		Code     models.Code
		Rejected []models.Rejection
	}
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		in.t.Fatalf("%s: %v", path, err)
	}
	_ = json.Unmarshal(raw, &p)
	if len(p.Rejected) > 0 {
		p.Code = p.Rejected[0].Code
	}
	return answer.StatusCode, p.Code
}

// What an organization keeps, and what it has announced, is bounded by its quota,
// at every entry; deleting gives it back, and others have their own.
func TestQuotaAtEveryEntry(t *testing.T) {
	t.Parallel()
	in := start(t, map[string]string{
		"WORKER": "off", "JWT_SECRET": strings.Repeat("test-secret-", 4), "LIMIT_ORG_STORED_MB": "4", "LIMIT_ORG_VIDEOS": "3", "LOG_LEVEL": "error",
	})
	editor, other := in.token("acme", models.RoleEditor), in.token("globex", models.RoleEditor)
	refused := func(what string, size int) {
		t.Helper()
		if status, code, _ := in.begin(editor, int64(size)); status != http.StatusForbidden || code != models.CodeQuota {
			t.Errorf("%s, a resumable upload was answered %d %s", what, status, code)
		}
		for path, field := range map[string]string{"/api/videos": "file", "/batch/upload": "files"} {
			if status, code := in.form(editor, path, field, size, true); status != http.StatusForbidden || code != models.CodeQuota {
				t.Errorf("%s, a form to %s was answered %d %s", what, path, status, code)
			}
		}
	}
	refused("above the quota", 5<<20)
	for _, path := range []string{"/api/videos", "/batch/upload"} {
		want := map[string]int{"/api/videos": http.StatusForbidden, "/batch/upload": http.StatusAccepted}[path]
		field := map[string]string{"/api/videos": "file", "/batch/upload": "files"}[path]
		if status, code := in.form(editor, path, field, 5<<20, false); status != want || code != models.CodeQuota {
			t.Errorf("above the quota, a form of a size that is not announced to %s was answered %d %s", path, status, code)
		}
	}
	var first models.Document
	if status := in.upload(editor, "a.mp4", movie(2<<20), &first); status != http.StatusAccepted {
		t.Fatalf("within the quota an upload was answered %d", status)
	}
	refused("with half of it kept", 3<<20)
	_, _, path := in.begin(editor, 1<<20)
	refused("with a quarter announced", 2<<20)
	if a := in.tus(http.MethodPatch, path, editor, bytes.NewReader(movie(1<<20)), "Upload-Offset", "0", "Content-Type", "application/offset+octet-stream"); a.status != http.StatusNoContent {
		t.Errorf("what was let in was answered %d %s", a.status, a.code)
	}
	refused("when it has come", 2<<20)
	if status := in.upload(editor, "c.mp4", movie(1000), nil); status != http.StatusAccepted {
		t.Errorf("the third video was answered %d", status)
	}
	refused("with all videos made", 1000)
	if status, code, _ := in.begin(other, 3<<20); status != http.StatusCreated {
		t.Errorf("another organization was answered %d %s", status, code)
	}
	if status := in.call(http.MethodDelete, "/api/videos/"+first.ID, editor, nil, "", nil); status != http.StatusNoContent {
		t.Fatalf("deleting was answered %d", status)
	}
	if status := in.upload(editor, "d.mp4", movie(2<<20), nil); status != http.StatusAccepted {
		t.Errorf("with one deleted an upload was answered %d", status)
	}
}
