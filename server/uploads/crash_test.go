package uploads

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/library"
)

// A file that is whole while the database is away is accepted all the same: the
// video is made when it is back, once, by whichever server is first.
func TestWholeUploadWaitsForTheStore(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2)
	n, ann := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor)
	file := video(5000)
	path := n.begin(ann, len(file))
	b.store.set(true)
	a := n.patch(path, ann, 0, file).want(t, http.StatusNoContent, "")
	if a.Header.Get("Upload-Offset") != "5000" || a.Header.Get("Reelroom-Video-Id") != "" {
		t.Errorf("without a store: %v", a.Header)
	}
	if a := n.head(path, ann).want(t, http.StatusOK, ""); a.Header.Get("Upload-Offset") != "5000" || a.Header.Get("Reelroom-Video-Id") != "" {
		t.Errorf("without a store the head is %v", a.Header)
	}
	b.clock.forward(48 * time.Hour) // what is whole does not expire
	b.sweep()
	b.store.set(false)
	b.sweep()
	a = b.nodes[1].head(path, ann).want(t, http.StatusOK, "")
	id := a.Header.Get("Reelroom-Video-Id")
	if id == "" || !bytes.Equal(n.media(ann, id), file) || b.store.created != 1 {
		t.Errorf("the video is %q, %d were made", id, b.store.created)
	}
}

// sweep lets all servers look at once.
func (b *bench) sweep() {
	b.t.Helper()
	var all sync.WaitGroup
	for _, n := range b.nodes {
		all.Go(func() {
			if err := n.door.sweep(context.Background()); err != nil {
				b.t.Error(err)
			}
		})
	}
	all.Wait()
}

// A server that died between the record and the note of it makes no second
// video, also when that video was deleted meanwhile.
func TestCrashAfterTheRecordMakesOneVideo(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	n, ann := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor)
	who := models.Identity{OrganizationID: "acme", UserID: "ann", Role: models.RoleEditor}
	for _, c := range []struct{ deleted, purged bool }{{false, false}, {true, false}, {true, true}} {
		deleted := c.deleted
		file := video(5000)
		path := n.begin(ann, len(file))
		if err := os.WriteFile(filepath.Join(b.dir, "acme", lastOf(path), dataFile), file, 0o600); err != nil {
			t.Fatal(err)
		}
		u, err := n.door.shelf.load("acme", lastOf(path))
		if err != nil || !u.whole() {
			t.Fatal(u, err)
		}
		d, _, err := b.lib.Upload(t.Context(), who, library.Upload{FileName: "clip.mp4", VideoID: u.VideoID, Body: bytes.NewReader(file)})
		if err != nil {
			t.Fatal(err)
		}
		if deleted {
			n.do("DELETE", "/api/videos/"+d.ID, ann, nil).want(t, http.StatusNoContent, "")
		}
		if c.purged { // as the reconciler does
			if err := b.store.Purge(t.Context(), "acme", d.ID); err != nil {
				t.Fatal(err)
			}
		}
		b.sweep()
		if a := n.head(path, ann).want(t, http.StatusOK, ""); a.Header.Get("Reelroom-Video-Id") != d.ID {
			t.Errorf("the video is %v, was %s", a.Header, d.ID)
		}
		want := http.StatusOK
		if deleted {
			want = http.StatusNotFound
		}
		n.do("GET", "/api/videos/"+d.ID, ann, nil).want(t, want, "")
	}
}

// What stands still is removed, by one of the servers; what moves is not.
func TestAbandonedUploadsExpire(t *testing.T) {
	t.Parallel()
	b := newBench(t, 3)
	n, ann := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor)
	old := n.begin(ann, 5000)
	n.patch(old, ann, 0, video(5000)[:4500])
	done := n.begin(ann, 5000)
	id := n.patch(done, ann, 0, video(5000)).Header.Get("Reelroom-Video-Id")
	b.clock.forward(59 * time.Minute)
	b.sweep()
	n.head(old, ann).want(t, http.StatusOK, "")
	b.clock.forward(2 * time.Minute)
	n.head(old, ann).want(t, http.StatusNotFound, "")
	n.patch(old, ann, 4500, video(5000)[4500:]).want(t, http.StatusNotFound, models.CodeNotFound)
	stray := filepath.Join(b.dir, "acme", models.NewID(time.Now()))
	if err := os.MkdirAll(stray, 0o700); err != nil {
		t.Fatal(err)
	}
	b.sweep()
	b.clock.forward(2 * time.Hour)
	b.sweep()
	entries, err := os.ReadDir(filepath.Join(b.dir, "acme"))
	if err != nil || len(entries) != 0 {
		t.Errorf("%v is left, %v", entries, err)
	}
	n.media(ann, id)
	ends := 0
	for _, name := range b.events("acme") {
		if name == string(models.EventUploadCancelled) {
			ends++
		}
	}
	if ends != 1 {
		t.Errorf("the end was told %d times", ends)
	}
}

