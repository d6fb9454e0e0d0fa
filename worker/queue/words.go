package queue

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// complainEvery is how often asynq's complaints are repeated: while Redis is
// away, five of its parts have one every second.
const complainEvery = 10 * time.Second

// words hands asynq's words to slog, no more than one complaint in
// [complainEvery]; the others are there at the level debug.
type words struct {
	*slog.Logger
	last, spared atomic.Int64
}

func (l *words) Debug(args ...any) { l.Logger.Debug(fmt.Sprint(args...), "from", "asynq") }
func (l *words) Info(args ...any)  { l.Logger.Info(fmt.Sprint(args...), "from", "asynq") }
func (l *words) Warn(args ...any)  { l.complain(slog.LevelWarn, args) }
func (l *words) Error(args ...any) { l.complain(slog.LevelError, args) }
func (l *words) Fatal(args ...any) { l.complain(slog.LevelError, args) }

func (l *words) complain(level slog.Level, args []any) {
	now, last := time.Now().UnixNano(), l.last.Load()
	if last != 0 && now-last < int64(complainEvery) || !l.last.CompareAndSwap(last, now) {
		l.spared.Add(1)
		l.Debug(args...)
		return
	}
	l.Log(context.Background(), level, fmt.Sprint(args...), "from", "asynq", "spared", l.spared.Swap(0))
}
