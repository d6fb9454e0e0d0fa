package redischeck

import (
	"context"
	"fmt"

	"github.com/redis/go-redis/v9"
)

// Report is what a check has found. Its sentences are for everybody: they hold
// no address, user name or password.
type Report struct {
	// Problems say why this Redis cannot be used.
	Problems []string
	// Warnings say what is not as it should be, although it can be used.
	Warnings []string
}

func (r *Report) problem(format string, args ...any) {
	r.Problems = append(r.Problems, fmt.Sprintf(format, args...))
}

func (r *Report) warn(format string, args ...any) {
	r.Warnings = append(r.Warnings, fmt.Sprintf(format, args...))
}

// Check asks the Redis of the options over a connection of its own. It changes
// nothing there. The error tells that Redis does not answer, or does not let
// this client in.
func Check(ctx context.Context, options *redis.Options) (Report, error) {
	own := *options
	own.PoolSize, own.MinIdleConns, own.MaxRetries, own.ContextTimeoutEnabled = 1, 0, -1, true
	own.DB = 0 // a Sentinel and a cluster refuse SELECT, and are told by their mode
	client := redis.NewClient(&own)
	defer client.Close() // also ends what MULTI began
	conn := client.Conn()
	defer conn.Close()
	var r Report
	if err := conn.Ping(ctx).Err(); err != nil && !denied(err) {
		return r, state(err, &r) // such as LOADING
	}
	if !identify(ctx, conn, &r) {
		return r, nil
	}
	eviction(ctx, conn, &r)
	if options.DB > 0 {
		if err := conn.Select(ctx, options.DB).Err(); err != nil {
			r.problem("the database %d cannot be used there: %s", options.DB, plain(err))
			return r, nil
		}
	}
	return r, rights(ctx, conn, &r)
}
