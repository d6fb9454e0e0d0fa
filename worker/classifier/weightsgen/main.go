package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, "weightsgen:", err)
		}
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("weightsgen", flag.ContinueOnError)
	from := flags.String("from", "", "the npm package nsfwjs: its .tgz, or its folder")
	to := flags.String("to", "weights.bin", "the file to write or to check")
	check := flags.Bool("check", false, "compare instead of writing")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *from == "" {
		return errors.New("-from is missing: get the package with npm pack nsfwjs@4.4.0")
	}
	pkg, err := readPackage(*from)
	if err != nil {
		return err
	}
	file, err := build(pkg)
	if err != nil {
		return err
	}
	if *check {
		present, err := os.ReadFile(*to)
		if err != nil {
			return err
		}
		if !bytes.Equal(present, file) {
			return fmt.Errorf("%s is not what %s gives", *to, *from)
		}
		fmt.Fprintf(out, "%s is up to date\n", *to)
		return nil
	}
	if err := os.WriteFile(*to, file, 0o644); err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: %d bytes\n", *to, len(file))
	return nil
}
