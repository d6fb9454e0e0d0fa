package classifier

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"testing"
)

func TestClassifyRefusesWhatIsNoFrame(t *testing.T) {
	t.Parallel()
	n := New()
	for _, length := range []int{0, 1, FrameBytes - 1, FrameBytes + 1} {
		if _, err := n.Classify(t.Context(), make([]byte, length)); err == nil {
			t.Errorf("%d bytes were taken for a frame", length)
		}
	}
	if n.engine != nil {
		t.Error("the weights were unpacked for no frame")
	}
}

func TestClassifyEndsWithItsContext(t *testing.T) {
	t.Parallel()
	n, picture := New(), noise(1)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := n.Classify(ended, picture); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	// All slots taken: the wait ends with the context.
	for range cap(n.slots) {
		n.slots <- struct{}{}
	}
	waiting, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() {
		_, err := n.Classify(waiting, picture)
		result <- err
	}()
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	for range cap(n.slots) {
		<-n.slots
	}
	if _, err := n.Classify(t.Context(), picture); err != nil {
		t.Error(err)
	}
}

// endsLater is a context that ends when it has been asked a few times.
type endsLater struct {
	context.Context
	left int
}

func (c *endsLater) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

func TestClassifyStopsBetweenLayers(t *testing.T) {
	t.Parallel()
	n, picture := New(), noise(1)
	if _, err := n.Classify(&endsLater{t.Context(), 5}, picture); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// TestClassifyConcurrently has many goroutines share a network; what each gets
// must not depend on the others, nor on what the memory was used for before.
func TestClassifyConcurrently(t *testing.T) {
	t.Parallel()
	n := New()
	pictures := [][]byte{noise(1), gradient(), blobs(7), blobs(109)}
	var want []Scores
	for _, p := range pictures {
		s, err := New().Classify(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		want = append(want, s)
	}
	var group sync.WaitGroup
	for i := range 4 * runtime.GOMAXPROCS(0) {
		group.Go(func() {
			for j := range pictures {
				k := (i + j) % len(pictures)
				got, err := n.Classify(t.Context(), pictures[k])
				if err != nil || got != want[k] {
					t.Errorf("picture %d: %v, %v, want %v", k, got, err, want[k])
				}
			}
		})
	}
	group.Wait()
}

// TestKernelsAgree holds the assembly to the loops in Go on whole frames.
func TestKernelsAgree(t *testing.T) {
	t.Parallel()
	slow := newNetwork(embedded, portableKernels())
	for _, k := range vectorKernels() {
		fast := newNetwork(embedded, k)
		for seed := range uint64(3) {
			a, errA := fast.Classify(t.Context(), blobs(seed))
			b, errB := slow.Classify(t.Context(), blobs(seed))
			if err := errors.Join(errA, errB); err != nil {
				t.Fatal(err)
			}
			for i := range a {
				if math.Abs(float64(a[i]-b[i])) > 1e-5 {
					t.Errorf("%s, blobs(%d): %v and %v", k.name, seed, a, b)
				}
			}
		}
	}
}

func TestScores(t *testing.T) {
	t.Parallel()
	s, err := New().Classify(t.Context(), blobs(6))
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.
	for i, c := range Categories() {
		if s.Of(c) != s[i] {
			t.Errorf("%s has score %g, want %g", c, s.Of(c), s[i])
		}
		sum += float64(s[i])
	}
	if math.Abs(sum-1) > 1e-5 {
		t.Errorf("the scores add up to %g", sum)
	}
	if s.Of("violence") != 0 {
		t.Error("a category that is none has a score")
	}
	if top, score := s.Top(); top != Drawing || score != s[0] {
		t.Errorf("on top is %s with %g", top, score)
	}
}
