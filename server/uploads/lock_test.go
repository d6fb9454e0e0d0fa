//go:build unix

package uploads

import (
	"context"
	"net/http"
	"os"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest"
)

// One upload is at one server at a time; who waits at another one is heard by the
// one that has it, and the sweep of another one waits for nobody.
func TestLockHoldsOverServers(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2)
	id := lastOf(b.nodes[0].begin(tokenOf(t, "acme", "ann", models.RoleEditor), 1000))
	first, second := b.nodes[0].door.locker, b.nodes[1].door.locker
	asked := make(chan struct{})
	var once sync.Once
	unlock, err := first.lock(t.Context(), "acme", id, func() { once.Do(func() { close(asked) }) })
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := second.try("acme", id); ok {
		t.Fatal("two servers have one upload")
	}
	got := make(chan error, 1)
	go func() {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		free, err := second.lock(ctx, "acme", id, func() {})
		if err == nil {
			free()
		}
		got <- err
	}()
	select {
	case <-asked:
	case err := <-got:
		t.Fatal("the upload was free:", err)
	}
	unlock()
	if err := <-got; err != nil {
		t.Fatal(err)
	}
	if free, ok := first.try("acme", id); !ok {
		t.Error("a lock is left")
	} else {
		free()
	}
	if _, ok := first.try("acme", models.NewID(time.Now())); ok {
		t.Error("what is absent was locked")
	}
}

// A full disk is said, and what was written before is kept.
func TestFullDisk(t *testing.T) {
	t.Parallel()
	if err := failure(&os.PathError{Op: "write", Path: "data", Err: syscall.ENOSPC}); models.CodeOf(err) != models.CodeStorageFull {
		t.Errorf("a full disk is called %v", err)
	}
	dir, ok := modelstest.SmallDisk(t, 256<<10)
	if !ok {
		t.Log("this process may not mount a small disk; its error's name must do")
		return
	}
	b := newBench(t, 1, func(b *bench) { b.dir = dir })
	n, ann := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor)
	file := video(400_000)
	path := n.begin(ann, len(file))
	n.patch(path, ann, 0, file[:100_000]).want(t, http.StatusNoContent, "")
	n.patch(path, ann, 100_000, file[100_000:]).want(t, http.StatusInsufficientStorage, models.CodeStorageFull)
	at, err := strconv.Atoi(n.head(path, ann).want(t, http.StatusOK, "").Header.Get("Upload-Offset"))
	if err != nil || at < 100_000 || at >= len(file) || b.store.created != 0 {
		t.Errorf("after a full disk the upload stands at %d, %v", at, err)
	}
	n.do("POST", "/api/uploads", ann, nil, "Upload-Length", "1000").want(t, http.StatusInsufficientStorage, models.CodeStorageFull)
	n.do("DELETE", path, ann, nil).want(t, http.StatusNoContent, "")
	n.begin(ann, 1000)
}
