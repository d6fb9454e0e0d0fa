package classifier

import (
	"fmt"
	"math"
	"slices"
)

// lanes is the width of a panel: the number of output channels that the matrix
// kernel computes together. Channel counts are rounded up to it in memory.
const lanes = 16

func padded(channels int) int { return (channels + lanes - 1) / lanes * lanes }

// matrix is a convolution of one pixel, or a fully connected layer: outputs =
// inputs · weights + bias, then kept between lo and hi.
type matrix struct {
	in, out int       // channels, as in the model
	panels  []float32 // padded(out)/lanes panels of in × lanes
	bias    []float32 // padded(out)
	lo, hi  float32
}

// spatial is a 3×3 convolution of each channel by itself, then kept in 0…6.
type spatial struct {
	channels int
	stride   int
	weights  []float32 // 9 × channels
	bias     []float32
}

// source builds layers from tensors; the first error stays.
type source struct {
	tensors map[string]tensor
	err     error
}

func (s *source) tensor(name string, shape ...int) tensor {
	t, ok := s.tensors[name]
	switch {
	case s.err != nil:
	case !ok:
		s.err = fmt.Errorf("classifier: weight file: no %s", name)
	case len(shape) != len(t.Shape) || !slices.EqualFunc(shape, t.Shape, func(want, got int) bool { return want == 0 || want == got }):
		s.err = fmt.Errorf("classifier: weight file: %s has shape %v, not %v", name, t.Shape, shape)
	}
	if s.err != nil {
		return tensor{}
	}
	return t
}

// norm is a batch normalisation as one multiplication and one addition a channel.
func (s *source) norm(name string, channels int) (scale, shift []float64) {
	const epsilon = 0.001 // of every such layer of the model
	gamma, beta := s.tensor(name+"/gamma", channels), s.tensor(name+"/beta", channels)
	mean, variance := s.tensor(name+"/moving_mean", channels), s.tensor(name+"/moving_variance", channels)
	if s.err != nil {
		return nil, nil
	}
	scale, shift = make([]float64, channels), make([]float64, channels)
	for c := range channels {
		scale[c] = gamma.at(c) / math.Sqrt(variance.at(c)+epsilon)
		shift[c] = beta.at(c) - mean.at(c)*scale[c]
	}
	return scale, shift
}

// pointwise returns a convolution with its normalisation folded in. factor
// multiplies the inputs. A shape of 0 is any.
func (s *source) pointwise(conv, norm string, height, width, in int, factor float64, hi float64) matrix {
	kernel := s.tensor(conv+"/kernel", height, width, in, 0)
	if s.err != nil {
		return matrix{}
	}
	out := kernel.Shape[3]
	scale, shift := s.norm(norm, out)
	if s.err != nil {
		return matrix{}
	}
	m := newMatrix(height*width*in, out, func(i, o int) float64 { return kernel.at(i*out+o) * scale[o] * factor },
		func(o int) float64 { return shift[o] })
	m.lo, m.hi = 0, float32(hi)
	if math.IsInf(hi, 1) {
		m.lo = float32(math.Inf(-1))
	}
	return m
}

// dense returns a fully connected layer whose outputs are at least lo.
func (s *source) dense(name string, in, out int, lo float64) matrix {
	kernel, bias := s.tensor(name+"/kernel", in, out), s.tensor(name+"/bias", out)
	if s.err != nil {
		return matrix{}
	}
	m := newMatrix(in, out, func(i, o int) float64 { return kernel.at(i*out + o) }, bias.at)
	m.lo, m.hi = float32(lo), float32(math.Inf(1))
	return m
}

func newMatrix(in, out int, weight func(i, o int) float64, bias func(o int) float64) matrix {
	m := matrix{in: in, out: out, panels: make([]float32, in*padded(out)), bias: make([]float32, padded(out))}
	for o := range out {
		m.bias[o] = float32(bias(o))
		panel := m.panels[o/lanes*lanes*in:]
		for i := range in {
			panel[i*lanes+o%lanes] = float32(weight(i, o))
		}
	}
	return m
}

// depthwise returns a convolution by channel with its normalisation folded in.
func (s *source) depthwise(conv string, channels, stride int) spatial {
	kernel := s.tensor(conv+"/depthwise_kernel", 3, 3, channels, 1)
	scale, shift := s.norm(conv+"_BN", channels)
	if s.err == nil && channels%lanes != 0 {
		s.err = fmt.Errorf("classifier: weight file: %s has %d channels, not a multiple of %d", conv, channels, lanes)
	}
	if s.err != nil {
		return spatial{}
	}
	d := spatial{channels: channels, stride: stride, weights: make([]float32, 9*channels), bias: make([]float32, channels)}
	for c := range channels {
		d.bias[c] = float32(shift[c])
		for tap := range 9 {
			d.weights[tap*channels+c] = float32(kernel.at(tap*channels+c) * scale[c])
		}
	}
	return d
}
