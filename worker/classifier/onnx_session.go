//go:build onnxruntime

package classifier

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	ort "github.com/yalue/onnxruntime_go"
)

// libraryNames are those that the system's loader looks for when no path is given.
var libraryNames = map[string][]string{
	"darwin":  {"libonnxruntime.dylib", "/opt/homebrew/lib/libonnxruntime.dylib"},
	"linux":   {"libonnxruntime.so.1", "libonnxruntime.so"},
	"windows": {"onnxruntime.dll"},
}

// loaded is the shared library, one for the process. It stays until the end:
// what little it holds beside sessions is not worth unloading code.
var loaded struct {
	sync.Mutex
	path string
}

// loadLibrary loads the shared library from path, or by its usual names if that
// is empty, unless it is loaded already. One that is too old is refused.
func loadLibrary(path string) error {
	loaded.Lock()
	defer loaded.Unlock()
	if loaded.path != "" {
		if path != "" && path != loaded.path {
			return fmt.Errorf("classifier: %s cannot be loaded beside %s", path, loaded.path)
		}
		return nil
	}
	names := []string{path}
	if path == "" {
		names = libraryNames[runtime.GOOS]
	}
	var all []error
	for _, name := range names {
		ort.SetSharedLibraryPath(name)
		err := ort.InitializeEnvironment(ort.WithLogLevelFatal()) // errors are returned as well
		if err == nil {
			_ = ort.DisableTelemetry() // a build for Windows may have it
			loaded.path = name
			return nil
		}
		all = append(all, err)
	}
	return fmt.Errorf("classifier: no onnxruntime library, version 1.24 or later: %w", errors.Join(all...))
}

// session is the network in onnxruntime, which may run it several times at once.
type session struct {
	session *ort.DynamicAdvancedSession
}

// newSession reads a model as [onnxModel] writes it. Each run uses the thread
// that it is called on and no other.
func newSession(model []byte) (*session, error) {
	options, err := ort.NewSessionOptions()
	if err != nil {
		return nil, fmt.Errorf("classifier: onnxruntime: %w", err)
	}
	defer options.Destroy()
	if err := errors.Join(options.SetIntraOpNumThreads(1), options.SetInterOpNumThreads(1)); err != nil {
		return nil, fmt.Errorf("classifier: onnxruntime: %w", err)
	}
	s, err := ort.NewDynamicAdvancedSessionWithONNXData(model, []string{onnxInput}, []string{onnxOutput}, options)
	if err != nil {
		return nil, fmt.Errorf("classifier: onnxruntime: %w", err)
	}
	return &session{s}, nil
}

func (s *session) name() string { return "onnxruntime " + ort.GetVersion() }

func (s *session) close() { _ = s.session.Destroy() }

func (s *session) classify(_ context.Context, rgb []byte) (scores Scores, err error) {
	var pins runtime.Pinner // the library keeps pointers to both until the tensors end
	defer pins.Unpin()
	pins.Pin(&rgb[0])
	pins.Pin(&scores)
	in, err := ort.NewTensor(ort.NewShape(1, Size, Size, 3), rgb)
	if err != nil {
		return Scores{}, fmt.Errorf("classifier: onnxruntime: %w", err)
	}
	defer in.Destroy()
	out, err := ort.NewTensor(ort.NewShape(1, int64(len(scores))), scores[:])
	if err != nil {
		return Scores{}, fmt.Errorf("classifier: onnxruntime: %w", err)
	}
	defer out.Destroy()
	if err := s.session.Run([]ort.Value{in}, []ort.Value{out}); err != nil {
		return Scores{}, fmt.Errorf("classifier: onnxruntime: %w", err)
	}
	return scores, nil
}
