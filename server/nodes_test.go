package main

import (
	"context"
	"fmt"
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

// process starts a program that ends with the test.
func process(t *testing.T, program string, environment []string, args ...string) {
	t.Helper()
	cmd := exec.Command(program, args...)
	cmd.Env = environment
	cmd.Stderr, cmd.WaitDelay = testenv.NewLog(t, os.Stderr), 5*time.Second // what it leaves running must not hold the pipe
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
}

// realRedis starts a redis-server of the test's own.
func realRedis(t *testing.T) string { return "redis://" + testenv.Redis(t) + "/0" }

// Two servers and two workers on the real services: a client of one server sees
// the work that either worker does on uploads to the other server.
func TestTwoServersAndTwoWorkers(t *testing.T) {
	t.Parallel()
	mongo := testenv.Variable(t, "MONGODB_TEST_URI")
	ffmpeg := testenv.Program(t, "ffmpeg")
	shared := map[string]string{
		"MONGODB_URI": databaseOf(mongo, "reelroom_nodes_"+models.NewID(time.Now())), "REDIS_URL": realRedis(t),
		"JWT_SECRET": strings.Repeat("test secret ", 4), "BLOB_URL": "file://" + t.TempDir(), "FFMPEG": ffmpeg, "WORKER": "off",
	}
	a, b := start(t, shared), start(t, shared)
	worker := filepath.Join(t.TempDir(), "worker")
	if out, err := exec.CommandContext(t.Context(), "go", "build", "-o", worker, "reelroom/worker").CombinedOutput(); err != nil {
		t.Fatalf("build the worker: %v\n%s", err, out)
	}
	for range 2 {
		environment := append(os.Environ(), "DATA_DIR="+t.TempDir(), "WORKER_CONCURRENCY=1", "LOG_LEVEL=error")
		for k, v := range shared {
			environment = append(environment, k+"="+v)
		}
		process(t, worker, environment)
	}

	editor := a.token("acme", models.RoleEditor)
	_, events := a.listen(editor)
	const uploads = 4
	ids := map[string]bool{}
	for i := range uploads {
		var document models.Document
		if status := b.upload(editor, fmt.Sprintf("%d.mp4", i), sample(t), &document); status != http.StatusAccepted {
			t.Fatalf("upload answered %d", status)
		}
		ids[document.ID] = true
	}
	deadline := time.After(patience)
	for ended := 0; ended < uploads; {
		select {
		case e := <-events:
			if e.Name == string(models.EventProcessed) {
				ended++
			} else if e.Name == string(models.EventFailed) {
				t.Fatalf("failed: %s", e.Payload())
			}
		case <-deadline:
			t.Fatal("not every upload was processed")
		}
	}
	var list struct {
		Data []models.Document `json:"data"`
	}
	a.call(http.MethodGet, "/api/videos", editor, nil, "", &list)
	for _, d := range list.Data {
		if !ids[d.ID] || d.Status != models.StatusCompleted || d.Attempt != 1 {
			t.Errorf("server A lists %s as %s, attempt %d", d.ID, d.Status, d.Attempt)
		}
	}
	if len(list.Data) != uploads {
		t.Errorf("server A lists %d videos, want %d", len(list.Data), uploads)
	}
}

// databaseOf names another database of the same server.
func databaseOf(uri, name string) string {
	scheme, rest, _ := strings.Cut(uri, "://")
	rest, query, _ := strings.Cut(rest, "?")
	host, _, _ := strings.Cut(rest, "/")
	if query != "" {
		query = "?" + query
	}
	return scheme + "://" + host + "/" + name + query
}

// Wrong values are reported at start, all at once, by name.
func TestConfigurationMistakesAreNamed(t *testing.T) {
	t.Parallel()
	_, err := readConfig(map[string]string{
		"PORT": "many", "WORKER": "maybe", "JWT_SECRET": "short", "LOG_FORMAT": "xml", "MAX_UPLOAD_BYTES": "-1",
		"BLOB_URL": "ftp://x", "FRONTEND_URL": "nowhere", "MONGODB_URI": "http://x", "REDIS_URL": "nope",
	})
	if err == nil {
		t.Fatal("accepted")
	}
	for _, name := range []string{"PORT", "WORKER", "JWT_SECRET", "LOG_FORMAT", "MAX_UPLOAD_BYTES", "BLOB_URL", "FRONTEND_URL", "MONGODB_URI", "REDIS_URL"} {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("%s is not named in: %v", name, err)
		}
	}
	if _, err := readConfig(map[string]string{"MONGODB_URI": "mongodb://localhost/x"}); err == nil || !strings.Contains(err.Error(), "JWT_SECRET") {
		t.Errorf("MONGODB_URI without JWT_*: %v", err)
	}
	for _, wrong := range []struct {
		values map[string]string
		want   string
	}{
		{map[string]string{"JWT_SECRET_PREVIOUS": strings.Repeat("x", 32)}, "JWT_SECRET_PREVIOUS is set without JWT_SECRET"},
		{map[string]string{"MONGODB_URI": "mongodb://localhost/x", "JWT_SECRET": strings.Repeat("x", 32)}, "REDIS_URL must be set"},
		{map[string]string{"REDIS_PASSWORD": "secret"}, "REDIS_PASSWORD"},
		{map[string]string{"JWT_MAX_DAYS": "-1"}, "JWT_MAX_DAYS"}, {map[string]string{"JWT_MAX_DAYS": "99999"}, "JWT_MAX_DAYS"},
		{map[string]string{"TRUSTED_PROXIES": "proxy.example"}, "TRUSTED_PROXIES"},
		{map[string]string{"LIMIT_USER_MESSAGES": "-1"}, "LIMIT_USER_MESSAGES=-1"},
		{map[string]string{"LIMIT_ORG_CONNECTIONS": "many"}, "LIMIT_ORG_CONNECTIONS=\"many\" is not a whole number"},
		{map[string]string{"FFMPEG": filepath.Join(t.TempDir(), "none")}, "FFMPEG"},
	} {
		if _, err := readConfig(wrong.values); err == nil || !strings.Contains(err.Error(), wrong.want) {
			t.Errorf("%v: %v", wrong.values, err)
		}
	}
	c, err := readConfig(map[string]string{})
	if err != nil || !c.embedded() || c.Port != 5000 || c.PublicURL != "http://localhost:5000" {
		t.Errorf("the defaults: %+v, %v", c, err)
	}
}

// A busy port is said, and leaves nothing running.
func TestBusyPortIsSaid(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := readConfig(map[string]string{"PORT": fmt.Sprint(l.Addr().(*net.TCPAddr).Port), "DATA_DIR": t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	err = run(context.Background(), c, c.NewLogger(), os.Stdout, nil)
	if err == nil || !strings.Contains(err.Error(), "PORT") {
		t.Errorf("run answered %v", err)
	}
}
