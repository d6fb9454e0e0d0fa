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
	"github.com/redis/go-redis/v9"

	"reelroom/models"
)

// checkEvery is how often an idle worker looks for a task. asynq's default of
// 1 s makes an upload wait up to 1.4 s; 20 ms costs 3 to 5 % of a core.
const checkEvery = 20 * time.Millisecond

// shutdownTime is how long a stopping worker waits for its handlers, which are
// told to stop at once and only have a subprocess to end and a lease to release.
const shutdownTime = 8 * time.Second

// Handler works on one task. Nil means that nothing is left to do; an error
// makes asynq try again later.
type Handler func(context.Context, models.Task) error

// Worker takes tasks and runs the handler.
type Worker struct {
	Redis       redis.UniversalClient
	Concurrency int
	Handle      Handler
	Logger      *slog.Logger
}

// Run works until ctx ends, then stops the handlers through their context and
// waits for them, at most [shutdownTime] and a little.
func (w *Worker) Run(ctx context.Context) error {
	var running sync.WaitGroup
	server := asynq.NewServerFromRedisClient(w.Redis, asynq.Config{
		Concurrency: w.Concurrency,
		Queues:      map[string]int{name: 1},
		// Not ctx: asynq leaves a handler alone whose context has ended, and a
		// handler that is told to stop still has a lease to release.
		BaseContext:       func() context.Context { return context.WithoutCancel(ctx) },
		TaskCheckInterval: checkEvery,
		ShutdownTimeout:   shutdownTime,
		RetryDelayFunc:    retryDelay,
		// A worker that is told to stop has not failed.
		IsFailure: func(err error) bool { return !errors.Is(err, context.Canceled) },
		Logger:    logger{w.Logger},
		LogLevel:  asynq.WarnLevel,
	})
	handler := func(task context.Context, t *asynq.Task) error {
		running.Add(1)
		defer running.Done()
		task, cancel := context.WithCancel(task)
		defer cancel()
		defer context.AfterFunc(ctx, cancel)()
		return w.process(task, t)
	}
	if err := server.Start(asynq.HandlerFunc(handler)); err != nil {
		return fmt.Errorf("start the queue's worker: %w", err)
	}
	<-ctx.Done()
	server.Shutdown()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		running.Wait()
	}()
	select {
	case <-ended:
	case <-time.After(shutdownTime):
		w.Logger.Error("a handler did not stop in time")
	}
	return nil
}

// process decodes the task and keeps a panic inside it.
func (w *Worker) process(ctx context.Context, t *asynq.Task) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("the handler panicked: %v", r)
			w.Logger.Error("a task's handler panicked", "panic", r)
		}
	}()
	var task models.Task
	if t.Type() != kind || json.Unmarshal(t.Payload(), &task) != nil {
		return fmt.Errorf("not a task of this version: %w", asynq.SkipRetry)
	}
	return w.Handle(ctx, task)
}

// retryDelay doubles from 1 s to 60 s; work that was stopped comes again soon.
func retryDelay(n int, err error, _ *asynq.Task) time.Duration {
	if errors.Is(err, context.Canceled) {
		return time.Second
	}
	return min(time.Second<<min(n, 6), time.Minute)
}

// logger hands asynq's words to slog.
type logger struct{ *slog.Logger }

func (l logger) Debug(args ...any) { l.Logger.Debug(fmt.Sprint(args...), "from", "asynq") }
func (l logger) Info(args ...any)  { l.Logger.Info(fmt.Sprint(args...), "from", "asynq") }
func (l logger) Warn(args ...any)  { l.Logger.Warn(fmt.Sprint(args...), "from", "asynq") }
func (l logger) Error(args ...any) { l.Logger.Error(fmt.Sprint(args...), "from", "asynq") }
func (l logger) Fatal(args ...any) { l.Logger.Error(fmt.Sprint(args...), "from", "asynq") }
