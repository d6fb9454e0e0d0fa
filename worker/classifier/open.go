package classifier

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
)

// errNoEngine says that the program or the machine has no faster engine, which
// nobody asked for either.
var errNoEngine = errors.New("classifier: no faster engine")

// Open returns the classifier with the fastest engine at hand: onnxruntime in a
// program built with the tag onnxruntime, where its shared library loads and
// scores a test frame as this package does; otherwise that of [New], and the
// reason is logged as a warning. library is the path of the shared library, or ""
// for its usual names. Open fails when the embedded weights are damaged, or ctx
// ends first. The caller closes the classifier.
func Open(ctx context.Context, library string, logger *slog.Logger) (*Network, error) {
	return open(ctx, embedded, library, logger)
}

func open(ctx context.Context, file []byte, library string, logger *slog.Logger) (*Network, error) {
	if _, err := parseWeights(file); err != nil {
		return nil, err
	}
	fast, err := fasterEngine(ctx, file, library)
	switch {
	case err == nil:
		n := &Network{words: "by " + fast.name(), slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
		n.once.Do(func() { n.engine = fast })
		return n, nil
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case !errors.Is(err, errNoEngine):
		logger.Warn("frames are scored in Go, not by onnxruntime", "error", err)
	}
	return newNetwork(file, fastest()), nil
}
