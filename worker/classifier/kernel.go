package classifier

// tileRows is the number of pixels that the matrix kernel computes together.
const tileRows = 6

// kernels are the two loops in which the time is spent. There is one set for
// every machine, and others for processors with wide registers.
type kernels struct {
	// name is for tests and benchmarks.
	name string
	// multiply sets out to in · m for so many pixels, adding residual unless it
	// is nil. The pixels of in are padded(m.in) values apart, those of out and
	// residual padded(m.out). Slices must not overlap.
	multiply func(m *matrix, in, out, residual []float32, pixels int)
	// convolve computes one row of size pixels from the three rows above it.
	convolve func(d *spatial, top, middle, bottom, out []float32, size int)
}

// fastest returns the best kernels for this processor.
func fastest() kernels {
	if all := vectorKernels(); len(all) > 0 {
		return all[len(all)-1]
	}
	return portableKernels()
}
