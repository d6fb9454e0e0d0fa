package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// magic begins a weight file; the classifier looks for the same.
const magic = "RRWEIGH1"

// header is the part of a weight file that says what the bytes after it are.
type header struct {
	Model   string            `json:"model"`
	Source  map[string]string `json:"source"` // SHA-256 of each file of the package that was used
	SHA256  string            `json:"sha256"` // of the bytes after the header
	Tensors []weight          `json:"tensors"`
}

// weight is one quantised array: value = byte × scale + min.
type weight struct {
	Name  string  `json:"name"`
	Shape []int   `json:"shape"`
	Min   float64 `json:"min"`
	Scale float64 `json:"scale"`
}

// The package keeps weights as TensorFlow.js does: groups of files, and for each
// group the arrays that lie in them one after the other.
type group struct {
	Paths   []string `json:"paths"`
	Weights []struct {
		Name         string `json:"name"`
		Shape        []int  `json:"shape"`
		DType        string `json:"dtype"`
		Quantization struct {
			Min   float64 `json:"min"`
			Scale float64 `json:"scale"`
			DType string  `json:"dtype"`
		} `json:"quantization"`
	} `json:"weights"`
}

// build makes the weight file.
func build(pkg npmPackage) ([]byte, error) {
	var manifest struct{ Name, Version string }
	if err := json.Unmarshal(pkg[manifestFile], &manifest); err != nil {
		return nil, fmt.Errorf("%s: %w", manifestFile, err)
	}
	if manifest.Name != "nsfwjs" {
		return nil, fmt.Errorf("the package is %q, not nsfwjs", manifest.Name)
	}
	literal, err := exported(pkg[modelFile])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", modelFile, err)
	}
	text, err := toJSON(literal)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", modelFile, err)
	}
	var model struct {
		WeightsManifest []group `json:"weightsManifest"`
	}
	if err := json.Unmarshal(text, &model); err != nil {
		return nil, fmt.Errorf("%s: %w", modelFile, err)
	}
	h := header{
		Model:  "nsfwjs-mobilenet-v2@" + manifest.Version,
		Source: map[string]string{modelFile: sum(pkg[modelFile])},
	}
	var data []byte
	for _, g := range model.WeightsManifest {
		part, err := h.add(g, pkg)
		if err != nil {
			return nil, err
		}
		data = append(data, part...)
	}
	if len(h.Tensors) == 0 {
		return nil, fmt.Errorf("%s: no weights", modelFile)
	}
	h.SHA256 = sum(data)
	return assemble(h, data)
}

// add appends the arrays of a group to the header and returns their bytes.
func (h *header) add(g group, pkg npmPackage) ([]byte, error) {
	var data []byte
	for _, shard := range g.Paths {
		name := modelFolder + shard + ".min.js"
		literal, err := exported(pkg[name])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		encoded, _, _ := strings.Cut(strings.TrimPrefix(string(literal), `"`), `"`)
		part, err := base64.StdEncoding.DecodeString(encoded)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		h.Source[name] = sum(pkg[name])
		data = append(data, part...)
	}
	total := 0
	for _, w := range g.Weights {
		if w.DType != "float32" || w.Quantization.DType != "uint8" {
			return nil, fmt.Errorf("%s is %s quantised as %q, not float32 as uint8", w.Name, w.DType, w.Quantization.DType)
		}
		count := 1
		for _, n := range w.Shape {
			count *= n
		}
		total += count
		h.Tensors = append(h.Tensors, weight{w.Name, w.Shape, w.Quantization.Min, w.Quantization.Scale})
	}
	if total != len(data) {
		return nil, fmt.Errorf("the arrays need %d bytes, the files hold %d", total, len(data))
	}
	return data, nil
}

func assemble(h header, data []byte) ([]byte, error) {
	text, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	var file bytes.Buffer
	file.WriteString(magic)
	file.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(text))))
	file.Write(text)
	file.Write(data)
	return file.Bytes(), nil
}

// exported returns what follows the assignment of the module's value, up to the
// end of the file.
func exported(script []byte) ([]byte, error) {
	// Minified, the module object has a name of one letter; the wrapper before
	// it assigns to module.exports.
	rest := script
	for {
		_, after, found := bytes.Cut(rest, []byte(".exports="))
		if !found {
			return nil, errors.New("nothing is exported")
		}
		if len(after) > 0 && (after[0] == '{' || after[0] == '"') {
			return after, nil
		}
		rest = after
	}
}

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}
