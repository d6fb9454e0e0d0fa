package backend

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/worker/backend/redischeck"
	"reelroom/worker/health"
)

// serviceTime bounds how long the start waits for one service.
const serviceTime = 10 * time.Second

// redisCondition checks the configured Redis. Its sentences begin with the name
// of the variable.
type redisCondition struct {
	variable string
	options  *redis.Options
}

// Check returns a [models.Error] with what keeps Redis from being used, or a
// [health.Warning].
func (r *redisCondition) Check(ctx context.Context) error {
	report, err := redischeck.Check(ctx, r.options)
	if err != nil {
		return models.Errorf(models.CodeUnavailable, "%s: Redis does not answer", r.variable).Because(err)
	}
	name := func(sentences []string) (out []string) {
		for _, s := range sentences {
			out = append(out, r.variable+": "+s)
		}
		return out
	}
	if len(report.Problems) > 0 {
		var all []error
		for _, s := range name(report.Problems) {
			all = append(all, errors.New(s))
		}
		return models.Errorf(models.CodeUnavailable, "%s", errors.Join(all...))
	}
	if len(report.Warnings) > 0 {
		return &health.Warning{Sentences: name(report.Warnings)}
	}
	return nil
}

// atStart returns why Redis cannot be used, and logs the warnings.
func (r *redisCondition) atStart(ctx context.Context, logger *slog.Logger) error {
	err := r.Check(ctx)
	if w, ok := errors.AsType[*health.Warning](err); ok {
		for _, s := range w.Sentences {
			logger.Warn(s)
		}
		return nil
	}
	if e, ok := errors.AsType[*models.Error](err); ok {
		if e.Cause != nil {
			return fmt.Errorf("%s: the Redis at %s does not answer: %w", r.variable, r.options.Addr, e.Cause)
		}
		return fmt.Errorf("%s (Redis at %s)", e.Message, r.options.Addr)
	}
	return err
}
