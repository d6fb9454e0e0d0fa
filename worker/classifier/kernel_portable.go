package classifier

// portableKernels are the loops in Go, for every processor. Like the assembly
// they are left out of the race detector, which would make them 30 times slower:
// they touch nothing but what their caller owns.
func portableKernels() kernels {
	return kernels{name: "portable", multiply: multiplyPortable, convolve: convolvePortable}
}

//go:norace
func multiplyPortable(m *matrix, in, out, residual []float32, pixels int) {
	lda, ldc := padded(m.in), padded(m.out)
	// Pixels that fit the first cache meet all panels before the next ones come.
	block := max(2, 1<<12/lda&^1)
	for first := 0; first < pixels; first += block {
		count := min(block, pixels-first)
		for c := 0; c < ldc; c += 4 {
			panel := m.panels[c/lanes*lanes*m.in+c%lanes:]
			p := first
			for ; p+1 < first+count; p += 2 {
				multiplyPair(m, in[p*lda:][:m.in], in[(p+1)*lda:][:m.in], panel, out[p*ldc+c:], out[(p+1)*ldc+c:], c)
			}
			if p < first+count {
				// The last pixel alone: both halves of the pair are the same.
				multiplyPair(m, in[p*lda:][:m.in], in[p*lda:][:m.in], panel, out[p*ldc+c:], out[p*ldc+c:], c)
			}
		}
		if residual != nil {
			from := residual[first*ldc:][:count*ldc]
			for i, v := range out[first*ldc:][:count*ldc] {
				out[first*ldc+i] = v + from[i]
			}
		}
	}
}

// multiplyPair computes four channels of two pixels: as many sums as fit the
// registers of every processor.
//
//go:norace
func multiplyPair(m *matrix, a0, a1, panel, c0, c1 []float32, channel int) {
	bias := m.bias[channel:][:4]
	s00, s01, s02, s03 := bias[0], bias[1], bias[2], bias[3]
	s10, s11, s12, s13 := s00, s01, s02, s03
	a1 = a1[:len(a0)]
	for i, x := range a0 {
		y := a1[i]
		b := panel[i*lanes:][:4:4]
		s00 += x * b[0]
		s01 += x * b[1]
		s02 += x * b[2]
		s03 += x * b[3]
		s10 += y * b[0]
		s11 += y * b[1]
		s12 += y * b[2]
		s13 += y * b[3]
	}
	c0, c1 = c0[:4], c1[:4]
	c0[0], c0[1], c0[2], c0[3] = within(s00, m), within(s01, m), within(s02, m), within(s03, m)
	c1[0], c1[1], c1[2], c1[3] = within(s10, m), within(s11, m), within(s12, m), within(s13, m)
}

func within(v float32, m *matrix) float32 {
	if v < m.lo {
		return m.lo
	}
	if v > m.hi {
		return m.hi
	}
	return v
}

//go:norace
func convolvePortable(d *spatial, top, middle, bottom, out []float32, size int) {
	n := d.channels
	for x := range size {
		to := out[x*n:][:n]
		copy(to, d.bias)
		first := x*d.stride - 1
		if d.stride == 2 {
			first++
		}
		for i, row := range [3][]float32{top, middle, bottom} {
			for j := range 3 {
				at := (first + j) * n
				if at < 0 || at >= len(row) {
					continue
				}
				weights, from := d.weights[(i*3+j)*n:][:n], row[at:][:n]
				for c := range to {
					to[c] += from[c] * weights[c]
				}
			}
		}
		for c, v := range to {
			if v < 0 {
				to[c] = 0
			} else if v > 6 {
				to[c] = 6
			}
		}
	}
}
