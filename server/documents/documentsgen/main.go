package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
)

func main() {
	root := flag.String("root", ".", "folder of the module")
	out := flag.String("out", "server/documents", "folder of the documents")
	check := flag.Bool("check", false, "write nothing; fail when a file differs")
	flag.Parse()
	if err := run(*root, *out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "documentsgen:", err)
		os.Exit(1)
	}
}

func run(root, out string, check bool) error {
	for name, build := range map[string]func(root string) (object, error){"openapi.json": openAPI, "asyncapi.json": asyncAPI} {
		document, err := build(root)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		want, err := encode(document)
		if err != nil {
			return err
		}
		path := filepath.Join(out, name)
		if !check {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				return err
			}
			continue
		}
		have, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if !bytes.Equal(have, want) {
			return fmt.Errorf("%s is out of date: run go generate ./server/documents", path)
		}
	}
	return nil
}

func encode(document object) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	err := e.Encode(document)
	return b.Bytes(), err
}
