//go:build !onnxruntime

package classifier

import (
	"context"
	"errors"
)

// fasterEngine reports that this program has none.
func fasterEngine(_ context.Context, _ []byte, library string) (engine, error) {
	if library != "" {
		return nil, errors.New("classifier: a library is named, but this program was built without the tag onnxruntime")
	}
	return nil, errNoEngine
}
