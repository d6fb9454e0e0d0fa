//go:build onnxruntime

package classifier

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models/modelstest/testenv"
)

// withLibrary returns the classifier on onnxruntime, or ends the test as
// testenv.Missing does.
func withLibrary(t testing.TB) *Network {
	t.Helper()
	library := os.Getenv("ONNXRUNTIME_LIB")
	if err := loadLibrary(library); err != nil {
		if library != "" {
			t.Fatal(err)
		}
		testenv.Missing(t, "onnxruntime library in ONNXRUNTIME_LIB")
	}
	var log bytes.Buffer
	n, err := Open(t.Context(), library, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	if log.Len() > 0 || !strings.HasPrefix(n.Describe(), "frames scored by onnxruntime 1.") {
		t.Fatalf("%s; log %q", n.Describe(), log.String())
	}
	t.Cleanup(n.Close)
	return n
}

// TestOnnxruntimeGolden holds onnxruntime to the scores of nsfwjs itself.
func TestOnnxruntimeGolden(t *testing.T) {
	t.Parallel()
	checkGolden(t, withLibrary(t), goldenPictures(t))
}

// TestEnginesAgree compares all engines on made pictures of every kind.
func TestEnginesAgree(t *testing.T) {
	t.Parallel()
	fast, own, worst := withLibrary(t), New(), 0.
	for seed := range uint64(15) {
		for _, picture := range [][]byte{blobs(seed + 1000), smooth(seed), noise(seed)} {
			got, errGot := fast.Classify(t.Context(), picture)
			want, errWant := own.Classify(t.Context(), picture)
			if err := errors.Join(errGot, errWant); err != nil {
				t.Fatal(err)
			}
			for i := range got {
				worst = max(worst, math.Abs(float64(got[i]-want[i])))
			}
			if worst > sameScores {
				t.Fatalf("seed %d: %v by onnxruntime, %v in Go", seed, got, want)
			}
		}
	}
	t.Logf("%s against %s: worst difference %.1e in 45 pictures", fast.Describe(), own.Describe(), worst)
	if fast.Model() != own.Model() {
		t.Errorf("models %s and %s", fast.Model(), own.Model())
	}
}

// smooth is noise of low frequencies, as in photographs.
func smooth(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 3))
	var wave [3][6][3]float64
	for c := range wave {
		for k := range wave[c] {
			wave[c][k] = [3]float64{r.Float64() / 8, r.Float64() / 8, r.Float64() * 6}
		}
	}
	return frame(func(x, y int) (out rgb) {
		for c := range out {
			v := 128.
			for _, w := range wave[c] {
				v += 30 * math.Sin(float64(x)*w[0]+float64(y)*w[1]+w[2])
			}
			out[c] = int(min(max(v, 0), 255))
		}
		return out
	})
}

// TestOnnxruntimeConcurrently has many goroutines share a session.
func TestOnnxruntimeConcurrently(t *testing.T) {
	t.Parallel()
	n := withLibrary(t)
	pictures := [][]byte{noise(1), gradient(), blobs(7), blobs(109)}
	var want []Scores
	for _, p := range pictures {
		s, err := n.Classify(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, s)
	}
	var group sync.WaitGroup
	for i := range 4 * runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for j := range 8 {
				k := (i + j) % len(pictures)
				got, err := n.Classify(t.Context(), pictures[k])
				if err != nil || got != want[k] {
					t.Errorf("picture %d: %v, %v, want %v", k, got, err, want[k])
				}
				runtime.GC() // moves nothing that the library points to
			}
		})
	}
	group.Wait()
}

func TestOnnxruntimeRefusesWhatIsNoFrame(t *testing.T) {
	t.Parallel()
	n := withLibrary(t)
	for _, length := range []int{0, 1, FrameBytes - 1, FrameBytes + 1} {
		if _, err := n.Classify(t.Context(), make([]byte, length)); err == nil {
			t.Errorf("%d bytes were taken for a frame", length)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.Classify(ended, noise(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestOnnxruntimeCloses closes while frames are under way, twice at once.
func TestOnnxruntimeCloses(t *testing.T) {
	t.Parallel()
	n, picture := withLibrary(t), blobs(7)
	want, err := n.Classify(t.Context(), picture)
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 2 * runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for {
				got, err := n.Classify(t.Context(), picture)
				if errors.Is(err, errClosed) {
					return
				}
				if err != nil || got != want {
					t.Errorf("%v, %v, want %v", got, err, want)
					return
				}
			}
		})
	}
	group.Go(n.Close)
	group.Go(n.Close)
	group.Wait()
}

// TestOpenFallsBack gives libraries that are none; frames are scored all the same.
func TestOpenFallsBack(t *testing.T) {
	t.Parallel()
	text := filepath.Join(t.TempDir(), "libonnxruntime.so")
	if err := os.WriteFile(text, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, library := range []string{text, filepath.Join(t.TempDir(), "absent.so")} {
		checkFallsBack(t, library)
	}
}

// TestModelIsRead shows that a model cut short is an error, no crash, and how
// large the model is.
func TestModelIsRead(t *testing.T) {
	t.Parallel()
	withLibrary(t)
	g, err := load(embedded)
	if err != nil {
		t.Fatal(err)
	}
	model := onnxModel(g)
	t.Logf("%d bytes", len(model))
	for _, length := range []int{1, 100, 10_000, len(model) / 2, len(model) - 1} {
		if s, err := newSession(model[:length]); err == nil {
			s.close()
			t.Errorf("the first %d bytes were taken for a model", length)
		}
	}
	// Another network than the one of the weights is noticed before it is used.
	g.last.bias[7] += 50
	s, err := newSession(onnxModel(g))
	if err != nil {
		t.Fatal(err)
	}
	defer s.close()
	right, err := load(embedded)
	if err != nil {
		t.Fatal(err)
	}
	if err := verify(t.Context(), s, &goEngine{kernels: fastest(), graph: right}); err == nil {
		t.Error("a network with other scores was taken")
	}
}

// BenchmarkEngines takes turns, a frame each, so that whatever else the machine
// does meets both engines alike. It reports the milliseconds that one frame in ten
// stays below, which other work disturbs least, and their ratio.
func BenchmarkEngines(b *testing.B) {
	engines, picture := [...]*Network{withLibrary(b), New()}, blobs(7)
	var spent [len(engines)][]time.Duration
	frame := func(i int) {
		from := time.Now()
		if _, err := engines[i].Classify(b.Context(), picture); err != nil {
			b.Fatal(err)
		}
		spent[i] = append(spent[i], time.Since(from))
	}
	for b.Loop() {
		for i := range engines {
			frame(i)
		}
	}
	var low [len(engines)]float64
	for i := range engines {
		slices.Sort(spent[i])
		low[i] = float64(spent[i][len(spent[i])/10]) / 1e6
	}
	b.ReportMetric(low[0], "ms-onnxruntime/frame")
	b.ReportMetric(low[1], "ms-go/frame")
	b.ReportMetric(low[0]/low[1], "ratio")
}
