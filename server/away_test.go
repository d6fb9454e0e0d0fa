//go:build linux

package main

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"reelroom/models"
)

// A resumable upload is begun, comes and becomes a video while Redis is away.
func TestResumableUploadWithoutRedis(t *testing.T) {
	t.Parallel()
	redis := miniredis.NewMiniRedis()
	if err := redis.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(redis.Close)
	secret := strings.Repeat("test-secret-", 4)
	url, _ := launch(t, "DATA_DIR="+dataDir(t), "WORKER=off", "JWT_SECRET="+secret, "REDIS_URL=redis://"+redis.Addr()) // by itself, as it logs errors
	in := &installation{t: t, url: url, secret: secret}
	in.until(http.StatusOK)
	redis.Close()
	in.until(http.StatusServiceUnavailable)
	editor, file := in.token("acme", models.RoleEditor), movie(300_000)
	status, code, path := in.begin(editor, int64(len(file)))
	if status != http.StatusCreated {
		t.Fatalf("an upload was answered %d %s", status, code)
	}
	var a tusAnswer
	for at := 0; at < len(file); at += 100_000 {
		a = in.tus(http.MethodPatch, path, editor, bytes.NewReader(file[at:at+100_000]), "Upload-Offset", strconv.Itoa(at), "Content-Type", "application/offset+octet-stream")
		if a.status != http.StatusNoContent {
			t.Fatalf("the bytes at %d were answered %d %s", at, a.status, a.code)
		}
	}
	var d models.Document
	if status := in.call(http.MethodGet, "/api/videos/"+a.header.Get("Reelroom-Video-Id"), editor, nil, "", &d); status != http.StatusOK || d.Status != models.StatusQueued {
		t.Errorf("its video was answered %d: %+v", status, d)
	}
	if status := in.call(http.MethodGet, "/readyz", "", nil, "", nil); status != http.StatusOK {
		t.Errorf("/readyz was answered %d", status)
	}
}
