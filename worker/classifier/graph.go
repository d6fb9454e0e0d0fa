package classifier

import (
	"fmt"
	"math"
)

// graph is the network, ready to run: a first convolution, 17 inverted residual
// blocks, a last convolution, the mean over all pixels and three dense layers
// (Sandler et al., MobileNetV2, 2018, table 2; the dense layers are nsfwjs').
type graph struct {
	stem   matrix
	blocks []block
	last   matrix
	dense  [3]matrix
}

// block widens the channels, convolves each in space, and narrows them again.
type block struct {
	size     int     // width and height of the input in pixels
	expand   *matrix // nil in the first block
	space    spatial
	project  matrix
	residual bool // the input is added to the output
}

func (b block) outSize() int { return b.size / b.space.stride }

// load builds the network from a weight file.
func load(file []byte) (*graph, error) {
	tensors, err := parseWeights(file)
	if err != nil {
		return nil, err
	}
	s := &source{tensors: tensors}
	linear := math.Inf(1)
	g := &graph{stem: s.pointwise("Conv1", "bn_Conv1", 3, 3, 3, 1./255, 6)}
	size, channels := Size/2, g.stem.out
	for i := 0; i <= 16 && s.err == nil; i++ {
		b, name, wide, stride := block{size: size}, "expanded_conv", channels, 1
		if i > 0 {
			name = fmt.Sprintf("block_%d", i)
			m := s.pointwise(name+"_expand", name+"_expand_BN", 1, 1, channels, 1, 6)
			b.expand, wide = &m, m.out
		}
		if i == 1 || i == 3 || i == 6 || i == 13 {
			stride = 2
		}
		b.space = s.depthwise(name+"_depthwise", wide, stride)
		b.project = s.pointwise(name+"_project", name+"_project_BN", 1, 1, wide, 1, linear)
		b.residual = i > 0 && stride == 1 && b.project.out == channels
		g.blocks = append(g.blocks, b)
		size, channels = size/stride, b.project.out
	}
	g.last = s.pointwise("Conv_1", "Conv_1_bn", 1, 1, channels, 1, 6)
	g.dense[0] = s.dense("dense_1", g.last.out, 256, 0)
	g.dense[1] = s.dense("dense_2", 256, 128, 0)
	g.dense[2] = s.dense("dense_3", 128, len(categories), math.Inf(-1))
	if s.err != nil {
		return nil, s.err
	}
	return g, nil
}
