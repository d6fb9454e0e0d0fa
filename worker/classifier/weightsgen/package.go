package main

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// The files of the package that matter, by their path in it.
const (
	manifestFile = "package.json"
	modelFolder  = "dist/models/mobilenet_v2/"
	modelFile    = modelFolder + "model.min.js"
)

// maxFile bounds one file of the package; the largest is 5.6 MB.
const maxFile = 32 << 20

// npmPackage holds the files that matter, by their path in the package.
type npmPackage map[string][]byte

func wanted(name string) bool {
	return name == manifestFile || strings.HasPrefix(name, modelFolder) && strings.HasSuffix(name, ".min.js")
}

func readPackage(from string) (npmPackage, error) {
	info, err := os.Stat(from)
	if err != nil {
		return nil, err
	}
	read := readArchive
	if info.IsDir() {
		read = readFolder
	}
	pkg, err := read(from)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", from, err)
	}
	if pkg[modelFile] == nil || pkg[manifestFile] == nil {
		return nil, fmt.Errorf("%s: no %s and %s in it", from, manifestFile, modelFile)
	}
	return pkg, nil
}

func readFolder(from string) (npmPackage, error) {
	names, err := filepath.Glob(filepath.Join(from, filepath.FromSlash(modelFolder), "*.min.js"))
	if err != nil {
		return nil, err
	}
	pkg := npmPackage{}
	for _, name := range append(names, filepath.Join(from, manifestFile)) {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		relative, err := filepath.Rel(from, name)
		if err != nil {
			return nil, err
		}
		pkg[filepath.ToSlash(relative)] = content
	}
	return pkg, nil
}

func readArchive(from string) (npmPackage, error) {
	file, err := os.Open(from)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	if err != nil {
		return nil, err
	}
	pkg, archive := npmPackage{}, tar.NewReader(unzipped)
	for {
		entry, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return pkg, nil
		}
		if err != nil {
			return nil, err
		}
		name := strings.TrimPrefix(path.Clean(entry.Name), "package/")
		if !wanted(name) {
			continue
		}
		if entry.Size > maxFile {
			return nil, fmt.Errorf("%s is too large", name)
		}
		if pkg[name], err = io.ReadAll(archive); err != nil {
			return nil, err
		}
	}
}
