package classifier

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"runtime"
	"sync"
)

// modelName is also in the weight file.
const modelName = "nsfwjs-mobilenet-v2@4.4.0"

//go:embed weights.bin
var embedded []byte

var errClosed = errors.New("classifier: closed")

// Network is the embedded classifier. Make it with [Open] or [New].
type Network struct {
	words string // which engine it is

	once   sync.Once // starts the engine, unless Open did
	start  func() (engine, error)
	engine engine
	err    error

	slots   chan struct{} // one for each frame that may be under way
	closing sync.Mutex    // held by Close
	closed  bool          // read and written by who holds a slot
}

var _ Classifier = (*Network)(nil)

// New returns the classifier that computes in Go, with the embedded weights. It
// costs nothing: the weights are unpacked (about 11 MB) by the first call of
// Classify. As many frames as there are processors (GOMAXPROCS) are computed at a
// time, each on one processor and with about 10 MB of working memory; further
// callers wait.
func New() *Network { return newNetwork(embedded, fastest()) }

func newNetwork(file []byte, k kernels) *Network {
	return &Network{
		words: "in Go (" + k.name + ")",
		slots: make(chan struct{}, runtime.GOMAXPROCS(0)),
		start: func() (engine, error) {
			g, err := load(file)
			if err != nil {
				return nil, err
			}
			return &goEngine{kernels: k, graph: g}, nil
		},
	}
}

// Model returns the name and the version of the network, the same for every
// engine: their scores are the same.
func (n *Network) Model() string { return modelName }

// Describe says what computes, for the operator.
func (n *Network) Describe() string { return "frames scored " + n.words }

// Classify scores one frame; see [Classifier]. It uses one processor. A frame
// under way ends with ctx, or, in onnxruntime, within milliseconds by itself.
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

	if n.closed {
		return Scores{}, errClosed
	}
	n.once.Do(func() { n.engine, n.err = n.start() })
	if n.err != nil {
		return Scores{}, n.err
	}
	return n.engine.classify(ctx, rgb)
}

// Close waits for the frames under way and frees the engine. Classify fails
// afterwards. Close may be called more than once.
func (n *Network) Close() {
	n.closing.Lock()
	defer n.closing.Unlock()
	for range cap(n.slots) {
		n.slots <- struct{}{}
	}
	n.closed = true
	if n.engine != nil {
		n.engine.close()
		n.engine = nil
	}
	for range cap(n.slots) {
		<-n.slots
	}
}
