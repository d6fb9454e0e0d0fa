package classifier

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

// checkFallsBack opens with a library that cannot be used: the frames are scored
// in Go, and the log says why.
func checkFallsBack(t *testing.T, library string) {
	t.Helper()
	var log bytes.Buffer
	n, err := Open(t.Context(), library, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	if !strings.HasPrefix(n.Describe(), "frames scored in Go (") || strings.Count(log.String(), "level=WARN") != 1 {
		t.Errorf("%q: %s; log %q", library, n.Describe(), log.String())
	}
	got, err := n.Classify(t.Context(), blobs(6))
	if top, _ := got.Top(); err != nil || top != Drawing {
		t.Errorf("%q: %v, %v", library, got, err)
	}
}

func TestOpenWithoutLibrary(t *testing.T) {
	t.Parallel()
	checkFallsBack(t, "/nowhere/libonnxruntime.so")
}

// TestOpenRefusesDamage shows that damaged weights are an error at start.
func TestOpenRefusesDamage(t *testing.T) {
	t.Parallel()
	damaged := bytes.Clone(embedded)
	damaged[len(damaged)/2] ^= 1
	for _, file := range [][]byte{nil, embedded[:1000], damaged} {
		if _, err := open(t.Context(), file, "", slog.New(slog.DiscardHandler)); err == nil || !strings.HasPrefix(err.Error(), "classifier: ") {
			t.Errorf("%d bytes: error %v", len(file), err)
		}
	}
}

func TestClose(t *testing.T) {
	t.Parallel()
	for _, used := range []bool{true, false} {
		n := New()
		if used {
			if _, err := n.Classify(t.Context(), noise(1)); err != nil {
				t.Fatal(err)
			}
		}
		n.Close()
		n.Close()
		if _, err := n.Classify(t.Context(), noise(1)); !errors.Is(err, errClosed) {
			t.Errorf("after Close: %v", err)
		}
	}
}
