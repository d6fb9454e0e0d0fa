package classifier

import (
	"context"
	"math"
)

// workspace is the memory for one frame under way.
type workspace struct {
	rows      [3][]float32 // three rows of the frame as numbers, with one pixel of zeros at the end
	columns   []float32    // the neighbourhoods of one row of the first convolution
	narrow    [2][]float32 // input and output of a block
	wide      []float32    // widened channels; pixels × channels
	convolved []float32
	zeros     []float32 // a row outside the picture
	dense     [2][]float32
}

func newWorkspace(g *graph) *workspace {
	const half = Size / 2
	narrow, wide, convolved, zeros := half*half*padded(g.stem.out), 0, 0, 0
	for _, b := range g.blocks {
		in, out := b.size*b.size, b.outSize()*b.outSize()
		narrow = max(narrow, out*padded(b.project.out))
		if b.expand != nil {
			wide = max(wide, in*b.space.channels)
		}
		convolved = max(convolved, out*b.space.channels)
		zeros = max(zeros, b.size*b.space.channels)
	}
	tail := g.blocks[len(g.blocks)-1].outSize()
	wide = max(wide, tail*tail*padded(g.last.out))
	w := &workspace{
		columns:   make([]float32, half*padded(g.stem.in)),
		wide:      make([]float32, wide),
		convolved: make([]float32, convolved),
		zeros:     make([]float32, zeros),
	}
	for i := range w.rows {
		w.rows[i] = make([]float32, (Size+1)*3)
	}
	for i := range w.narrow {
		w.narrow[i] = make([]float32, narrow)
		w.dense[i] = make([]float32, max(padded(g.last.out), padded(g.dense[0].out)))
	}
	return w
}

// run scores a frame.
func (g *graph) run(ctx context.Context, k kernels, w *workspace, rgb []byte) (Scores, error) {
	in, out := w.narrow[0], w.narrow[1]
	g.runStem(k, w, rgb, in)
	for i := range g.blocks {
		if err := ctx.Err(); err != nil {
			return Scores{}, err
		}
		g.blocks[i].run(k, w, in, out)
		in, out = out, in
	}
	tail := g.blocks[len(g.blocks)-1].outSize()
	k.multiply(&g.last, in, w.wide, nil, tail*tail)

	from, to := w.dense[0], w.dense[1]
	mean(from, w.wide, g.last.out, tail*tail)
	for i := range g.dense {
		k.multiply(&g.dense[i], from, to, nil, 1)
		from, to = to, from
	}
	return softmax(from), nil
}

func (b *block) run(k kernels, w *workspace, in, out []float32) {
	wide := in
	if b.expand != nil {
		wide = w.wide
		k.multiply(b.expand, in, wide, nil, b.size*b.size)
	}
	size := b.outSize()
	rowLength, outLength := b.size*b.space.channels, size*b.space.channels
	row := func(y int) []float32 {
		if y < 0 || y >= b.size {
			return w.zeros[:rowLength]
		}
		return wide[y*rowLength:][:rowLength]
	}
	for y := range size {
		// A step of two looks one pixel beyond the right and the lower edge, a
		// step of one looks beyond every edge.
		top := y - 1
		if b.space.stride == 2 {
			top = 2 * y
		}
		k.convolve(&b.space, row(top), row(top+1), row(top+2), w.convolved[y*outLength:][:outLength], size)
	}
	var residual []float32
	if b.residual {
		residual = in
	}
	k.multiply(&b.project, w.convolved, out, residual, size*size)
}

// runStem computes the first convolution, 3×3 with a step of two, as a matrix
// product over the neighbourhoods of each row.
func (g *graph) runStem(k kernels, w *workspace, rgb []byte, out []float32) {
	const half = Size / 2
	stride, outLength := padded(g.stem.in), half*padded(g.stem.out)
	for y := range half {
		for i := range w.rows {
			if line := 2*y + i; line < Size {
				for x, v := range rgb[line*Size*3:][:Size*3] {
					w.rows[i][x] = float32(v)
				}
			} else {
				clear(w.rows[i])
			}
		}
		for x := range half {
			for i := range w.rows {
				copy(w.columns[x*stride+i*9:][:9], w.rows[i][x*6:])
			}
		}
		k.multiply(&g.stem, w.columns, out[y*outLength:][:outLength], nil, half)
	}
}

// mean averages each channel over all pixels.
func mean(to, from []float32, channels, pixels int) {
	clear(to)
	for p := range pixels {
		for c, v := range from[p*channels:][:channels] {
			to[c] += v
		}
	}
	for c := range channels {
		to[c] /= float32(pixels)
	}
}

func softmax(v []float32) (s Scores) {
	peak, sum := float64(v[0]), 0.
	for i := range s {
		peak = max(peak, float64(v[i]))
	}
	for i := range s {
		sum += math.Exp(float64(v[i]) - peak)
	}
	for i := range s {
		s[i] = float32(math.Exp(float64(v[i])-peak) / sum)
	}
	return s
}
