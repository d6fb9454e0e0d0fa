package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/worker/backend"
)

// header is the beginning of a file that passes the door.
const header = "\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41"

// writeBatch writes a form of many files; each is made when its turn comes.
func writeBatch(w io.Writer, files int, file func(i int) (name string, content []byte)) (kind string, write func() error) {
	form := multipart.NewWriter(w)
	return form.FormDataContentType(), func() error {
		for i := range files {
			name, content := file(i)
			part, err := form.CreateFormFile("files", name)
			if err == nil {
				_, err = part.Write(content)
			}
			if err != nil {
				return err
			}
		}
		return form.Close()
	}
}

// outcomeOf is a whole work in one step: only the statuses matter here.
func outcomeOf(v *models.Video, now time.Time) error {
	if err := models.Claim("w", 1)(v, now); err != nil {
		return err
	}
	if strings.HasPrefix(v.Title, "bad") {
		return models.Fail(v.Fence, models.Failure{Code: models.CodeCorrupt, Stage: v.Stage, Message: "no"})(v, now)
	}
	for _, stage := range models.Stages {
		if err := models.FinishStage(v.Fence, stage, func(*models.Video) {})(v, now); err != nil {
			return err
		}
	}
	return nil
}

// A batch of 1,000 in one request, ten of them refused and ten damaged, watched
// over the WebSocket and by polling while a made-up worker ends its videos.
func TestBatchOfAThousand(t *testing.T) {
	t.Parallel()
	const files = 1000
	// The Redis in the process is slow under the race detector.
	c, err := readConfig(map[string]string{"PORT": "0", "DATA_DIR": t.TempDir(), "WORKER": "off", "REDIS_URL": realRedis(t)})
	if err != nil {
		t.Fatal(err)
	}
	logger := slog.New(slog.DiscardHandler)
	b, err := backend.Open(t.Context(), &c.Config, logger)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	d, err := open(t.Context(), c, b, logger)
	if err != nil {
		t.Fatal(err)
	}
	defer d.sockets.Close(context.Background())
	server := httptest.NewServer(d.handler)
	defer server.Close()
	in := &installation{t: t, url: server.URL, secret: c.JWTSecret}
	editor := in.token("acme", models.RoleEditor)

	body, w := io.Pipe()
	kind, write := writeBatch(w, files, func(i int) (string, []byte) {
		switch {
		case i%100 == 7:
			return fmt.Sprint("text ", i), []byte("no video")
		case i%100 == 50:
			return fmt.Sprint("bad ", i), []byte(header)
		}
		return fmt.Sprint("clip ", i), []byte(header + "body")
	})
	go func() { w.CloseWithError(write()) }()
	began := time.Now()
	var s models.BatchState
	if status := in.call(http.MethodPost, "/batch/upload", editor, body, kind, &s); status != http.StatusAccepted {
		t.Fatalf("upload answered %d", status)
	}
	if s.Total != files || s.Processed != 10 || s.Progress != 1 || len(s.Rejected) != 10 || s.Rejected[9].Index != 907 {
		t.Fatalf("answered %+v", s)
	}
	t.Logf("%d files taken in %v", files, time.Since(began))

	socket, answer, err := websocket.Dial(t.Context(), server.URL+"/ws/batch/"+s.JobID+"?token="+editor, nil)
	if err != nil {
		t.Fatal(err, answer)
	}
	defer socket.CloseNow()
	var working sync.WaitGroup
	defer working.Wait()
	working.Go(func() {
		for page := (models.Page{Limit: 100, Batch: s.JobID, Status: []models.Status{models.StatusQueued}}); ; {
			found, err := b.Store.List(t.Context(), "acme", page)
			if err != nil || len(found.Videos) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			for i, v := range found.Videos {
				end := b.Store.Advance
				if i%10 == 9 || i == len(found.Videos)-1 { // one event tells of ten ends: the record is what counts
					end = b.Publisher.Advance
				}
				if _, err := end(t.Context(), "acme", v.ID, outcomeOf); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	began = time.Now()
	var polled, last models.BatchState
	messages := 0
	for last.Status != models.BatchComplete {
		_, raw, err := socket.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var next models.BatchState
		if err := json.Unmarshal(raw, &next); err != nil {
			t.Fatal(err)
		}
		if messages++; next.Progress < last.Progress || next.Processed < last.Processed || next.EtaSeconds != nil && *next.EtaSeconds < 0 {
			t.Errorf("%s after %+v", raw, last)
		}
		last = next
		in.call(http.MethodGet, "/batch/"+s.JobID+"/status", editor, nil, "", &next)
		if next.Progress < polled.Progress || next.Processed < polled.Processed || next.Processed < last.Processed {
			t.Errorf("polled %+v after %+v, told %s", next, polled, raw)
		}
		polled = next
	}
	if last.Processed != files || last.Succeeded != 980 || last.Failed != 10 || last.RejectedCount != 10 || last.Progress != 100 || last.FinishedAt == nil {
		t.Errorf("in the end %+v", last)
	}
	var end websocket.CloseError
	if _, _, err := socket.Read(t.Context()); !errors.As(err, &end) || end.Code != websocket.StatusNormalClosure {
		t.Errorf("closed with %v", err)
	}
	if most := int(time.Since(began)/(200*time.Millisecond)) + 3; messages > most || messages < 2 {
		t.Errorf("%d messages, at most %d were due", messages, most)
	}
	t.Logf("ended after %v, told in %d messages", time.Since(began), messages)
}

// A server killed while a batch arrives leaves the files that had come; they are
// worked on, and the same request again brings the others and nothing twice.
func TestBatchSurvivesAKill(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	environment := []string{"DATA_DIR=" + dir, "FFMPEG=" + testenv.Program(t, "ffmpeg")}
	up := func() (*installation, string, func()) {
		url, cmd := launch(t, environment...)
		in := &installation{t: t, url: url}
		in.waitReady()
		secret, err := os.ReadFile(filepath.Join(dir, secretFile))
		if err != nil {
			t.Fatal(err)
		}
		in.secret = strings.TrimSpace(string(secret))
		return in, in.token("acme", models.RoleEditor), func() {
			_ = cmd.Process.Signal(syscall.SIGKILL)
			_ = cmd.Wait()
		}
	}
	in, editor, kill := up()
	const files, whole = 8, 5
	good := sample(t)
	var form bytes.Buffer
	kind, write := writeBatch(&form, files, func(i int) (string, []byte) {
		if i%4 == 0 {
			return fmt.Sprintf("good %d.mp4", i), good
		}
		return fmt.Sprintf("bad %d.mp4", i), []byte(header + "marked " + fmt.Sprint(i))
	})
	if err := write(); err != nil {
		t.Fatal(err)
	}
	raw := form.Bytes()
	conn, err := net.Dial("tcp", strings.TrimPrefix(in.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /batch/upload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer %s\r\nIdempotency-Key: k\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n", editor, kind, len(raw))
	if _, err := conn.Write(raw[:bytes.Index(raw, []byte("marked 5"))]); err != nil {
		t.Fatal(err)
	}
	var list struct{ Data []models.Document }
	for deadline := time.Now().Add(patience); len(list.Data) < whole; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%d files came", len(list.Data))
		}
		in.call(http.MethodGet, "/api/videos", editor, nil, "", &list)
	}
	id := *list.Data[0].BatchID
	kill()
	killed := time.Now()

	in, editor, kill = up()
	ended := func(done func(s *models.BatchState) bool) (s models.BatchState) {
		t.Helper()
		for deadline := time.Now().Add(patience); ; time.Sleep(100 * time.Millisecond) {
			in.call(http.MethodGet, "/batch/"+id+"/status", editor, nil, "", &s)
			if done(&s) {
				return s
			}
			if time.Now().After(deadline) {
				t.Fatalf("in vain: %+v", s)
			}
		}
	}
	s := ended((*models.BatchState).Ended)
	if !s.Cut || s.Total != whole || s.Processed != whole || s.Succeeded != 2 || s.Failed != 3 || s.Status != models.BatchComplete {
		t.Errorf("after the kill: %+v", s)
	}
	t.Logf("ended %v after the kill", time.Since(killed))

	send := func() (s models.BatchState) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, in.url+"/batch/upload", bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+editor)
		r.Header.Set("Idempotency-Key", "k")
		r.Header.Set("Content-Type", kind)
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if err := json.NewDecoder(answer.Body).Decode(&s); err != nil || answer.StatusCode != http.StatusAccepted {
			t.Fatalf("%d %+v, %v", answer.StatusCode, s, err)
		}
		return s
	}
	if s = send(); s.JobID != id || s.Total != files || s.Cut {
		t.Errorf("sent again: %+v", s)
	}
	if s = send(); s.JobID != id || s.Total != files {
		t.Errorf("and again: %+v", s)
	}
	if s = ended((*models.BatchState).Ended); s.Total != files || s.Succeeded != 2 || s.Failed != 6 {
		t.Errorf("in the end: %+v", s)
	}
	in.call(http.MethodGet, "/api/videos", editor, nil, "", &list)
	if len(list.Data) != files {
		t.Errorf("%d videos", len(list.Data))
	}
	kill()
}
