package redischeck

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"
)

// keepAll is the only policy under which Redis does not drop keys that are
// still needed.
const keepAll = "noeviction"

// eviction warns unless Redis keeps all keys, and where that cannot be seen.
func eviction(ctx context.Context, conn *redis.Conn, r *Report) {
	info, infoErr := conn.Info(ctx, "memory").Result()
	policy := line(info, "maxmemory_policy")
	if policy == "" {
		if answer, err := conn.ConfigGet(ctx, "maxmemory-policy").Result(); err == nil {
			policy = answer["maxmemory-policy"]
		}
	}
	switch policy {
	case keepAll:
	case "":
		r.warn("the Redis user may call neither INFO nor CONFIG GET, so it cannot be checked that maxmemory-policy is %s", keepAll)
	default:
		r.warn("maxmemory-policy is %s: under pressure this Redis drops jobs and events without a word; set it to %s", policy, keepAll)
	}
	if infoErr != nil && (denied(infoErr) || unknown(infoErr)) {
		r.warn("the Redis user may not call INFO, so a restart of Redis that lost the newest events may go unnoticed; grant +info")
	}
}

// line returns the value of a name in the answer of INFO, or "".
func line(info, name string) string {
	for l := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(l, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
