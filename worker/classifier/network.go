package classifier

import (
	"context"
	_ "embed"
	"fmt"
	"runtime"
	"sync"
)

// modelName is also in the weight file.
const modelName = "nsfwjs-mobilenet-v2@4.4.0"

//go:embed weights.bin
var embedded []byte

// Network is the embedded classifier. Make it with [New].
type Network struct {
	kernels kernels
	file    []byte

	once  sync.Once
	graph *graph
	err   error

	slots  chan struct{} // one for each frame that may be under way
	spaces sync.Pool     // of *workspace; idle ones are given back to the collector
}

var _ Classifier = (*Network)(nil)

// New returns the classifier with the embedded weights. It costs nothing: the
// weights are unpacked (about 11 MB) by the first call of Classify. As many
// frames as there are processors (GOMAXPROCS) are computed at a time, each with
// about 10 MB of working memory; further callers wait.
func New() *Network { return newNetwork(embedded, fastest()) }

func newNetwork(file []byte, k kernels) *Network {
	return &Network{
		kernels: k,
		file:    file,
		slots:   make(chan struct{}, runtime.GOMAXPROCS(0)),
	}
}

// Model returns the name and the version of the network.
func (n *Network) Model() string { return modelName }

// Classify scores one frame; see [Classifier]. It uses one processor and looks
// at ctx between the layers of the network, a few milliseconds apart.
func (n *Network) Classify(ctx context.Context, rgb []byte) (Scores, error) {
	if len(rgb) != FrameBytes {
		return Scores{}, fmt.Errorf("classifier: a frame has %d bytes (%d×%d, rgb24), not %d", FrameBytes, Size, Size, len(rgb))
	}
	if err := ctx.Err(); err != nil {
		return Scores{}, err
	}
	select {
	case n.slots <- struct{}{}:
	case <-ctx.Done():
		return Scores{}, ctx.Err()
	}
	defer func() { <-n.slots }()

	n.once.Do(func() { n.graph, n.err = load(n.file) })
	if n.err != nil {
		return Scores{}, n.err
	}
	space, _ := n.spaces.Get().(*workspace)
	if space == nil {
		space = newWorkspace(n.graph)
	}
	defer n.spaces.Put(space)
	return n.graph.run(ctx, n.kernels, space, rgb)
}
