package classifier

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// split returns the header of a weight file and the bytes after it.
func split(t testing.TB, file []byte) (weightHeader, []byte) {
	t.Helper()
	rest := file[len(weightMagic):]
	size := binary.LittleEndian.Uint32(rest)
	var h weightHeader
	if err := json.Unmarshal(rest[4:4+size], &h); err != nil {
		t.Fatal(err)
	}
	return h, rest[4+size:]
}

// join is the reverse of split, with the right checksum.
func join(t testing.TB, h weightHeader, data []byte) []byte {
	t.Helper()
	sum := sha256.Sum256(data)
	h.SHA256 = hex.EncodeToString(sum[:])
	text, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	file := binary.LittleEndian.AppendUint32([]byte(weightMagic), uint32(len(text)))
	return append(append(file, text...), data...)
}

func TestLoadEmbedded(t *testing.T) {
	t.Parallel()
	if _, err := load(join(t, weightHeader{}, nil)); err == nil {
		t.Error("an empty file was loaded")
	}
	if _, err := load(embedded); err != nil {
		t.Error(err)
	}
}

func TestLoadRefusesDamage(t *testing.T) {
	t.Parallel()
	for _, length := range []int{0, 4, 8, 11, 12, 100, len(embedded) / 2, len(embedded) - 1} {
		if _, err := load(embedded[:length]); err == nil {
			t.Errorf("the first %d bytes were loaded", length)
		}
	}
	if _, err := load(append(slices.Clone(embedded), 0)); err == nil {
		t.Error("a byte too many was loaded")
	}
	h, data := split(t, embedded)
	r := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		damaged := slices.Clone(embedded)
		at := len(damaged) - 1 - r.IntN(len(data))
		damaged[at] ^= 1 << r.IntN(8)
		if _, err := load(damaged); err == nil {
			t.Errorf("a changed bit in byte %d was not noticed", at)
		}
	}
	if h.Model != modelName {
		t.Errorf("the file is of %s", h.Model)
	}
}

// TestLoadRefusesOtherNetworks gives files that are sound but not this network.
func TestLoadRefusesOtherNetworks(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(h *weightHeader, data []byte) []byte{
		"other model":    func(h *weightHeader, d []byte) []byte { h.Model = "other"; return d },
		"no tensors":     func(h *weightHeader, _ []byte) []byte { h.Tensor = nil; return nil },
		"renamed":        func(h *weightHeader, d []byte) []byte { h.Tensor[7].Name += "x"; return d },
		"other shape":    func(h *weightHeader, d []byte) []byte { slices.Reverse(h.Tensor[1].Shape); return d },
		"flat":           func(h *weightHeader, d []byte) []byte { h.Tensor[0].Shape = []int{3 * 3 * 3 * 32}; return d },
		"zero":           func(h *weightHeader, d []byte) []byte { h.Tensor[0].Shape[0] = 0; return d },
		"negative":       func(h *weightHeader, d []byte) []byte { h.Tensor[0].Shape[0] = -3; return d },
		"overflow":       func(h *weightHeader, d []byte) []byte { h.Tensor[0].Shape = []int{1 << 24, 1 << 24}; return d },
		"more than is":   func(h *weightHeader, d []byte) []byte { return d[:len(d)-1] },
		"less than is":   func(h *weightHeader, d []byte) []byte { return append(slices.Clone(d), 1) },
		"one is missing": func(h *weightHeader, d []byte) []byte { return d[dropFirst(h):] },
	} {
		h, data := split(t, embedded)
		if _, err := load(join(t, h, change(&h, data))); err == nil {
			t.Errorf("%s: loaded", name)
		} else if !strings.HasPrefix(err.Error(), "classifier: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func dropFirst(h *weightHeader) int {
	count, _ := h.Tensor[0].count()
	h.Tensor = h.Tensor[1:]
	return count
}

// TestBadWeights shows that a damaged file is an error of each call, no panic.
func TestBadWeights(t *testing.T) {
	t.Parallel()
	n := newNetwork(embedded[:1000], fastest())
	for range 2 {
		if _, err := n.Classify(t.Context(), noise(1)); err == nil {
			t.Error("classified without weights")
		}
	}
}

func FuzzParseWeights(f *testing.F) {
	f.Add(join(f, weightHeader{Model: modelName, Tensor: []tensorHeader{{Name: "a", Shape: []int{2, 3}, Scale: 1}}}, make([]byte, 6)))
	f.Add([]byte(weightMagic + "\xff\xff\xff\xff{}"))
	f.Fuzz(func(t *testing.T, file []byte) {
		tensors, err := parseWeights(file)
		if err != nil {
			return
		}
		for name, tensor := range tensors {
			if count, err := tensor.count(); err != nil || count != len(tensor.bytes) {
				t.Errorf("%s has %d bytes for shape %v", name, len(tensor.bytes), tensor.Shape)
			}
		}
	})
}
