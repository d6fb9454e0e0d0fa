//go:build onnxruntime

package classifier

import (
	"bytes"
	"encoding/binary"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The parts of an ONNX file are protocol buffers; the numbers of their fields are
// those of onnx.proto.

// Types of numbers in a tensor.
const (
	onnxByte  = 2
	onnxFloat = 1
)

// onnxWriter collects the parts of a graph.
type onnxWriter struct {
	nodes, tensors []byte
}

func (w *onnxWriter) node(operator string, in []string, out string, attributes ...[]byte) {
	var body []byte
	for _, name := range in {
		body = append(body, text(1, name)...)
	}
	body = concat(body, text(2, out), text(3, out), text(4, operator))
	for _, a := range attributes {
		body = append(body, message(5, a)...)
	}
	w.nodes = append(w.nodes, message(1, body)...)
}

func (w *onnxWriter) scalar(name string, v float32) { w.tensor(name, []float32{v}) }

func (w *onnxWriter) tensor(name string, values []float32, shape ...int) {
	var body []byte
	for _, n := range shape {
		body = append(body, integer(1, n)...)
	}
	raw := make([]byte, 0, 4*len(values))
	for _, v := range values {
		raw = binary.LittleEndian.AppendUint32(raw, math.Float32bits(v))
	}
	w.tensors = append(w.tensors, message(5, concat(body, integer(2, onnxFloat), text(8, name), message(9, raw)))...)
}

// onnxValue describes an input (field 11) or an output (field 12).
func onnxValue(field protowire.Number, name string, kind int, shape ...int) []byte {
	var dimensions []byte
	for _, n := range shape {
		dimensions = append(dimensions, message(1, integer(1, n))...)
	}
	tensor := concat(integer(1, kind), message(2, dimensions))
	return message(field, concat(text(1, name), message(2, message(1, tensor))))
}

func number(name string, v int) []byte {
	return concat(text(1, name), integer(3, v), integer(20, 2))
}

func ints(name string, values ...int) []byte {
	out := text(1, name)
	for _, v := range values {
		out = append(out, integer(8, v)...)
	}
	return append(out, integer(20, 7)...)
}

func integer(field protowire.Number, v int) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), uint64(v))
}

func text(field protowire.Number, s string) []byte { return message(field, []byte(s)) }

func message(field protowire.Number, body []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, field, protowire.BytesType), body)
}

func concat(parts ...[]byte) []byte { return bytes.Join(parts, nil) }
