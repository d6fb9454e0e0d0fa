package redischeck

import (
	"slices"
	"strings"
)

// probe is a command that is offered to Redis but never run.
type probe struct {
	// name is the command as ACL rules name it.
	name string
	// pattern is the ACL pattern of the key or channel in args.
	pattern string
	args    []any
}

// commands are all commands that the event log, the queue and asynq send or
// call in scripts, with arguments of the right number. K stands for a key, C
// for a channel. INFO and CONFIG are not among them: without them all works.
const commands = `
del K
eval return 0
evalsha 0000000000000000000000000000000000000000 0
exists K
expire K 1
expireat K 1
get K
hdel K f
hexists K f
hget K f
hgetall K
hincrby K f 1
hlen K
hmget K f
hset K f v
hvals K
incr K
llen K
lpush K v
lrange K 0 0
lrem K 0 v
memory usage K
pexpire K 1
ping
pttl K
publish C m
pubsub channels C
rpoplpush K K
rpush K v
sadd K v
set K v
setex K 1 v
setnx K v
sismember K v
smembers K
srem K v
subscribe C
time
ttl K
unsubscribe C
xadd K * f v
xrange K - +
xtrim K MINID 0
zadd K 1 v
zcard K
zrange K 0 0
zrangebyscore K 0 0
zrank K v
zrem K v
zremrangebyrank K 0 0
zremrangebyscore K 0 0
zrevrange K 0 0
zscore K v
`

// Commands lists the commands that a user must be allowed, as ACL rules name
// them.
func Commands() []string {
	names := []string{"exec", "multi"}
	for _, p := range probes() {
		names = append(names, p.name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// keys are one of each kind of key that is used, by the pattern that is to be
// granted; channels likewise.
var (
	keys = map[string][]string{
		"reelroom:*": {"reelroom:installation", "reelroom:figures", "reelroom:{o}:head", "reelroom:{queue}:turns"},
		"asynq:*":    {"asynq:queues", "asynq:servers", "asynq:workers", "asynq:{videos}:pending", "asynq:servers:{h:1:w}", "asynq:workers:{h:1:w}"},
	}
	channels = map[string][]string{
		"reelroom:*": {"reelroom:{o}:events", "reelroom:questions", "reelroom:answers:w"},
		"asynq:*":    {"asynq:cancel"},
	}
)

// probes returns each command once, and for each kind of key a read and a
// write, for each channel sending and hearing.
func probes() []probe {
	var out []probe
	add := func(line, key, channel, pattern string) {
		words := strings.Fields(line)
		if words[0] == "eval" {
			words = []string{"eval", "return 0", "0"}
		}
		p := probe{name: words[0], pattern: pattern}
		if words[0] == "memory" || words[0] == "pubsub" {
			p.name += "|" + words[1]
		}
		for _, w := range words {
			switch w {
			case "K":
				w = key
			case "C":
				w = channel
			}
			p.args = append(p.args, w)
		}
		out = append(out, p)
	}
	for line := range strings.SplitSeq(strings.TrimSpace(commands), "\n") {
		add(line, "reelroom:figures", "reelroom:questions", "reelroom:*")
	}
	for pattern, names := range keys {
		for _, key := range names {
			add("hget K f", key, "", pattern)
			add("hdel K f", key, "", pattern)
		}
	}
	for pattern, names := range channels {
		for _, channel := range names {
			add("publish C m", "", channel, pattern)
			add("subscribe C", "", channel, pattern)
		}
	}
	return out
}
