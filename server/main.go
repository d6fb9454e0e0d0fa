package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"reelroom/worker/backend"
	"reelroom/worker/ffmpeg"
)

func main() {
	ffmpeg.Child() // does not return in the child that is the embedded ffmpeg
	c, err := readConfig(backend.Environ())
	if err != nil {
		fmt.Fprintln(os.Stderr, "The configuration is wrong:")
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, c, c.NewLogger(), os.Stdout, nil); err != nil {
		fmt.Fprintln(os.Stderr, "reelroom:", err)
		os.Exit(1)
	}
}
