package backend

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// abandonTime is how long a start that is told to stop may go on before the
// process ends without it: a disk or a driver may not know of the context.
const abandonTime = time.Second

// RunProcess calls run with a context that ends at SIGINT or SIGTERM and returns
// the exit code. run calls started once it works; a process that is told to stop
// before that has not failed.
func RunProcess(program string, errOut io.Writer, run func(ctx context.Context, started func()) error) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	return runProcess(ctx, program, errOut, run)
}

func runProcess(ctx context.Context, program string, errOut io.Writer, run func(ctx context.Context, started func()) error) int {
	began, done := make(chan struct{}), make(chan error, 1)
	go func() { done <- run(ctx, func() { close(began) }) }()
	stopped := func() int {
		fmt.Fprintf(errOut, "%s: stopped while starting\n", program)
		return ExitOK
	}
	end := func(err error, starting bool) int {
		switch {
		case err == nil:
			return ExitOK
		case starting && ctx.Err() != nil:
			return stopped()
		}
		fmt.Fprintf(errOut, "%s: %v\n", program, err)
		return ExitFailed
	}
	select {
	case <-began:
		return end(<-done, false)
	case err := <-done:
		return end(err, true)
	case <-ctx.Done():
	}
	timer := time.NewTimer(abandonTime)
	defer timer.Stop()
	select {
	case <-began: // meanwhile: it drains
		return end(<-done, false)
	case err := <-done:
		return end(err, true)
	case <-timer.C:
		return stopped()
	}
}
