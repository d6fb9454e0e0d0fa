package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"

	"reelroom/worker/backend"
	"reelroom/worker/ffmpeg"
)

func main() {
	ffmpeg.Child() // does not return in the child that is the embedded ffmpeg
	c := &backend.Config{}
	wrong := append(backend.Read(backend.Environ(), c), c.Validate()...)
	if c.MongoURI == "" {
		wrong = append(wrong, errors.New("MONGODB_URI must be set: a worker of its own shares the server's store"))
	}
	if c.MongoURI == "" && c.RedisURL == "" && c.RedisHost == "" { // with MongoDB, Validate has said so
		wrong = append(wrong, errors.New("REDIS_URL must be set: a worker of its own shares the server's queue"))
	}
	if err := errors.Join(wrong...); err != nil {
		fmt.Fprintln(os.Stderr, "The configuration is wrong:")
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, c, c.NewLogger(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "reelroom worker:", err)
		os.Exit(1)
	}
}

// run works until ctx ends.
func run(ctx context.Context, c *backend.Config, logger *slog.Logger, out io.Writer) error {
	b, err := backend.Open(ctx, c, logger)
	if err != nil {
		return err
	}
	defer b.Close()
	status := backend.NewStatus(out)
	tools, err := b.OpenFFmpeg(ctx, status)
	if err != nil {
		return err
	}
	frames, err := b.OpenClassifier(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(status, "Reelroom worker: %d at a time; store %s; queue %s; videos %s; %s; %s\n",
		c.Concurrency, b.StoreWords, b.RedisWords, b.BlobWords, tools.Describe(), frames.Describe())
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return b.Worker(tools, frames).Run(ctx) })
	group.Go(func() error { return b.Reconciler().Run(ctx) })
	group.Go(func() error { return b.Sweeper.Run(ctx) })
	group.Go(func() error { return b.Upkeep().Run(ctx) })
	return group.Wait()
}
