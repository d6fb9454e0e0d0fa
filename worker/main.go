package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"

	"golang.org/x/sync/errgroup"

	"reelroom/worker/backend"
	"reelroom/worker/ffmpeg"
)

const purpose = "Reelroom's worker alone: it needs the store and the Redis of its servers. With PORT it serves /healthz, /readyz and /metrics."

func main() {
	ffmpeg.Child() // does not return in the child that is the embedded ffmpeg
	c := &backend.Config{}
	if code, done := backend.CommandLine("worker", purpose, os.Args[1:], c, os.Stdout, os.Stderr); done {
		os.Exit(code)
	}
	values := backend.Environ()
	if err := readConfig(values, c); err != nil {
		fmt.Fprintln(os.Stderr, "The configuration is wrong:")
		fmt.Fprintln(os.Stderr, err)
		os.Exit(backend.ExitUsage)
	}
	_, serve := values["PORT"]
	os.Exit(backend.RunProcess("reelroom worker", os.Stderr, func(ctx context.Context, started func()) error {
		return run(ctx, c, serve, c.NewLogger(), os.Stdout, started)
	}))
}

// readConfig returns every mistake at once, each by the name of its variable.
func readConfig(values map[string]string, c *backend.Config) error {
	wrong := append(backend.Read(values, c), c.Validate()...)
	if c.MongoURI == "" {
		wrong = append(wrong, errors.New("MONGODB_URI must be set: a worker of its own shares the server's store"))
		if c.RedisURL == "" && c.RedisHost == "" { // with MongoDB, Validate has said so
			wrong = append(wrong, errors.New("REDIS_URL must be set: a worker of its own shares the server's queue"))
		}
	}
	return errors.Join(wrong...)
}

// run works until ctx ends. serve tells that it serves its health on PORT.
func run(ctx context.Context, c *backend.Config, serve bool, logger *slog.Logger, out io.Writer, started func()) error {
	b, err := backend.Open(ctx, c, logger)
	if err != nil {
		return err
	}
	defer b.Close()
	var probes *healthServer
	if serve {
		if probes, err = listenHealth(ctx, c.Port, b); err != nil {
			return err
		}
		defer probes.listener.Close()
	}
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
	if probes != nil {
		fmt.Fprintf(status, "Reelroom worker: health at http://localhost:%d/healthz\n", probes.listener.Addr().(*net.TCPAddr).Port)
	}
	started()
	group, ctx := errgroup.WithContext(ctx)
	worked := make(chan struct{})
	group.Go(func() error {
		defer close(worked)
		return b.Worker(tools, frames).Run(ctx)
	})
	if probes != nil {
		group.Go(func() error { return probes.run(ctx, worked) })
	}
	group.Go(func() error { return b.Reconciler().Run(ctx) })
	group.Go(func() error { return b.Sweeper.Run(ctx) })
	group.Go(func() error { return b.Upkeep().Run(ctx) })
	return group.Wait()
}
