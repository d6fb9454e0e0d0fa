package classifier

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
)

// engine computes scores. Several goroutines may use it at a time.
type engine interface {
	// classify scores a frame of the right length.
	classify(ctx context.Context, rgb []byte) (Scores, error)
	// name says which engine it is, for people.
	name() string
	// close frees what the collector does not. Nothing is called after it.
	close()
}

// errNoEngine says that the program or the machine has no faster engine, which
// nobody asked for either.
var errNoEngine = errors.New("classifier: no faster engine")

// goEngine computes with kernels of this package.
type goEngine struct {
	kernels kernels
	graph   *graph
	spaces  sync.Pool // of *workspace; idle ones are given back to the collector
}

func (e *goEngine) name() string { return e.kernels.name }

func (e *goEngine) close() {}

// classify uses one processor and looks at ctx between the layers of the
// network, a few milliseconds apart.
func (e *goEngine) classify(ctx context.Context, rgb []byte) (Scores, error) {
	space, _ := e.spaces.Get().(*workspace)
	if space == nil {
		space = newWorkspace(e.graph)
	}
	defer e.spaces.Put(space)
	return e.graph.run(ctx, e.kernels, space, rgb)
}

// sameScores is how far the scores of two engines may lie apart: they add in
// different orders, so that the last bits differ.
const sameScores = 1e-4

// verify scores a frame with both engines, and returns an error if they disagree.
func verify(ctx context.Context, fast, own engine) error {
	frame := make([]byte, FrameBytes)
	for i := range frame {
		x, y := i/3%Size, i/3/Size
		frame[i] = byte(x*(1+i%3) + y*y/(8+i%3)) // edges and slopes of all colours
	}
	got, err := fast.classify(ctx, frame)
	if err != nil {
		return err
	}
	want, err := own.classify(ctx, frame)
	if err != nil {
		return err
	}
	for i := range got {
		if !(math.Abs(float64(got[i]-want[i])) <= sameScores) { // nor not a number
			return fmt.Errorf("classifier: %s scores a test frame %v, not %v", fast.name(), got, want)
		}
	}
	return nil
}
