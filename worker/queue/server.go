package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/hibiken/asynq"

	"reelroom/models"
)

const (
	// checkEvery is how often an idle worker looks for a task. asynq's default of
	// 1 s makes an upload wait up to 1.4 s; 20 ms costs 3 to 5 % of a core.
	checkEvery = 20 * time.Millisecond
	// delayedEvery is how often tasks are looked for whose retry is due.
	delayedEvery = time.Second
	// longestRetry bounds asynq's pause before a retry. What it retries has only
	// met a service that was away.
	longestRetry = 15 * time.Second
	// shutdownTime is how long a stopping worker waits for its handlers, which are
	// told to stop at once and only have a subprocess to end and a lease to release.
	shutdownTime = 8 * time.Second
	// stopTime is how long a stopping worker waits until it takes no new task.
	stopTime = time.Second
)

// Handler works on one video. Nil means that nothing is left to do.
// [models.ErrNotFound], [models.ErrConflict], [models.ErrLeased] and an error of
// [models.CodePoison] mean that there was nothing to do; [models.ErrAlone], that
// it must be called again with the task's Alone set, while the worker processes
// nothing else; any other error, that it should be tried again later.
type Handler func(context.Context, models.Task) error

// Worker takes tasks and runs the handler.
type Worker struct {
	Client      *Client
	Concurrency int
	Handle      Handler
	Logger      *slog.Logger

	held  held
	slots slots
}

// Run works until ctx ends, then stops the handlers through their context and
// waits for them, at most [shutdownTime] and a little.
func (w *Worker) Run(ctx context.Context) error {
	var running sync.WaitGroup
	working, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	server := asynq.NewServerFromRedisClient(w.Client.redis, asynq.Config{
		Concurrency: w.Concurrency,
		Queues:      map[string]int{name: 1},
		// Not ctx: asynq leaves a handler alone whose context has ended, and a
		// handler that is told to stop still has a lease to release.
		BaseContext:              func() context.Context { return context.WithoutCancel(ctx) },
		TaskCheckInterval:        checkEvery,
		DelayedTaskCheckInterval: delayedEvery,
		ShutdownTimeout:          shutdownTime,
		RetryDelayFunc:           retryDelay,
		// A worker that is told to stop has not failed.
		IsFailure: func(err error) bool { return !errors.Is(err, context.Canceled) },
		Logger:    &words{Logger: w.Logger},
		LogLevel:  asynq.WarnLevel,
	})
	// asynq gives a task up when Redis is away for half a minute. The record's
	// lease does not depend on Redis, so the work goes on; it keeps its slot, and
	// asynq's next task waits for one.
	handler := func(_ context.Context, t *asynq.Task) error {
		running.Add(1)
		defer running.Done()
		return w.process(working, t)
	}
	if err := server.Start(asynq.HandlerFunc(handler)); err != nil {
		return fmt.Errorf("start the queue's worker: %w", err)
	}
	keeping, leave := context.WithCancel(context.WithoutCancel(ctx))
	kept := make(chan struct{})
	go func() { defer close(kept); w.keep(keeping) }()
	<-ctx.Done()
	// First no new task, then an end to those under way: what they give back is
	// for another worker. A Redis that is away must not hold up the second.
	stopping := make(chan struct{})
	go func() { defer close(stopping); server.Stop() }()
	within(stopTime, stopping)
	stop()
	server.Shutdown()
	<-stopping
	ended := make(chan struct{})
	go func() { defer close(ended); running.Wait() }()
	if !within(shutdownTime, ended) {
		w.Logger.Error("a handler did not stop in time")
	}
	leave()
	<-kept
	return nil
}

// within waits for done, at most d.
func within(d time.Duration, done <-chan struct{}) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// process decodes the task and spends it as a permit.
func (w *Worker) process(ctx context.Context, t *asynq.Task) error {
	var task models.Task
	if t.Type() != kind || json.Unmarshal(t.Payload(), &task) != nil {
		return fmt.Errorf("not a task of this version: %w", asynq.SkipRetry)
	}
	return w.use(ctx, task)
}

// handle keeps a panic inside the task.
func (w *Worker) handle(ctx context.Context, task models.Task) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the handler panicked: %v", r)
			w.Logger.Error("a task's handler panicked", "panic", r)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, taskTime)
	defer cancel()
	return w.Handle(ctx, task)
}

// retryDelay doubles from 1 s to [longestRetry]; work that was stopped comes
// again soon.
func retryDelay(n int, err error, _ *asynq.Task) time.Duration {
	if errors.Is(err, context.Canceled) {
		return time.Second
	}
	return min(time.Second<<min(n, 6), longestRetry)
}
