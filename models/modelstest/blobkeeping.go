package modelstest

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"reelroom/models"
)

// A large blob goes through small writes, and is read back from any place.
func blobLarge(t *testing.T, b models.BlobKeeping) {
	large := make([]byte, 12<<20+3)
	_, _ = rand.Read(large)
	w, err := b.Create(within(t), acme, "videos/v/n/source")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	for rest := large; len(rest) > 0; rest = rest[min(len(rest), 100_000):] {
		if _, err := w.Write(rest[:min(len(rest), 100_000)]); err != nil {
			t.Fatal(err)
		}
	}
	absent(t, b, acme, "videos/v/n/source")
	if err := w.Commit(); err != nil {
		t.Fatal(err)
	}
	holds(t, b, acme, "videos/v/n/source", string(large))
	r, err := b.Open(within(t), acme, "videos/v/n/source")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	piece := make([]byte, 70_000)
	for _, at := range []int64{11 << 20, 0, 65_000, 5 << 20, 5<<20 + 1, int64(len(large)) - 70_000, 1} {
		if _, err := r.Seek(at, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(r, piece); err != nil || !bytes.Equal(piece, large[at:at+70_000]) {
			t.Errorf("at %d other bytes came, %v", at, err)
		}
	}
	if _, err := r.Seek(-1, io.SeekStart); err == nil {
		t.Error("a seek before the beginning")
	}
	if _, err := r.Seek(int64(len(large))+5, io.SeekStart); err != nil {
		t.Error(err)
	}
	if n, err := r.Read(piece); n != 0 || err != io.EOF {
		t.Errorf("after the end: %d, %v", n, err)
	}
}

// Each blob of every organization is visited once, and a folder's together.
func blobEach(t *testing.T, b models.BlobKeeping) {
	var want []string
	for _, org := range []string{acme, globex, "a/b", "é"} {
		for v := range 40 {
			for _, name := range []string{"source", "thumbnail-1.webp", "evidence/1.webp"} {
				key := fmt.Sprintf("videos/v%d/n/%s", v, name)
				put(t, b, org, key, name)
				want = append(want, org+" "+key)
			}
		}
	}
	half, err := b.Create(within(t), acme, "videos/half/n/source")
	if err != nil {
		t.Fatal(err)
	}
	defer half.Abort()
	if _, err := half.Write(make([]byte, 7<<20)); err != nil {
		t.Fatal(err)
	}
	var got []string
	left, last := map[string]bool{}, ""
	if err := b.Each(within(t), func(e models.BlobEntry) error {
		got = append(got, e.OrganizationID+" "+e.Key)
		id, folder, ok := models.VideoOfKey(e.Key)
		if !ok || time.Since(e.ModTime).Abs() > time.Minute || e.Size != int64(len(e.Key)-len(folder)-1) {
			t.Errorf("visited %+v", e)
		}
		if place := e.OrganizationID + " " + id; place != last {
			if left[place] {
				t.Errorf("%s is visited in two parts", place)
			}
			left[last], last = true, place
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("visited %d blobs, want %d", len(got), len(want))
	}
	stop, visits := errors.New("stop"), 0
	if err := b.Each(within(t), func(models.BlobEntry) error { visits++; return stop }); !errors.Is(err, stop) || visits != 1 {
		t.Errorf("after %d visits: %v", visits, err)
	}
}

// What is being written by a living process outlasts a tidying of what is old.
func blobTidy(t *testing.T, b models.BlobKeeping) {
	put(t, b, acme, "k", "whole")
	w, err := b.Create(within(t), acme, "large")
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if _, err := w.Write(make([]byte, 12<<20)); err != nil {
		t.Fatal(err)
	}
	if removed, err := b.Tidy(within(t), time.Now().Add(-time.Hour)); err != nil || removed.Count != 0 {
		t.Errorf("removed %+v, %v", removed, err)
	}
	if err := w.Commit(); err != nil {
		t.Errorf("commit: %v", err)
	}
	holds(t, b, acme, "k", "whole")
}