// stalled sends some bytes and then nothing, until it is let go.
type stalled struct {
	first io.Reader
	sent  chan struct{}
	free  chan struct{}
	once  sync.Once
}

func (s *stalled) Read(p []byte) (int, error) {
	if n, err := s.first.Read(p); err == nil {
		return n, nil
	}
	s.once.Do(func() { close(s.sent) })
	<-s.free
	return 0, io.ErrUnexpectedEOF
}

// A client that comes again, here or at another server, does not wait for its
// dead connection, and no byte is lost or twice.
func TestWhoComesAgainTakesTheUploadOver(t *testing.T) {
	t.Parallel()
	for _, other := range []int{0, 1} {
		t.Run(strconv.Itoa(other), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, 2)
			ann := tokenOf(t, "acme", "ann", models.RoleEditor)
			file := video(200_000)
			path := b.nodes[0].begin(ann, len(file))
			dead := &stalled{first: bytes.NewReader(file[:100_000]), sent: make(chan struct{}), free: make(chan struct{})}
			var gone sync.WaitGroup
			ctx, cancel := context.WithCancel(t.Context())
			gone.Go(func() {
				_, _ = b.nodes[0].try(ctx, "PATCH", path, ann, dead, "Upload-Offset", "0", "Content-Type", chunkType)
			})
			t.Cleanup(func() { cancel(); close(dead.free); gone.Wait() })
			<-dead.sent
			n := b.nodes[other]
			var a answered
			for deadline := time.Now().Add(time.Minute); a.Response == nil || a.StatusCode != http.StatusNoContent; {
				if time.Now().After(deadline) {
					t.Fatalf("could not go on: %d %s", a.StatusCode, a.body)
				}
				at, err := strconv.Atoi(n.head(path, ann).want(t, http.StatusOK, "").Header.Get("Upload-Offset"))
				if err != nil {
					t.Fatal(err)
				}
				a = n.patch(path, ann, at, file[at:])
			}
			if got := n.media(ann, a.Header.Get("Reelroom-Video-Id")); !bytes.Equal(got, file) {
				t.Error("the file differs")
			}
		})
	}
}

// Of many requests that bring the same bytes at once, at two servers, each byte
// is taken once and there is one video.
func TestConcurrentPatches(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2)
	ann := tokenOf(t, "acme", "ann", models.RoleEditor)
	file := video(300_000)
	path := b.nodes[0].begin(ann, len(file))
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			n := b.nodes[i%2]
			for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); {
				a, err := n.try(t.Context(), "HEAD", path, ann, nil)
				if err != nil || a.StatusCode == http.StatusLocked {
					continue
				}
				at, err := strconv.Atoi(a.Header.Get("Upload-Offset"))
				if err != nil {
					t.Errorf("the head is %d %v", a.StatusCode, a.Header)
					return
				}
				if at == len(file) {
					return
				}
				_, _ = n.try(t.Context(), "PATCH", path, ann, bytes.NewReader(file[at:min(at+20_000*(i+1), len(file))]),
					"Upload-Offset", strconv.Itoa(at), "Content-Type", chunkType)
			}
			t.Error("did not come to an end")
		})
	}
	all.Wait()
	id := b.nodes[1].head(path, ann).Header.Get("Reelroom-Video-Id")
	if got := b.nodes[0].media(ann, id); !bytes.Equal(got, file) || b.store.created != 1 {
		t.Errorf("%d bytes came, %d videos were made", len(got), b.store.created)
	}
}

