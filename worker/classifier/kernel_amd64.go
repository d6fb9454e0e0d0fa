package classifier

import "golang.org/x/sys/cpu"

// vectorKernels returns the loops for processors with AVX2 and FMA, which is
// nearly every one made since 2013, and for those with AVX-512. Of the latter it
// takes those with VBMI2 (Intel's since 2019, AMD's since 2022): earlier ones
// slow down everything else while they use it. The checks include the operating
// system.
func vectorKernels() (all []kernels) {
	if cpu.X86.HasAVX2 && cpu.X86.HasFMA {
		all = append(all, kernels{name: "avx2", multiply: multiplyVector, convolve: convolveVector})
		if cpu.X86.HasAVX512F && cpu.X86.HasAVX512VBMI2 {
			all = append(all, kernels{name: "avx512", multiply: multiplyWide, convolve: convolveVector})
		}
	}
	return all
}

// tileArgs is what multiplyTiles reads; the assembly knows the offsets.
type tileArgs struct {
	in       *float32
	inStep   uintptr // bytes from one pixel to the next
	panel    *float32
	depth    int // values in a pixel of in
	bias     *float32
	out      *float32
	outStep  uintptr  // bytes
	residual *float32 // or nil; steps like out
	tiles    int      // at least 1
	lo, hi   float32
}

// multiplyTiles computes lanes channels of tiles × tileRows pixels.
//
//go:noescape
func multiplyTiles(args *tileArgs)

// wideRows is the number of pixels that multiplyWideTiles computes together. All
// layers of the network but the last few have a multiple of it.
const wideRows = 14

// multiplyWideTiles computes lanes channels of tiles × wideRows pixels.
//
//go:noescape
func multiplyWideTiles(args *tileArgs)

// cacheFloats is how much of in is used for all panels before going on: half of
// a small second-level cache.
const cacheFloats = 128 << 10 / 4

func multiplyVector(m *matrix, in, out, residual []float32, pixels int) {
	multiplyInTiles(m, in, out, residual, pixels, tileRows)
}

func multiplyWide(m *matrix, in, out, residual []float32, pixels int) {
	rows := wideRows
	if pixels < rows {
		rows = tileRows
	}
	multiplyInTiles(m, in, out, residual, pixels, rows)
}

// multiplyInTiles computes tiles of so many rows: tileRows or wideRows.
func multiplyInTiles(m *matrix, in, out, residual []float32, pixels, rows int) {
	lda, ldc := padded(m.in), padded(m.out)
	_, _ = in[(pixels-1)*lda+m.in-1], out[pixels*ldc-1] // the assembly checks no bounds
	if residual != nil {
		_ = residual[pixels*ldc-1]
	}
	args := tileArgs{depth: m.in, inStep: uintptr(lda) * 4, outStep: uintptr(ldc) * 4, lo: m.lo, hi: m.hi}
	if pixels < rows {
		// Too few for a tile: all its rows are the same pixel.
		args.inStep, args.outStep = 0, 0
		for p := range pixels {
			multiplyPanels(&args, m, in[p*lda:], out[p*ldc:], after(residual, p*ldc), 1, rows)
		}
		return
	}
	block := max(1, cacheFloats/lda/rows)
	whole := pixels / rows
	for first := 0; first < whole; first += block {
		p := first * rows
		multiplyPanels(&args, m, in[p*lda:], out[p*ldc:], after(residual, p*ldc), min(block, whole-first), rows)
	}
	if p := pixels - rows; pixels%rows != 0 {
		// The last tile overlaps the one before, and computes the same there.
		multiplyPanels(&args, m, in[p*lda:], out[p*ldc:], after(residual, p*ldc), 1, rows)
	}
}

func after(s []float32, i int) []float32 {
	if s == nil {
		return nil
	}
	return s[i:]
}

func multiplyPanels(args *tileArgs, m *matrix, in, out, residual []float32, tiles, rows int) {
	args.tiles, args.in = tiles, &in[0]
	for c := 0; c < padded(m.out); c += lanes {
		args.panel, args.bias, args.out = &m.panels[c*m.in], &m.bias[c], &out[c]
		if residual != nil {
			args.residual = &residual[c]
		}
		if rows == wideRows {
			multiplyWideTiles(args)
		} else {
			multiplyTiles(args)
		}
	}
}

// rowArgs is what convolveRow reads; the assembly knows the offsets.
type rowArgs struct {
	top, middle, bottom *float32
	weights             *float32
	bias                *float32
	out                 *float32
	pixel               uintptr // bytes from one pixel to the next
	step                uintptr // bytes from one neighbourhood to the next
	inner               int     // neighbourhoods that lie wholly inside, may be 0
	left                int     // 1 when the first one hangs over the left edge
	groups              int     // of eight channels, at least 1
	hi                  float32
}

// convolveRow computes a row: the first neighbourhood if it hangs over the left
// edge, the inner ones, and the last, which hangs over the right edge.
//
//go:noescape
func convolveRow(args *rowArgs)

func convolveVector(d *spatial, top, middle, bottom, out []float32, size int) {
	n := d.channels
	last := size*d.stride*n - 1
	_, _, _, _ = top[last], middle[last], bottom[last], out[size*n-1] // the assembly checks no bounds
	args := rowArgs{
		top: &top[0], middle: &middle[0], bottom: &bottom[0],
		weights: &d.weights[0], bias: &d.bias[0], out: &out[0],
		pixel: uintptr(n) * 4, step: uintptr(n*d.stride) * 4,
		inner: size - 1, groups: n / 8, hi: 6,
	}
	if d.stride == 1 {
		args.inner, args.left = size-2, 1
	}
	convolveRow(&args)
}
