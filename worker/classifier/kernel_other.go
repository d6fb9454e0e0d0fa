//go:build !amd64

package classifier

// vectorKernels reports that there are none for this processor.
func vectorKernels() []kernels { return nil }
