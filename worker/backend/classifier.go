package backend

import (
	"context"

	"reelroom/worker/classifier"
)

// OpenClassifier chooses what scores frames: onnxruntime in a program built for
// it, where the library loads, or else our own code. It ends with the backend.
func (b *Backend) OpenClassifier(ctx context.Context) (*classifier.Network, error) {
	network, err := classifier.Open(ctx, b.Config.OnnxLib, b.Logger)
	if err != nil {
		return nil, err
	}
	b.closers = append(b.closers, network.Close)
	return network, nil
}
