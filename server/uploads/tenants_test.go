//go:build unix

package uploads

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"

	"reelroom/models"
)

// While creations of one organization stand still in its folder, as on a disk
// that hangs, those of another do not wait for them, however many there are.
func TestOrganizationsDoNotWaitForEachOther(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	n, ann, bob := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor), tokenOf(t, "globex", "bob", models.RoleEditor)
	n.begin(ann, 1000)
	n.begin(bob, 1000)
	// Another server has made an upload of which the state cannot be read: who opens
	// a pipe waits for its writer.
	id := models.NewID(time.Now())
	pipe := filepath.Join(b.dir, "acme", id, stateFile)
	if err := errors.Join(os.Mkdir(filepath.Dir(pipe), 0o700), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	b.clock.forward(time.Minute) // so that the folder is looked at
	const creators = 24
	done := make(chan int, creators)
	for range creators {
		go func() {
			a, err := n.try(t.Context(), "POST", "/api/uploads", ann, nil, "Upload-Length", "1000")
			if err != nil {
				t.Error(err)
				done <- 0
				return
			}
			done <- a.StatusCode
		}()
	}
	writer := opened(t, pipe)
	for range 3 {
		n.begin(bob, 1000)
	}
	path := n.begin(bob, 5000)
	n.patch(path, bob, 0, video(5000)).want(t, http.StatusNoContent, "")
	select {
	case status := <-done:
		t.Errorf("a creation that should stand still was answered %d", status)
	default:
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	for range creators {
		if status := <-done; status != http.StatusCreated {
			t.Errorf("after it went on, a creation was answered %d", status)
		}
	}
}

// opened opens a pipe for writing as soon as somebody reads it, who then waits
// for the end.
func opened(t *testing.T, pipe string) *os.File {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		w, err := os.OpenFile(pipe, os.O_WRONLY|syscall.O_NONBLOCK, 0)
		if err == nil {
			return w
		}
		if !errors.Is(err, syscall.ENXIO) {
			t.Fatal(err)
		}
	}
	t.Fatal("nobody reads the pipe")
	return nil
}

// A new upload does not read those that are known: it takes no notice of states
// that can be read no more.
func TestCreationReadsNoOther(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	n, ann := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor)
	const unfinished = 300
	for range unfinished {
		n.begin(ann, 1000)
	}
	states, err := filepath.Glob(filepath.Join(b.dir, "acme", "*", stateFile))
	if err != nil || len(states) != unfinished {
		t.Fatalf("%d states, %v", len(states), err)
	}
	for _, state := range states {
		if err := errors.Join(os.Remove(state), syscall.Mkfifo(state, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		b.clock.forward(time.Minute)
		n.begin(ann, 1000)
	}
	held, err := n.door.Usage("acme")
	if err != nil || len(held) == 0 || held[0].Used != unfinished+3 {
		t.Errorf("the usage is %+v, %v", held, err)
	}
}

// A creation while an organization has so many unfinished uploads.
func BenchmarkCreate(b *testing.B) {
	for _, unfinished := range []int{0, 570, 2000} {
		b.Run(strconv.Itoa(unfinished), func(b *testing.B) {
			bench := newBench(b, 1)
			n, ann := bench.nodes[0], tokenOf(b, "acme", "ann", models.RoleEditor)
			for range unfinished {
				n.begin(ann, 1000)
			}
			for b.Loop() {
				path := n.begin(ann, 1000)
				b.StopTimer()
				n.do("DELETE", path, ann, nil).want(b, http.StatusNoContent, "")
				b.StartTimer()
			}
		})
	}
}
