package main

import (
	"context"
	"fmt"
	"os"

	"reelroom/worker/backend"
	"reelroom/worker/ffmpeg"
)

const purpose = "Reelroom's server: the API, the page, Socket.IO and, unless WORKER=off, a worker."

func main() {
	ffmpeg.Child() // does not return in the child that is the embedded ffmpeg
	if code, done := backend.CommandLine("server", purpose, os.Args[1:], &config{}, os.Stdout, os.Stderr); done {
		os.Exit(code)
	}
	c, err := readConfig(backend.Environ())
	if err != nil {
		fmt.Fprintln(os.Stderr, "The configuration is wrong:")
		fmt.Fprintln(os.Stderr, err)
		os.Exit(backend.ExitUsage)
	}
	os.Exit(backend.RunProcess("reelroom", os.Stderr, func(ctx context.Context, started func()) error {
		return run(ctx, c, c.NewLogger(), os.Stdout, func(string) { started() })
	}))
}
