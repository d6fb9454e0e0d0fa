//go:build onnxruntime

package classifier

import "fmt"

// The input of the model is a frame as [Classifier] takes it (uint8, 1×224×224×3),
// the output are the scores (float, 1×5).
const (
	onnxInput  = "frame"
	onnxOutput = "scores"
)

// Versions that every onnxruntime since 2020 reads.
const (
	onnxFormat    = 7  // of the file
	onnxOperators = 13 // of the set of operators
)

// onnxModel writes the network as an ONNX file, the form that onnxruntime reads:
// the very numbers with which this package computes.
func onnxModel(g *graph) []byte {
	w := &onnxWriter{}
	w.scalar("zero", 0)
	w.scalar("six", 6)
	w.node("Transpose", []string{onnxInput}, "planes", ints("perm", 0, 3, 1, 2))
	w.node("Cast", []string{"planes"}, "numbers", number("to", onnxFloat))

	// The frame reaches beyond the right and the lower edge, as in runStem.
	x := w.convolve("stem", "numbers", &g.stem, 3, 3, 2)
	for i := range g.blocks {
		x = w.block(fmt.Sprintf("block_%d", i), x, &g.blocks[i])
	}
	x = w.convolve("last", x, &g.last, 1, g.last.in, 1)
	w.node("GlobalAveragePool", []string{x}, "mean")
	w.node("Flatten", []string{"mean"}, "flat")
	x = "flat"
	for i := range g.dense {
		x = w.dense(fmt.Sprintf("dense_%d", i), x, &g.dense[i])
	}
	w.node("Softmax", []string{x}, onnxOutput, number("axis", 1))

	frame := onnxValue(11, onnxInput, onnxByte, 1, Size, Size, 3)
	scores := onnxValue(12, onnxOutput, onnxFloat, 1, len(categories))
	body := concat(w.nodes, text(2, modelName), w.tensors, frame, scores)
	return concat(integer(1, onnxFormat), text(2, "reelroom"), message(7, body), message(8, integer(2, onnxOperators)))
}

func (w *onnxWriter) block(name, in string, b *block) string {
	x := in
	if b.expand != nil {
		x = w.convolve(name+"_expand", x, b.expand, 1, b.expand.in, 1)
	}
	x = w.spatial(name+"_space", x, &b.space)
	x = w.convolve(name+"_project", x, &b.project, 1, b.project.in, 1)
	if b.residual {
		w.node("Add", []string{x, in}, name)
		x = name
	}
	return x
}

// convolve writes m as a convolution of size × size pixels of so many channels,
// and returns the name of what comes out.
func (w *onnxWriter) convolve(name, in string, m *matrix, size, channels, stride int) string {
	weights := make([]float32, 0, m.in*m.out)
	for o := range m.out {
		for c := range channels {
			for tap := range size * size {
				weights = append(weights, m.weight(tap*channels+c, o))
			}
		}
	}
	w.tensor(name+"_weights", weights, m.out, channels, size, size)
	w.tensor(name+"_bias", m.bias[:m.out], m.out)
	w.node("Conv", []string{in, name + "_weights", name + "_bias"}, name,
		ints("kernel_shape", size, size), ints("strides", stride, stride), ints("pads", 0, 0, stride-1, stride-1))
	if m.hi == 6 {
		return w.clip(name)
	}
	return name
}

func (w *onnxWriter) spatial(name, in string, d *spatial) string {
	weights := make([]float32, 0, 9*d.channels)
	for c := range d.channels {
		for tap := range 9 {
			weights = append(weights, d.weights[tap*d.channels+c])
		}
	}
	// A step of two reaches beyond the right and the lower edge only.
	before := 2 - d.stride
	w.tensor(name+"_weights", weights, d.channels, 1, 3, 3)
	w.tensor(name+"_bias", d.bias, d.channels)
	w.node("Conv", []string{in, name + "_weights", name + "_bias"}, name, number("group", d.channels),
		ints("kernel_shape", 3, 3), ints("strides", d.stride, d.stride), ints("pads", before, before, 1, 1))
	return w.clip(name)
}

func (w *onnxWriter) dense(name, in string, m *matrix) string {
	weights := make([]float32, 0, m.in*m.out)
	for i := range m.in {
		for o := range m.out {
			weights = append(weights, m.weight(i, o))
		}
	}
	w.tensor(name+"_weights", weights, m.in, m.out)
	w.tensor(name+"_bias", m.bias[:m.out], m.out)
	w.node("Gemm", []string{in, name + "_weights", name + "_bias"}, name)
	if m.lo == 0 {
		w.node("Relu", []string{name}, name+"_relu")
		return name + "_relu"
	}
	return name
}

func (w *onnxWriter) clip(in string) string {
	w.node("Clip", []string{in, "zero", "six"}, in+"_clip")
	return in + "_clip"
}

// weight is the factor between input i and output o.
func (m *matrix) weight(i, o int) float32 {
	return m.panels[o/lanes*lanes*m.in+i*lanes+o%lanes]
}
