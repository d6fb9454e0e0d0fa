package modelstest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

// TestBlobs checks that an adapter is a [models.Blobs] that can be kept clean.
// Each call of open gives an empty store.
func TestBlobs(t *testing.T, open func(t testing.TB) models.BlobKeeping) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, models.BlobKeeping)
	}{
		{"RoundTrip", blobRoundTrip}, {"Seek", blobSeek}, {"Unfinished", blobUnfinished}, {"Replaced", blobReplaced},
		{"Raced", blobRaced}, {"Tenants", blobTenants}, {"Delete", blobDelete}, {"DeleteRaced", blobDeleteRaced},
		{"Keys", blobKeys}, {"GivenUp", blobGivenUp}, {"Large", blobLarge}, {"Each", blobEach}, {"Tidy", blobTidy},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.run(t, open(t))
		})
	}
}

// put writes a blob.
func put(t testing.TB, b models.Blobs, org, key, content string) {
	t.Helper()
	w, err := b.Create(within(t), org, key)
	if err != nil {
		t.Fatalf("create %s: %v", key, err)
	}
	defer w.Abort()
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatalf("write %s: %v", key, err)
	}
	if err := w.Commit(); err != nil {
		t.Fatalf("commit %s: %v", key, err)
	}
}

// content reads a blob in both ways; they must agree.
func content(t testing.TB, b models.Blobs, org, key string) (string, error) {
	t.Helper()
	path, release, lerr := b.Local(within(t), org, key)
	r, err := b.Open(within(t), org, key)
	if (lerr == nil) != (err == nil) || models.CodeOf(lerr) != models.CodeOf(err) {
		t.Errorf("%s: Open says %v, Local says %v", key, err, lerr)
	}
	if err != nil || lerr != nil {
		return "", errors.Join(err, lerr)
	}
	defer release()
	defer r.Close()
	raw, err := io.ReadAll(r)
	if local, err := os.ReadFile(path); err != nil || !bytes.Equal(local, raw) {
		t.Errorf("%s: the local file has %d bytes, %v", key, len(local), err)
	}
	return string(raw), err
}

func holds(t testing.TB, b models.Blobs, org, key, want string) {
	t.Helper()
	if got, err := content(t, b, org, key); err != nil || got != want {
		t.Errorf("%s/%s holds %.40q, %v; want %.40q", org, key, got, err, want)
	}
}

func absent(t testing.TB, b models.Blobs, org, key string) {
	t.Helper()
	_, err := content(t, b, org, key)
	if !errors.Is(err, models.ErrNotFound) {
		t.Errorf("%s/%s: %v, want not found", org, key, err)
	}
}

func blobRoundTrip(t *testing.T, b models.BlobKeeping) {
	big := make([]byte, 3<<20+17)
	_, _ = rand.Read(big)
	absent(t, b, acme, "videos/v1/source")
	for key, want := range map[string]string{"videos/v1/source": string(big), "empty": "", "a-b_c.D9": "x"} {
		put(t, b, acme, key, want)
		holds(t, b, acme, key, want)
	}
	absent(t, b, acme, "videos/v1")
	absent(t, b, acme, "videos/v1/source/more")
	if err := b.Ping(within(t)); err != nil {
		t.Errorf("ping: %v", err)
	}
}

func blobSeek(t *testing.T, b models.BlobKeeping) {
	put(t, b, acme, "k", "0123456789")
	r, err := b.Open(within(t), acme, "k")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Size() != 10 || time.Since(r.ModTime()).Abs() > time.Minute {
		t.Errorf("size %d, written %v", r.Size(), r.ModTime())
	}
	if at, err := r.Seek(-3, io.SeekEnd); at != 7 || err != nil {
		t.Errorf("seek: %d, %v", at, err)
	}
	if rest, err := io.ReadAll(r); string(rest) != "789" || err != nil {
		t.Errorf("read %q, %v", rest, err)
	}
}

func blobUnfinished(t *testing.T, b models.BlobKeeping) {
	w, err := b.Create(within(t), acme, "k")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, "half"); err != nil {
		t.Fatal(err)
	}
	absent(t, b, acme, "k")
	w.Abort()
	w.Abort()
	absent(t, b, acme, "k")
	if w.Commit() == nil {
		t.Error("committed after an abort")
	}
	if _, err := io.WriteString(w, "more"); err == nil {
		t.Error("written after an abort")
	}
	put(t, b, acme, "k", "whole") // Abort comes after Commit there
	holds(t, b, acme, "k", "whole")
}

func blobReplaced(t *testing.T, b models.BlobKeeping) {
	put(t, b, acme, "k", "first")
	old, err := b.Open(within(t), acme, "k")
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	put(t, b, acme, "k", "second one")
	holds(t, b, acme, "k", "second one")
	if raw, err := io.ReadAll(old); string(raw) != "first" || err != nil || old.Size() != 5 {
		t.Errorf("a reader of the first one sees %q, %v", raw, err)
	}
}

// Many write one key at once, while others read: each sees one whole blob.
func blobRaced(t *testing.T, b models.BlobKeeping) {
	put(t, b, acme, "k", strings.Repeat("0", 1<<16))
	race(16, func(i int) {
		for range 5 {
			if i%2 == 0 {
				put(t, b, acme, "k", strings.Repeat(fmt.Sprint(i/2), 1<<16))
				continue
			}
			r, err := b.Open(context.Background(), acme, "k")
			if err != nil {
				t.Errorf("open: %v", err)
				return
			}
			raw, err := io.ReadAll(r)
			r.Close()
			if err != nil || len(raw) != 1<<16 || strings.Count(string(raw), string(raw[:1])) != 1<<16 {
				t.Errorf("a reader saw %d bytes, mixed or cut: %v", len(raw), err)
			}
		}
	})
}
