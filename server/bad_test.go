package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
)

// made runs ffmpeg with these arguments and returns the file that it writes.
func made(t *testing.T, ffmpeg, name, arguments string) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	args := append([]string{"-v", "error", "-y"}, strings.Fields(arguments)...)
	if out, err := exec.CommandContext(t.Context(), ffmpeg, append(args, path)...).CombinedOutput(); err != nil {
		t.Fatalf("make %s: %v\n%s", name, err, out)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// noMoov cuts the index out of an MP4 file: ftyp, then mdat alone.
func noMoov(data []byte) []byte {
	i := bytes.Index(data, []byte("mdat"))
	return append(bytes.Clone(data[:32]), data[i-4:]...)
}

// Whatever comes in is processed truly or ends in a clear coded error: at the
// upload, or as video:failed.
func TestBadInputEndsClearly(t *testing.T) {
	t.Parallel()
	ffmpeg := testenv.Program(t, "ffmpeg")
	good := sample(t)
	secret := filepath.Join(t.TempDir(), "secret.ts")
	if err := os.WriteFile(secret, good, 0o600); err != nil {
		t.Fatal(err)
	}
	playlist := "#EXTM3U\n#EXT-X-TARGETDURATION:40\n#EXTINF:40,\nfile://" + secret + "\n#EXT-X-ENDLIST\n"
	manifest := `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT40S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>file://` + secret + `</BaseURL></Representation></AdaptationSet></Period></MPD>`
	const picture = "-f lavfi -i testsrc2=s=320x180:r=10:d=3 "

	in := start(t, map[string]string{"FFMPEG": ffmpeg, "MAX_UPLOAD_BYTES": "8000000"})
	editor := in.token("acme", models.RoleEditor)
	for _, c := range []struct {
		name    string
		data    []byte
		refused models.Code // at the upload
		failed  models.Code // as video:failed; neither: processed
		warning string
	}{
		{name: "zero.mp4", refused: models.CodeEmptyFile},
		{name: "text.mp4", data: []byte("this is no video\n"), refused: models.CodeUnsupportedMedia},
		{name: "picture.mp4", data: made(t, ffmpeg, "p.png", picture+"-frames:v 1"), refused: models.CodeUnsupportedMedia},
		{name: "playlist.mp4", data: []byte(playlist), refused: models.CodeUnsupportedMedia},
		{name: "manifest.mp4", data: []byte(manifest), refused: models.CodeUnsupportedMedia},
		{name: "toolarge.mp4", data: append(bytes.Clone(good), make([]byte, 9_000_000)...), refused: models.CodeTooLarge},
		{name: "nomoov.mp4", data: noMoov(good), failed: models.CodeCorrupt},
		{name: "noise.mp4", data: append(bytes.Clone(good[:32]), bytes.Repeat([]byte{7, 3, 9}, 4000)...), failed: models.CodeCorrupt},
		{name: "truncated.mp4", data: good[:len(good)*6/10], warning: "truncated"},
		{name: "audio.mp4", data: made(t, ffmpeg, "a.mp4", "-f lavfi -i sine=d=3 -c:a aac"), failed: models.CodeNoVideo},
		{name: "live.webm", data: made(t, ffmpeg, "l.webm", picture+"-c:v libvpx -deadline realtime -live 1")},
		{name: "huge.avi", data: made(t, ffmpeg, "h.avi", "-f lavfi -i color=gray:s=16000x16000:r=1:d=1 -frames:v 1 -c:v mjpeg -pix_fmt yuvj420p"), failed: models.CodeDimensions},
		{name: "25hours.mkv", data: made(t, ffmpeg, "h.mkv", "-f lavfi -i testsrc2=s=64x64:r=10:d=0.5,settb=1/1000,setpts=N*22500/TB -fps_mode passthrough -c:v mjpeg -pix_fmt yuvj420p"), failed: models.CodeDuration},
		{name: "../../../etc/passwd.mp4", data: good},
		{name: `a"b'c;<script>.mp4`, data: good},
		{name: "http:evil.mp4", data: good},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			in := &installation{t: t, url: in.url, secret: in.secret}
			var raw json.RawMessage
			status := in.upload(editor, c.name, c.data, &raw)
			var answer struct {
				ID     string      `json:"id"`
				Code   models.Code `json:"code"`
				Detail string      `json:"detail"`
			}
			if err := json.Unmarshal(raw, &answer); err != nil {
				t.Fatal(err)
			}
			if c.refused != "" {
				if status < 400 || answer.Code != c.refused || answer.Detail == "" {
					t.Errorf("answered %d %s %q, want %s", status, answer.Code, answer.Detail, c.refused)
				}
				return
			}
			if status != http.StatusAccepted {
				t.Fatalf("answered %d %s %q", status, answer.Code, answer.Detail)
			}
			d := in.settled(editor, answer.ID)
			switch {
			case c.failed != "":
				if d.Status != models.StatusFailed || d.Code == nil || *d.Code != c.failed || d.Error == nil || strings.Contains(*d.Error, "/") {
					t.Errorf("ended as %s %s %s, want %s", d.Status, deref(d.Code), deref(d.Error), c.failed)
				}
			case d.Status != models.StatusCompleted:
				t.Errorf("ended as %s %s %s", d.Status, deref(d.Code), deref(d.Error))
			case c.warning != "" && (len(d.Warnings) == 0 || d.Warnings[0].Code != c.warning):
				t.Errorf("warnings %v, want %s", d.Warnings, c.warning)
			case d.Metadata.DurationSeconds <= 0:
				t.Errorf("duration %v", d.Metadata.DurationSeconds)
			}
		})
	}
}

func deref[T ~string](s *T) string {
	if s == nil {
		return "–"
	}
	return string(*s)
}

// settled waits for the outcome of a video.
func (in *installation) settled(token, id string) (d models.Document) {
	in.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		in.call(http.MethodGet, "/api/videos/"+id, token, nil, "", &d)
		if d.Status.Terminal() {
			return d
		}
	}
	in.t.Fatalf("no outcome: %s %s %d", d.Status, deref(d.Stage), d.Progress)
	return d
}

// An upload that is cut in the middle leaves neither a video nor a file.
func TestCutUploadLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	in := start(t, map[string]string{"DATA_DIR": dir, "WORKER": "off"})
	editor := in.token("acme", models.RoleEditor)
	conn, err := new(net.Dialer).DialContext(context.Background(), "tcp", strings.TrimPrefix(in.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	head := "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp4\"\r\n\r\n"
	fmt.Fprintf(conn, "POST /api/videos HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: %d\r\n\r\n%s",
		editor, len(head)+len(sample(t))+9, head)
	if _, err := conn.Write(sample(t)[:100_000]); err != nil {
		t.Fatal(err)
	}
	_ = conn.(*net.TCPConn).CloseWrite()
	answer, _ := io.ReadAll(conn)
	conn.Close()
	if !strings.Contains(string(answer), string(models.CodeUploadIncomplete)) {
		t.Errorf("the cut upload was answered %q", answer)
	}
	if n := files(t, os.DirFS(dir+"/blobs")); n != 0 {
		t.Errorf("%d files are left", n)
	}
	var list struct {
		Data []models.Document `json:"data"`
	}
	in.call(http.MethodGet, "/api/videos", editor, nil, "", &list)
	if len(list.Data) != 0 {
		t.Errorf("a video was made: %+v", list.Data)
	}
}
