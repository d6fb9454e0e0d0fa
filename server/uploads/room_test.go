package uploads

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest"
	"reelroom/models/modelstest/testenv"
	"reelroom/server/capacity"
)

// roomy gives every node a disk of so many bytes, of which each keeps its own
// account, as two servers do.
func roomy(t *testing.T, b *bench, most models.Usage) {
	t.Helper()
	for _, n := range b.nodes {
		c := capacity.New(capacity.Config{Parts: b.dir, Moves: true, Most: most, Used: b.store.Usage})
		n.door.Capacity, b.lib.Capacity = c, c
	}
}

// An upload that stands still lets its room go after a while, so that who only
// announces files fills no disk; it goes on where there is room again, and what
// came is kept.
func TestStandingStillLetsTheDiskGo(t *testing.T) {
	t.Parallel()
	disk, ok := modelstest.SmallDisk(t, 1<<20)
	if !ok {
		testenv.Missing(t, "right to mount a small disk")
	}
	b := newBench(t, 1, func(b *bench) { b.dir = disk })
	roomy(t, b, models.Usage{})
	n, ann, bob := b.nodes[0], tokenOf(t, "acme", "ann", models.RoleEditor), tokenOf(t, "globex", "bob", models.RoleEditor)
	const size = 700 << 10
	create := func(token string) answered {
		return n.do("POST", "/api/uploads", token, nil, "Upload-Length", "716800")
	}
	file := video(size)
	path := n.begin(ann, size)
	n.patch(path, ann, 0, file[:100_000]).want(t, http.StatusNoContent, "")
	create(bob).want(t, http.StatusInsufficientStorage, models.CodeDiskFull)
	b.clock.forward(idleTime + time.Minute)
	if err := n.door.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := create(bob).want(t, http.StatusCreated, "").Header.Get("Location")
	n.patch(path, ann, 100_000, file[100_000:]).want(t, http.StatusInsufficientStorage, models.CodeDiskFull)
	a := n.head(path, ann)
	if a.Header.Get("Upload-Offset") != "100000" {
		t.Errorf("what came is %s bytes", a.Header.Get("Upload-Offset"))
	}
	n.do("DELETE", other, bob, nil).want(t, http.StatusNoContent, "")
	a = n.patch(path, ann, 100_000, file[100_000:]).want(t, http.StatusNoContent, "")
	if a.Header.Get("Reelroom-Video-Id") == "" {
		t.Error("it became no video")
	}
	if states := n.door.Capacity.States(); states[0].ReservedBytes != 0 {
		t.Errorf("in the end %+v", states)
	}
}

// What was announced counts for the quota after a restart, and at another server
// that shares the folder, until it is given up.
func TestAnnouncedCountsEverywhere(t *testing.T) {
	t.Parallel()
	b := newBench(t, 2)
	most := models.Usage{Bytes: 10_000, Videos: 3}
	roomy(t, b, most)
	ann := tokenOf(t, "acme", "ann", models.RoleEditor)
	path := b.nodes[0].begin(ann, 6000)
	b.clock.forward(2 * lookEvery)
	create := func(n *node, size string) answered {
		return n.do("POST", "/api/uploads", ann, nil, "Upload-Length", size)
	}
	create(b.nodes[1], "4001").want(t, http.StatusForbidden, models.CodeQuota)
	again, err := New(Config{
		Library: b.lib, Dir: b.dir, Life: time.Hour, Now: b.clock.now,
		Capacity: capacity.New(capacity.Config{Parts: b.dir, Moves: true, Most: most, Used: b.store.Usage}),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if g := again.Capacity.Granted("acme"); g != (models.Usage{Videos: 1, Bytes: 6000}) {
		t.Errorf("after a restart %+v is announced", g)
	}
	b.nodes[0].do("DELETE", path, ann, nil).want(t, http.StatusNoContent, "")
	b.clock.forward(2 * lookEvery)
	create(b.nodes[1], "4001").want(t, http.StatusCreated, "")
	if err := again.sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if g := again.Capacity.Granted("acme"); g != (models.Usage{Videos: 1, Bytes: 4001}) {
		t.Errorf("after a sweep %+v is announced", g)
	}
	// No creation leaves something behind that it was refused for.
	for range 5 {
		create(b.nodes[0], "9000").want(t, http.StatusForbidden, models.CodeQuota)
	}
	if all, err := b.nodes[0].door.shelf.list("acme", none); err != nil || len(all) != 1 {
		t.Errorf("%d uploads, %v", len(all), err)
	}
	if strings.Contains(b.said.String(), "could not be read") {
		t.Error(b.said.String())
	}
}
