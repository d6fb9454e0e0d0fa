package health

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"reelroom/models"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestReadinessIsOfThisProcess(t *testing.T) {
	t.Parallel()
	full := models.Errorf(models.CodeStorageFull, "DATA_DIR: the disk is full")
	for name, c := range map[string]struct {
		serving     error
		shared      error
		ready, deep bool
		want        Readiness // of deep
	}{
		"all well":       {nil, nil, true, true, Readiness{"ok", map[string]string{"serving": "ok", "s": "ok"}, nil, nil}},
		"draining":       {errors.New("the server is stopping"), nil, false, false, Readiness{"failing", map[string]string{"serving": "failing", "s": "ok"}, nil, nil}},
		"service away":   {nil, errors.New("dial tcp 10.0.0.1: refused"), true, false, Readiness{"failing", map[string]string{"serving": "ok", "s": "failing"}, nil, nil}},
		"known cause":    {nil, fmt.Errorf("secret: %w", full), true, false, Readiness{"failing", map[string]string{"serving": "ok", "s": "failing"}, []string{full.Message}, nil}},
		"only a warning": {nil, &Warning{[]string{"a", "b"}}, true, true, Readiness{"ok", map[string]string{"serving": "ok", "s": "ok"}, nil, []string{"a", "b"}}},
	} {
		checker := &Checker{Serving: func() error { return c.serving }, Shared: map[string]func(context.Context) error{"s": func(context.Context) error { return c.shared }}}
		if out, ready := checker.Ready(t.Context()); ready != c.ready || (out.Status == "ok") != c.ready {
			t.Errorf("%s: ready %v, %+v", name, ready, out)
		}
		if out, deep := checker.Deep(t.Context()); deep != c.deep || !reflect.DeepEqual(out, c.want) {
			t.Errorf("%s: deep %v, %+v, want %+v", name, deep, out, c.want)
		}
	}
}

// A load balancer gets its answer while a service hangs, and a check that does
// not return is not called a second time.
func TestReadinessWhileACheckHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		var calls, good atomic.Int32
		c := &Checker{Shared: map[string]func(context.Context) error{
			"stuck": func(context.Context) error { calls.Add(1); <-release; return nil },
			"good":  func(context.Context) error { good.Add(1); return nil },
		}}
		began := time.Now()
		out, ready := c.Ready(t.Context())
		if took := time.Since(began); took != waitTime || !ready || out.Checks["stuck"] != "unknown" || out.Checks["good"] != "ok" {
			t.Error(took, ready, out)
		}
		out, deep := c.Deep(t.Context())
		if took := time.Since(began); took != checkTime || deep || out.Checks["stuck"] != "failing" || out.Checks["good"] != "ok" {
			t.Error(took, deep, out)
		}
		for range 10 {
			time.Sleep(2 * checkTime)
			if out, deep := c.Deep(t.Context()); deep || out.Checks["stuck"] != "failing" {
				t.Error(out)
			}
		}
		if calls.Load() != 1 || good.Load() != 11 {
			t.Errorf("the stuck check was called %d times, the good one %d times", calls.Load(), good.Load())
		}
		close(release)
		time.Sleep(2 * freshTime)
		if out, deep := c.Deep(t.Context()); !deep {
			t.Error(out)
		}
	})
}

func TestChecksAreSharedBetweenRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var calls atomic.Int32
		c := &Checker{Shared: map[string]func(context.Context) error{"s": func(context.Context) error { calls.Add(1); return nil }}}
		for range 100 {
			c.Deep(t.Context())
			c.Ready(t.Context())
			time.Sleep(freshTime / 20)
		}
		if n := calls.Load(); n < 4 || n > 6 {
			t.Errorf("%d checks in 5 s", n)
		}
	})
}
