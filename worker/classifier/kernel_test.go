package classifier

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// allKernels returns every set of kernels that this machine can run.
func allKernels() []kernels {
	return append([]kernels{portableKernels()}, vectorKernels()...)
}

func values(r *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = r.Float32()*8 - 4
	}
	return v
}

// guarded returns n values followed by some that nobody may change.
func guarded(n int) (v []float32, intact func() bool) {
	whole := make([]float32, n+64)
	for i := n; i < len(whole); i++ {
		whole[i] = 12345
	}
	return whole[:n], func() bool {
		for _, g := range whole[n:] {
			if g != 12345 {
				return false
			}
		}
		return true
	}
}

func near(t *testing.T, name string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Abs(float64(got[i]-want[i])) > 1e-4*max(1, math.Abs(float64(want[i]))) {
			t.Fatalf("%s: value %d is %g, want %g", name, i, got[i], want[i])
		}
	}
}

func TestMultiply(t *testing.T) {
	t.Parallel()
	for _, k := range allKernels() {
		for _, pixels := range []int{1, 2, 5, 6, 7, 13, 14, 15, 28, 49, 196, 1000} {
			for _, size := range [][2]int{{1, 16}, {3, 5}, {16, 24}, {24, 96}, {27, 32}, {130, 48}} {
				for _, residual := range []bool{false, true} {
					name := fmt.Sprintf("%s: %d pixels of %v, residual %v", k.name, pixels, size, residual)
					testMultiply(t, k, name, pixels, size[0], size[1], residual)
				}
			}
		}
	}
}

func testMultiply(t *testing.T, k kernels, name string, pixels, in, out int, withResidual bool) {
	t.Helper()
	r := rand.New(rand.NewPCG(uint64(pixels), uint64(in*out)))
	weights, bias := values(r, in*out), values(r, out)
	m := newMatrix(in, out, func(i, o int) float64 { return float64(weights[i*out+o]) }, func(o int) float64 { return float64(bias[o]) })
	m.lo, m.hi = -5, 6
	lda, ldc := padded(in), padded(out)
	a, residual := values(r, pixels*lda), []float32(nil)
	if withResidual {
		// The network adds only to what is not kept between limits.
		m.lo, m.hi = float32(math.Inf(-1)), float32(math.Inf(1))
		residual = values(r, pixels*ldc)
	}
	want := make([]float32, pixels*ldc)
	for p := range pixels {
		for o := range ldc {
			sum := float64(m.bias[o])
			for i := range in {
				if o < out {
					sum += float64(a[p*lda+i]) * float64(weights[i*out+o])
				}
			}
			want[p*ldc+o] = min(max(float32(sum), m.lo), m.hi)
			if withResidual {
				want[p*ldc+o] += residual[p*ldc+o]
			}
		}
	}
	got, intact := guarded(pixels * ldc)
	k.multiply(&m, a, got, residual, pixels)
	near(t, name, got, want)
	if !intact() {
		t.Fatalf("%s: wrote beyond the end", name)
	}
}

func TestConvolve(t *testing.T) {
	t.Parallel()
	for _, k := range allKernels() {
		for _, stride := range []int{1, 2} {
			for _, size := range []int{1, 2, 7, 14} {
				if stride == 1 && size == 1 {
					continue // no row of the network is one pixel wide
				}
				for _, channels := range []int{16, 32, 144} {
					testConvolve(t, k, size, channels, stride)
				}
			}
		}
	}
}

func testConvolve(t *testing.T, k kernels, size, channels, stride int) {
	t.Helper()
	name := fmt.Sprintf("%s: %d pixels, %d channels, step %d", k.name, size, channels, stride)
	r := rand.New(rand.NewPCG(uint64(size), uint64(channels)))
	d := spatial{channels: channels, stride: stride, weights: values(r, 9*channels), bias: values(r, channels)}
	var rows [3][]float32
	for i := range rows {
		rows[i] = values(r, size*stride*channels)
	}
	want := make([]float32, size*channels)
	for x := range size {
		for c := range channels {
			sum := float64(d.bias[c])
			for i := range rows {
				for j := range 3 {
					at := x*stride + j - (2 - stride)
					if at >= 0 && at < size*stride {
						sum += float64(rows[i][at*channels+c]) * float64(d.weights[(i*3+j)*channels+c])
					}
				}
			}
			want[x*channels+c] = float32(min(max(sum, 0), 6))
		}
	}
	got, intact := guarded(size * channels)
	k.convolve(&d, rows[0], rows[1], rows[2], got, size)
	near(t, name, got, want)
	if !intact() {
		t.Fatalf("%s: wrote beyond the end", name)
	}
}
