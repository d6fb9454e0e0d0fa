package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/models/sqlitestore"
	"reelroom/server/harness/sio"
)

// built is the server as people run it, without the race detector: that one
// makes the embedded ffmpeg ten times slower.
var built = sync.OnceValues(func() (string, error) {
	path := filepath.Join(scratch, "server")
	out, err := exec.Command("go", "build", "-race=false", "-o", path, "reelroom/server").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("build the server: %w\n%s", err, out)
	}
	return path, nil
})

// launch starts the built server as a process of its own, and returns its address
// when it says where it listens.
func launch(t *testing.T, environment ...string) (url string, cmd *exec.Cmd) {
	t.Helper()
	program, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return launchCommand(t, exec.Command(program), environment...)
}

// launchCommand is [launch] with a command that becomes the server.
func launchCommand(t *testing.T, cmd *exec.Cmd, environment ...string) (string, *exec.Cmd) {
	t.Helper()
	cmd.Env = append([]string{"PORT=0", "LOG_LEVEL=error"}, environment...)
	cmd.Stderr, cmd.WaitDelay = testenv.NewLog(t, os.Stderr), 5*time.Second // what it leaves running must not hold the pipe
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if _, url, ok := strings.Cut(lines.Text(), "address   "); ok {
			go func() { // keep the pipe empty
				for lines.Scan() {
				}
			}()
			return url, cmd
		}
	}
	t.Fatal("the server did not say where it listens")
	return "", nil
}

// spawn starts the server with the embedded ffmpeg.
func spawn(t *testing.T, dir string) (*installation, *exec.Cmd) {
	t.Helper()
	url, cmd := launch(t, "DATA_DIR="+dir, "FFMPEG=embedded")
	in := &installation{t: t, url: url}
	in.waitReady()
	secret, err := os.ReadFile(filepath.Join(dir, secretFile))
	if err != nil {
		t.Fatal(err)
	}
	in.secret = strings.TrimSpace(string(secret))
	return in, cmd
}

func (in *installation) waitReady() {
	in.t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if r, err := http.Get(in.url + "/readyz"); err == nil {
			r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
	}
	in.t.Fatal("the server is not ready")
}

// untilThumbnail reads events until the second stage has begun.
func untilThumbnail(events <-chan sio.Event) {
	for e := range events {
		var p models.Progress
		if json.Unmarshal(e.Payload(), &p) == nil && p.Stage == models.StageThumbnail {
			return
		}
	}
}

// A server killed in the middle of a stage takes the video up again when it is
// started anew, at the stage that had not finished, and it ends once.
func TestKilledServerGoesOnAtTheUnfinishedStage(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	in, process := spawn(t, dir)
	editor := in.token("acme", models.RoleEditor)
	_, events := in.listen(editor)
	var document models.Document
	if status := in.upload(editor, "a.mp4", sample(t), &document); status != http.StatusAccepted {
		t.Fatalf("upload answered %d", status)
	}
	untilThumbnail(events)
	if err := process.Process.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	_ = process.Wait()

	killed := time.Now()
	in, _ = spawn(t, dir)
	editor = in.token("acme", models.RoleEditor)
	_, events = in.listen(editor)
	seen, end := outcome(t, events, document.ID)
	if end.Name != string(models.EventProcessed) {
		t.Fatalf("the outcome is %s %s", end.Name, end.Payload())
	}
	for _, p := range seen {
		if p.Stage == models.StageMetadata {
			t.Error("a stage that had finished ran again")
		}
	}
	t.Logf("processed %.1f s after the kill", time.Since(killed).Seconds())
	var again models.Document
	in.call(http.MethodGet, "/api/videos/"+document.ID, editor, nil, "", &again)
	if again.Attempt != 1 || again.Status != models.StatusCompleted {
		t.Errorf("the record says attempt %d, %s", again.Attempt, again.Status)
	}
}

// A server that is told to stop gives its work back: no crash is counted,
// nothing is left behind, and the next start goes on at once.
func TestStoppedServerGivesItsWorkBack(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	in, process := spawn(t, dir)
	editor := in.token("acme", models.RoleEditor)
	_, events := in.listen(editor)
	var document models.Document
	in.upload(editor, "a.mp4", sample(t), &document)
	untilThumbnail(events)
	if err := process.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := process.Wait(); err != nil {
		t.Errorf("the server ended with %v", err)
	}
	if n := files(t, os.DirFS(filepath.Join(dir, "work"))); n != 0 {
		t.Errorf("%d files are left in the work folder", n)
	}
	store, err := sqlitestore.Open(t.Context(), filepath.Join(dir, "reelroom.db"))
	if err != nil {
		t.Fatal(err)
	}
	v, err := store.Get(t.Context(), "acme", document.ID)
	if err != nil || v.Status != models.StatusProcessing || v.Lease.Worker != "" || len(v.Lapses) != 0 {
		t.Errorf("the record says %s, lease %+v, lapses of %v, %v", v.Status, v.Lease, v.Lapses, err)
	}
	if err := store.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	in, _ = spawn(t, dir)
	if d := in.settled(in.token("acme", models.RoleEditor), document.ID); d.Status != models.StatusCompleted {
		t.Errorf("ended as %s", d.Status)
	}
}

// files counts the files in a tree but those whose name begins with a dot,
// which are the server's own marks; none when the tree is absent.
func files(t *testing.T, tree fs.FS) (n int) {
	t.Helper()
	err := fs.WalkDir(tree, ".", func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && !strings.HasPrefix(d.Name(), ".") {
			n++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
