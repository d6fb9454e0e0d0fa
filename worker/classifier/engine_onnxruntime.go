//go:build onnxruntime

package classifier

import (
	"context"
	"fmt"
	"math"
)

// fasterEngine returns onnxruntime with the network of a weight file, after it
// has scored a frame as this package does.
func fasterEngine(ctx context.Context, file []byte, library string) (engine, error) {
	if err := loadLibrary(library); err != nil {
		return nil, err
	}
	g, err := load(file)
	if err != nil {
		return nil, err
	}
	fast, err := newSession(onnxModel(g))
	if err != nil {
		return nil, err
	}
	if err := verify(ctx, fast, &goEngine{kernels: fastest(), graph: g}); err != nil {
		fast.close()
		return nil, err
	}
	return fast, nil
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
