package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"reelroom/models/modelstest/testenv"
)

// installed is where npm ci in the folder frontend puts the package.
const installed = "../../../frontend/node_modules/nsfwjs"

// TestFresh shows that the committed file is what the package gives. The
// variable NSFWJS_PACKAGE may name another folder or archive of the package.
func TestFresh(t *testing.T) {
	t.Parallel()
	from := os.Getenv("NSFWJS_PACKAGE")
	if from == "" {
		from = installed
	}
	if _, err := os.Stat(from); err != nil {
		testenv.Missing(t, "npm package nsfwjs 4.4.0 (npm pack nsfwjs@4.4.0, then NSFWJS_PACKAGE=the file)")
	}
	if err := run([]string{"-check", "-from", from, "-to", "../weights.bin"}, io.Discard); err != nil {
		t.Fatal(err)
	}
}

// small is a package like the real one, with ten weights.
func small() map[string]string {
	wrap := func(value string) string {
		return `!function(e){module.exports=e()}(function(a){a.exports=` + value + `},{}]});`
	}
	return map[string]string{
		"package.json": `{"name":"nsfwjs","version":"4.4.0"}`,
		modelFile: wrap(`{modelTopology:{name:"a \"{",bias:!1,seed:null},weightsManifest:[{paths:["group1-shard1of2","group1-shard2of2"],weights:[` +
			`{name:"a/kernel",shape:[2,3],dtype:"float32",quantization:{min:-.5,scale:1e-7,dtype:"uint8"}},` +
			`{name:"b",shape:[4],dtype:"float32",quantization:{min:-0,scale:.25,dtype:"uint8"}}]}]}`),
		modelFolder + "group1-shard1of2.min.js": wrap(`"` + base64.StdEncoding.EncodeToString([]byte{1, 2, 3, 4, 5, 6, 7}) + `"`),
		modelFolder + "group1-shard2of2.min.js": wrap(`"` + base64.StdEncoding.EncodeToString([]byte{8, 9, 10}) + `"`),
		"dist/other.js":                         "no concern of ours",
	}
}

func writeFolder(t *testing.T, files map[string]string) string {
	t.Helper()
	folder := t.TempDir()
	for name, content := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return folder
}

func writeArchive(t *testing.T, files map[string]string) string {
	t.Helper()
	var packed bytes.Buffer
	zipper := gzip.NewWriter(&packed)
	archive := tar.NewWriter(zipper)
	for name, content := range files {
		if err := archive.WriteHeader(&tar.Header{Name: "package/" + name, Mode: 0o600, Size: int64(len(content))}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(archive, content); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipper.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "package.tgz")
	if err := os.WriteFile(path, packed.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestGenerate(t *testing.T) {
	t.Parallel()
	to := filepath.Join(t.TempDir(), "weights.bin")
	if err := run([]string{"-from", writeFolder(t, small()), "-to", to}, io.Discard); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(to)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(file, []byte(magic)) || !bytes.HasSuffix(file, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}) {
		t.Fatalf("the file is %q", file)
	}
	var h header
	if err := json.Unmarshal(file[len(magic)+4:len(file)-10], &h); err != nil {
		t.Fatal(err)
	}
	if h.Model != "nsfwjs-mobilenet-v2@4.4.0" || len(h.Source) != 3 || len(h.Tensors) != 2 {
		t.Errorf("the header is %+v", h)
	}
	if a := h.Tensors[0]; a.Name != "a/kernel" || len(a.Shape) != 2 || a.Min != -.5 || a.Scale != 1e-7 {
		t.Errorf("the first array is %+v", a)
	}
	// The archive gives the same as the folder, and an altered file is noticed.
	check := []string{"-check", "-from", writeArchive(t, small()), "-to", to}
	if err := run(check, io.Discard); err != nil {
		t.Error(err)
	}
	if err := os.WriteFile(to, append(file, 0), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := run(check, io.Discard); err == nil {
		t.Error("an altered file passed the check")
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(files map[string]string){
		"no model":       func(f map[string]string) { delete(f, modelFile) },
		"other package":  func(f map[string]string) { f["package.json"] = `{"name":"other"}` },
		"missing shard":  func(f map[string]string) { delete(f, modelFolder+"group1-shard2of2.min.js") },
		"no base64":      func(f map[string]string) { f[modelFolder+"group1-shard2of2.min.js"] = `a.exports="?"` },
		"too few bytes":  func(f map[string]string) { f[modelFolder+"group1-shard2of2.min.js"] = `a.exports="AAA="` },
		"nothing":        func(f map[string]string) { f[modelFile] = "" },
		"cut short":      func(f map[string]string) { f[modelFile] = f[modelFile][:300] },
		"other encoding": func(f map[string]string) { f[modelFile] = strings.ReplaceAll(f[modelFile], "uint8", "uint16") },
		"no weights":     func(f map[string]string) { f[modelFile] = "a.exports={weightsManifest:[]}" },
	} {
		files := small()
		change(files)
		to := filepath.Join(t.TempDir(), "weights.bin")
		if err := run([]string{"-from", writeFolder(t, files), "-to", to}, io.Discard); err == nil {
			t.Errorf("%s: no error", name)
		}
		if _, err := os.Stat(to); err == nil {
			t.Errorf("%s: a file was written", name)
		}
	}
	for _, args := range [][]string{nil, {"-from", "/nowhere"}, {"-from", "main_test.go"}} {
		if err := run(args, io.Discard); err == nil {
			t.Errorf("%v: no error", args)
		}
	}
}

func FuzzToJSON(f *testing.F) {
	f.Add([]byte(small()[modelFile][50:]))
	f.Add([]byte(`{a:[-.5,!0,"\"}"],"b":{c:null}}rest`))
	f.Fuzz(func(t *testing.T, script []byte) {
		if out, err := toJSON(script); err == nil && len(out) > 4*len(script) {
			t.Errorf("%d bytes became %d", len(script), len(out))
		}
	})
}