// A server that is told to stop ends its uploads at once; what came is kept.
func TestLeavingServerLetsUploadsGo(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2)
	ann := tokenOf(t, "acme", "ann", models.RoleEditor)
	file := video(20_000)
	path := b.nodes[0].begin(ann, len(file))
	slow := &stalled{first: bytes.NewReader(file[:10_000]), sent: make(chan struct{}), free: make(chan struct{})}
	var gone sync.WaitGroup
	gone.Go(func() {
		a, err := b.nodes[0].try(t.Context(), "PATCH", path, ann, slow, "Upload-Offset", "0", "Content-Type", chunkType)
		if err == nil {
			a.want(t, http.StatusServiceUnavailable, models.CodeUnavailable)
		}
	})
	t.Cleanup(func() { close(slow.free); gone.Wait() })
	<-slow.sent
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if u, err := b.nodes[0].door.shelf.load("acme", lastOf(path)); err == nil && u.received == 10_000 {
			break
		}
	}
	b.nodes[0].door.Leave()
	a := b.nodes[1].patch(path, ann, 10_000, file[10_000:]).want(t, http.StatusNoContent, "")
	if got := b.nodes[1].media(ann, a.Header.Get("Reelroom-Video-Id")); !bytes.Equal(got, file) {
		t.Error("the file differs")
	}
}

func TestFullQueueHoldsUploadsBack(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	n, ann := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor)
	path := n.begin(ann, 1000)
	b.lib.Admit = func(context.Context, string) error {
		return models.Errorf(models.CodeRateLimited, "too many").Again(time.Minute)
	}
	n.do("POST", "/api/uploads", ann, nil, "Upload-Length", "5").want(t, http.StatusTooManyRequests, models.CodeRateLimited)
	// What was begun before is taken, and waits.
	if a := n.patch(path, ann, 0, video(1000)).want(t, http.StatusNoContent, ""); a.Header.Get("Reelroom-Video-Id") != "" {
		t.Error("a video was made")
	}
	if a := n.do("GET", path, ann, nil); !strings.Contains(string(a.body), `"status":"received"`) {
		t.Errorf("%s", a.body)
	}
}

// An organization whose name is longer than a file's may be has uploads, too, and
// they are looked after.
func TestUploadsOfTheLongestOrganization(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	org := strings.Repeat("\u00e9", models.MaxIDBytes/2)
	n, ann := b.nodes[0], tokenOf(t, org, "ann", models.RoleEditor)
	file, old := video(5000), n.begin(ann, 5000)
	path := n.begin(ann, len(file))
	b.store.set(true)
	n.patch(path, ann, 0, file).want(t, http.StatusNoContent, "")
	b.store.set(false)
	b.sweep()
	if a := n.head(path, ann); !bytes.Equal(n.media(ann, a.Header.Get("Reelroom-Video-Id")), file) {
		t.Error("the file differs")
	}
	b.clock.forward(2 * time.Hour)
	b.sweep()
	n.head(old, ann).want(t, http.StatusNotFound, "")
	if left, err := os.ReadDir(filepath.Join(b.dir, models.Folder(org))); err != nil || len(left) != 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

// Where a file system does not tell capitals apart, two organizations share a
// folder: neither is given the other's uploads, nor removes them.
func TestUploadsInASharedFolder(t *testing.T) {
	t.Parallel()
	b := newBench(t, 1)
	n, ann, eve := b.nodes[0], tokenOf(t, "Acme", "ann", models.RoleEditor), tokenOf(t, "acme", "ann", models.RoleEditor)
	path := n.begin(ann, 5000)
	if err := os.Rename(filepath.Join(b.dir, "Acme"), filepath.Join(b.dir, "acme")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("acme", filepath.Join(b.dir, "Acme")); err != nil && !os.IsExist(err) {
		t.Fatal(err)
	}
	n.head(path, eve).want(t, http.StatusNotFound, "")
	if a := n.do("GET", "/api/uploads", eve, nil); strings.TrimSpace(string(a.body)) != `{"data":[]}` {
		t.Errorf("another's list is %s", a.body)
	}
	place := filepath.Join(b.dir, "acme", lastOf(path))
	long := time.Now().Add(-2 * time.Hour)
	if err := os.Chtimes(place, long, long); err != nil {
		t.Fatal(err)
	}
	b.sweep()
	n.head(path, ann).want(t, http.StatusOK, "")
}
