package backend

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"reflect"
	"strings"

	"reelroom/models/buildinfo"
)

// The exit codes of both programs.
const (
	ExitOK     = 0
	ExitFailed = 1
	ExitUsage  = 2
)

// CommandLine handles the arguments of a program that is configured by its
// environment: --help, --version and nothing else. done tells that the program
// is to end with the exit code. config is a pointer to the struct with the env
// tags that --help lists.
func CommandLine(program, purpose string, args []string, config any, out, errOut io.Writer) (code int, done bool) {
	flags := flag.NewFlagSet(program, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	version := flags.Bool("version", false, "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		help(out, program, purpose, config)
		return ExitOK, true
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintf(errOut, "%s: %v; see %s --help\n", program, err, program)
		return ExitUsage, true
	}
	if *version {
		buildinfo.Print(out, program)
		return ExitOK, true
	}
	return ExitOK, false
}

func help(out io.Writer, program, purpose string, config any) {
	fmt.Fprintf(out, "%s\n\nUsage: %s [--help | --version]\n\nThe environment configures it (see server/SETTINGS.md):\n\n", purpose, program)
	eachVariable(reflect.TypeOf(config).Elem(), func(f reflect.StructField, name string) {
		fmt.Fprintf(out, "  %-26s %s\n", name, cmp.Or(f.Tag.Get("envDefault"), "-"))
	})
}

// eachVariable calls f for each field that is read from the environment.
func eachVariable(t reflect.Type, f func(field reflect.StructField, name string)) {
	for field := range t.Fields() {
		if field.Type.Kind() == reflect.Struct {
			eachVariable(field.Type, f)
		} else if tag, ok := field.Tag.Lookup("env"); ok {
			name, _, _ := strings.Cut(tag, ",")
			f(field, name)
		}
	}
}
