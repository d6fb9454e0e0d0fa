package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
)

func main() {
	models := flag.String("models", "models", "folder of the Go package models")
	out := flag.String("out", "frontend/packages/react/src/contract.ts", "file to write")
	check := flag.Bool("check", false, "write nothing; fail when the file differs")
	flag.Parse()
	if err := run(*models, *out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "contractgen:", err)
		os.Exit(1)
	}
}

func run(models, out string, check bool) error {
	want, err := generate(models)
	if err != nil {
		return err
	}
	if !check {
		return os.WriteFile(out, want, 0o644)
	}
	have, err := os.ReadFile(out)
	if err != nil {
		return err
	}
	if !bytes.Equal(have, want) {
		return fmt.Errorf("%s is out of date: run go generate ./models/contractgen", out)
	}
	return nil
}
