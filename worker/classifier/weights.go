package classifier

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// The weight file, as weightsgen writes it: the magic, the length of the header
// (uint32, little endian), the header (JSON), then the bytes of all tensors in
// the order of the header. Value = byte × scale + min.
const weightMagic = "RRWEIGH1"

type weightHeader struct {
	Model  string         `json:"model"`
	SHA256 string         `json:"sha256"` // of the bytes after the header
	Tensor []tensorHeader `json:"tensors"`
}

type tensorHeader struct {
	Name  string  `json:"name"`
	Shape []int   `json:"shape"`
	Min   float64 `json:"min"`
	Scale float64 `json:"scale"`
}

// tensor is one quantised array of the file.
type tensor struct {
	tensorHeader
	bytes []byte
}

func (t tensor) at(i int) float64 { return float64(t.bytes[i])*t.Scale + t.Min }

// maxTensor is more values than any tensor of the network has.
const maxTensor = 1 << 24

// parseWeights reads a weight file. It returns an error, and never panics, for
// a file that is cut short or altered.
func parseWeights(file []byte) (map[string]tensor, error) {
	rest, ok := bytes.CutPrefix(file, []byte(weightMagic))
	if !ok || len(rest) < 4 {
		return nil, errors.New("classifier: not a weight file")
	}
	size := uint64(binary.LittleEndian.Uint32(rest))
	if rest = rest[4:]; size > uint64(len(rest)) {
		return nil, errors.New("classifier: weight file: header cut short")
	}
	var header weightHeader
	if err := json.Unmarshal(rest[:size], &header); err != nil {
		return nil, fmt.Errorf("classifier: weight file: header: %w", err)
	}
	if header.Model != modelName {
		return nil, fmt.Errorf("classifier: weight file: the model is %q, not %q", header.Model, modelName)
	}
	rest = rest[size:]
	if sum := sha256.Sum256(rest); hex.EncodeToString(sum[:]) != header.SHA256 {
		return nil, errors.New("classifier: weight file: checksum differs")
	}
	tensors := make(map[string]tensor, len(header.Tensor))
	for _, h := range header.Tensor {
		count, err := h.count()
		if err != nil {
			return nil, err
		}
		if count > len(rest) {
			return nil, fmt.Errorf("classifier: weight file: %s cut short", h.Name)
		}
		tensors[h.Name] = tensor{h, rest[:count]}
		rest = rest[count:]
	}
	if len(rest) > 0 {
		return nil, errors.New("classifier: weight file: bytes left over")
	}
	return tensors, nil
}

func (h tensorHeader) count() (int, error) {
	count := 1
	for _, n := range h.Shape {
		if n < 1 || n > maxTensor/count {
			return 0, fmt.Errorf("classifier: weight file: %s has an impossible shape", h.Name)
		}
		count *= n
	}
	if math.IsNaN(h.Scale) || math.IsInf(h.Scale, 0) || math.IsNaN(h.Min) || math.IsInf(h.Min, 0) {
		return 0, fmt.Errorf("classifier: weight file: %s has an impossible scale", h.Name)
	}
	return count, nil
}
