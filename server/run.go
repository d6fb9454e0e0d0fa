package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"reelroom/worker/backend"
	"reelroom/worker/queue"
)

// drainTime is how long running requests may take after SIGTERM.
const drainTime = 20 * time.Second

// run serves until ctx ends, then drains. ready, when not nil, is told the
// address once requests are answered.
func run(ctx context.Context, c *config, logger *slog.Logger, out io.Writer, ready func(address string)) error {
	b, err := backend.Open(ctx, &c.Config, logger)
	if err == nil {
		defer b.Close()
	}
	listener, portErr := listen(ctx, c.Port)
	if portErr == nil {
		defer listener.Close()
	}
	if err := errors.Join(err, portErr); err != nil {
		return err
	}
	if c.Port == 0 { // a free one was asked for: say which, also in links
		c.adopt(listener.Addr().(*net.TCPAddr).Port)
		b.Links.Base = c.PublicURL
	}
	status := backend.NewStatus(out)
	var worker *queue.Worker
	words := ""
	if c.Worker == "inline" {
		tools, err := b.OpenFFmpeg(ctx, status)
		if err != nil {
			return err
		}
		frames, err := b.OpenClassifier(ctx)
		if err != nil {
			return err
		}
		worker, words = b.Worker(tools, frames), tools.Describe()+"; "+frames.Describe()
	}
	doors, err := open(ctx, c, b, logger)
	if err != nil {
		return err
	}
	defer doors.uploads.Close()
	if err := ctx.Err(); err != nil { // it was told to stop while it waited for a service
		return err
	}
	welcome(status, c, b, words, doors)
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return b.Reconciler().Run(ctx) })
	group.Go(func() error { return b.Sweeper.Run(ctx) })
	group.Go(func() error { return b.Upkeep().Run(ctx) })
	// What is revoked while the last sockets leave holds for them, too.
	serving, served := context.WithCancel(context.WithoutCancel(ctx))
	defer served()
	group.Go(func() error { return doors.denylist.Run(serving) })
	group.Go(func() error { return doors.videos.TellPositions(ctx, doors.watched) })
	group.Go(func() error { return doors.uploads.Run(ctx) })
	group.Go(func() error { return doors.console.Run(ctx) })
	group.Go(func() error { return doors.peers.Run(ctx) })
	group.Go(func() error { return doors.videos.Arrivals.Run(serving) })
	if worker != nil {
		group.Go(func() error { return worker.Run(ctx) })
	}
	web := doors.guard.Server(doors.handler)
	group.Go(func() error {
		if err := web.Serve(doors.guard.Listen(listener)); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	group.Go(func() error {
		defer served()
		<-ctx.Done()
		doors.leaving.Store(true)
		web.SetKeepAlivesEnabled(false)
		draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
		defer cancel()
		doors.drain(draining)
		if err := web.Shutdown(draining); err != nil {
			return web.Close()
		}
		return nil
	})
	if ready != nil {
		ready(c.PublicURL)
	}
	return group.Wait()
}

// listen takes the port, once the services were tried: from then on clients wait
// for an answer.
func listen(ctx context.Context, port int) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", ":"+strconv.Itoa(port))
	if err != nil {
		return nil, fmt.Errorf("PORT=%d: %w", port, err)
	}
	return l, nil
}
