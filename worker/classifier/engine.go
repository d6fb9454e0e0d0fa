package classifier

import (
	"context"
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
