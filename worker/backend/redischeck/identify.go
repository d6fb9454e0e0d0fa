package redischeck

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// oldest is the oldest version of Redis that has all that is used: XTRIM with
// MINID came with 6.2.
var oldest = [2]int{6, 2}

// identify reads mode, role and version from HELLO, which every user may call
// and every version since 6.0 knows. It reports whether this is a Redis server
// of its own, so that the rest is worth asking.
func identify(ctx context.Context, conn *redis.Conn, r *Report) bool {
	answer, err := conn.Do(ctx, "HELLO").Result()
	if err != nil {
		if unknown(err) {
			r.problem("this Redis is older than %d.%d", oldest[0], oldest[1])
		}
		return !unknown(err)
	}
	about := fields(answer)
	switch about["mode"] {
	case "cluster":
		r.problem("this is a node of a Redis Cluster, which is not supported yet; use a Redis that is no cluster")
		return false
	case "sentinel":
		r.problem("this is a Redis Sentinel, which is not supported yet; use the address of the primary that it watches")
		return false
	}
	if role := about["role"]; role == "replica" || role == "slave" {
		r.problem("this Redis is a read-only replica; use the address of its primary")
		return false
	}
	if version := about["version"]; tooOld(version) {
		r.problem("this Redis is of version %s, which is older than %d.%d", version, oldest[0], oldest[1])
		return false
	}
	return true
}

// fields returns the answer of HELLO: a map, or a list of names and values in
// the older protocol.
func fields(answer any) map[string]string {
	out := map[string]string{}
	switch a := answer.(type) {
	case map[any]any:
		for name, value := range a {
			out[fmt.Sprint(name)] = fmt.Sprint(value)
		}
	case []any:
		for i := 0; i+1 < len(a); i += 2 {
			out[fmt.Sprint(a[i])] = fmt.Sprint(a[i+1])
		}
	}
	return out
}

// tooOld reports whether a version such as "6.0.16" is older than [oldest]. One
// that cannot be read is not.
func tooOld(version string) bool {
	major, rest, _ := strings.Cut(version, ".")
	minor, _, _ := strings.Cut(rest, ".")
	a, bad1 := strconv.Atoi(major)
	b, bad2 := strconv.Atoi(minor)
	return bad1 == nil && bad2 == nil && (a < oldest[0] || a == oldest[0] && b < oldest[1])
}
