package load

import (
	"context"
	"sync"
	"time"
)

// Pace calls send for the numbers 1 to count, the nth one (n-1) intervals
// after the first, with at most parallel calls at once; it catches up when
// calls took longer. It returns when all calls have, with the first error,
// after which no other call begins.
func Pace(ctx context.Context, count int, interval time.Duration, parallel int, send func(ctx context.Context, n uint64) error) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	slots := make(chan struct{}, max(parallel, 1))
	timer := time.NewTimer(0)
	defer timer.Stop()
	var calls sync.WaitGroup
	begin := time.Now()
	for n := 1; n <= count && ctx.Err() == nil; n++ {
		if wait := time.Until(begin.Add(time.Duration(n-1) * interval)); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
		}
		select {
		case slots <- struct{}{}:
		case <-ctx.Done():
			continue
		}
		calls.Go(func() {
			defer func() { <-slots }()
			if err := send(ctx, uint64(n)); err != nil {
				stop(err)
			}
		})
	}
	calls.Wait()
	return context.Cause(ctx)
}
