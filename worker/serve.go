package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"reelroom/worker/backend"
	"reelroom/worker/health"
)

// What a client of the worker's health may take: its requests have no body.
const (
	requestTime = 10 * time.Second
	headerBytes = 8 << 10
)

var errStopping = errors.New("the worker is stopping")

// healthServer serves /healthz, /readyz and /metrics of a worker.
type healthServer struct {
	listener net.Listener
	server   *http.Server
	stopping atomic.Bool
}

// listenHealth takes the port; [healthServer.run] serves.
func listenHealth(ctx context.Context, port int, b *backend.Backend) (*healthServer, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", ":"+strconv.Itoa(port))
	if err != nil {
		return nil, fmt.Errorf("PORT=%d: %w", port, err)
	}
	h := &healthServer{listener: listener}
	checker := &health.Checker{Shared: b.Ready(), Logger: b.Logger, Serving: func() error {
		if h.stopping.Load() {
			return errStopping
		}
		return nil
	}}
	h.server = &http.Server{
		Handler:     health.Handler(checker),
		ReadTimeout: requestTime, WriteTimeout: requestTime, IdleTimeout: requestTime, MaxHeaderBytes: headerBytes,
	}
	return h, nil
}

// run serves until ctx ends; then it is not ready until done is closed.
func (h *healthServer) run(ctx context.Context, done <-chan struct{}) error {
	defer context.AfterFunc(ctx, func() {
		h.stopping.Store(true)
		<-done
		_ = h.server.Close()
	})()
	if err := h.server.Serve(h.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
