package redislog

import (
	"context"
	"strconv"
)

// figures is the key of what is counted for the whole installation.
func (l *Log) figures() string { return l.opts.Prefix + ":figures" }

// Count adds to a figure of the whole installation. One that Redis does not take
// is lost: it is for charts.
func (l *Log) Count(ctx context.Context, figure string, n int) {
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	if err := l.client.HIncrBy(ctx, l.figures(), figure, int64(n)).Err(); err != nil {
		l.opts.Logger.Debug("a figure was not counted", "figure", figure, "error", err)
	}
}

// Figures returns what was counted since Redis was empty.
func (l *Log) Figures(ctx context.Context) (map[string]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	all, err := l.client.HGetAll(ctx, l.figures()).Result()
	if err != nil {
		return nil, unavailable(err)
	}
	out := make(map[string]int64, len(all))
	for name, text := range all {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			out[name] = n
		}
	}
	return out, nil
}
