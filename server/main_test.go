package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/server/auth"
	"reelroom/server/harness/sio"
	"reelroom/worker/ffmpeg"
)

func TestMain(m *testing.M) {
	testenv.Forbidden()
	ffmpeg.Child()
	var err error
	if scratch, err = os.MkdirTemp("", "reelroom-server-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// What nobody gave a logger of a test's own is looked through, too.
	defaults := testenv.NewLog(nil, os.Stderr)
	slog.SetDefault(slog.New(slog.NewTextHandler(defaults, nil)))
	code := m.Run()
	if found := defaults.Found(); len(found) > 0 {
		fmt.Fprintln(os.Stderr, "a secret reached the default log:", found)
		code = 1
	}
	os.RemoveAll(scratch)
	os.Exit(code)
}

// scratch is a folder for what the tests share.
var scratch string

// dataDir makes a DATA_DIR that need not compile the embedded ffmpeg again.
func dataDir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	compiled := filepath.Join(scratch, "ffmpeg")
	if err := os.MkdirAll(compiled, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(compiled, filepath.Join(dir, "ffmpeg")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// patience bounds each wait of these tests: the embedded ffmpeg is slow where
// the race detector slows it further.
const patience = 4 * time.Minute

// installation is a running server as a client sees it.
type installation struct {
	t      testing.TB
	url    string
	secret string
	dir    string // DATA_DIR
}

// start runs the server in this process, embedded unless variables say else,
// and stops it at the end of the test.
func start(t testing.TB, variables map[string]string) *installation {
	t.Helper()
	values := map[string]string{"PORT": "0", "DATA_DIR": dataDir(t), "LOG_LEVEL": "error"}
	for k, v := range variables {
		values[k] = v
	}
	c, err := readConfig(values)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	address, done := make(chan string, 1), make(chan error, 1)
	var said bytes.Buffer
	logger := slog.New(slog.NewMultiHandler(
		slog.NewTextHandler(&said, &slog.HandlerOptions{Level: slog.LevelError}),
		slog.NewTextHandler(testenv.NewLog(t, nil), &slog.HandlerOptions{Level: slog.LevelDebug}), // for secrets
	))
	go func() { done <- run(ctx, c, logger, io.Discard, func(url string) { address <- url }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the server ended with %v", err)
		}
		if said.Len() > 0 {
			t.Errorf("the server logged errors:\n%s", said.String())
		}
	})
	select {
	case url := <-address:
		return &installation{t: t, url: url, secret: c.JWTSecret, dir: c.DataDir}
	case err := <-done:
		done <- err
		t.Fatalf("the server did not start: %v", err)
	case <-time.After(patience):
		t.Fatal("the server did not start in time")
	}
	return nil
}

// token speaks for somebody of an organization.
func (in *installation) token(org string, role models.Role) string {
	in.t.Helper()
	token, err := auth.Mint([]byte(in.secret), models.Identity{UserID: "u-" + string(role), OrganizationID: org, Role: role}, time.Hour)
	if err != nil {
		in.t.Fatal(err)
	}
	return token
}

// call sends a request and decodes the JSON answer into out, when not nil.
func (in *installation) call(method, path, token string, body io.Reader, kind string, out any) int {
	in.t.Helper()
	url := path
	if strings.HasPrefix(path, "/") {
		url = in.url + path
	}
	r, err := http.NewRequestWithContext(in.t.Context(), method, url, body)
	if err != nil {
		in.t.Fatal(err)
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		in.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(answer.Body)
	if err != nil {
		in.t.Fatalf("%s %s: %v", method, path, err)
	}
	if out != nil {
		if err := json.Unmarshal(raw, out); err != nil {
			in.t.Fatalf("%s %s: %d %s", method, path, answer.StatusCode, raw)
		}
	}
	return answer.StatusCode
}

// upload sends a file under a name and returns the answer.
func (in *installation) upload(token, name string, data []byte, out any) int {
	in.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(data)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		in.t.Fatal(err)
	}
	return in.call(http.MethodPost, "/api/videos", token, &body, form.FormDataContentType(), out)
}

// listen connects a socket and hands its events out in order.
func (in *installation) listen(token string) (*sio.Client, <-chan sio.Event) {
	in.t.Helper()
	events, connected := make(chan sio.Event, 4096), make(chan struct{}, 1)
	client := sio.New(sio.Config{
		URL: in.url, Token: func() (string, error) { return token, nil },
		OnEvent: func(e sio.Event) { events <- e },
		OnConnect: func(sio.Session) {
			select {
			case connected <- struct{}{}:
			default:
			}
		},
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = client.Run(ctx) // ends with the test
	}()
	in.t.Cleanup(func() { cancel(); <-done })
	select {
	case <-connected:
	case <-time.After(patience):
		in.t.Fatal("the socket did not connect")
	}
	return client, events
}

// outcome collects a video's events up to its outcome.
func outcome(t *testing.T, events <-chan sio.Event, videoID string) (seen []models.Progress, end sio.Event) {
	t.Helper()
	limit := time.After(patience)
	for {
		select {
		case e := <-events:
			var p models.Progress
			if json.Unmarshal(e.Payload(), &p) != nil || p.VideoID != videoID {
				continue
			}
			switch models.EventName(e.Name) {
			case models.EventProgress:
				seen = append(seen, p)
			case models.EventProcessed, models.EventFailed, models.EventCancelled, models.EventDeleted:
				return seen, e
			}
		case <-limit:
			t.Fatalf("no outcome of %s; seen: %s", videoID, fmt.Sprint(seen))
		}
	}
}

func sample(t testing.TB) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", "sample.mp4"))
	if err != nil {
		t.Fatal(err)
	}
	return data
}
