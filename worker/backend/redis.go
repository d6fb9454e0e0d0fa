package backend

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// validateRedis returns every mistake in the REDIS_* variables.
func (c *Config) validateRedis() []error {
	var wrong []error
	bad := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	switch {
	case c.RedisURL != "":
		if c.RedisHost != "" {
			bad("REDIS_URL and REDIS_HOST are both set; use one")
		}
		if err := redisAddress(c.RedisURL); err != nil {
			wrong = append(wrong, err)
		}
		if c.RedisPort != "" && c.RedisHost == "" {
			bad("REDIS_PORT is set beside REDIS_URL; the port goes into the address")
		}
		if c.RedisPassword != "" {
			bad("REDIS_PASSWORD is set beside REDIS_URL; the password goes into the address")
		}
	case c.RedisHost != "":
		if strings.ContainsAny(c.RedisHost, ":/[]@") && net.ParseIP(c.RedisHost) == nil {
			bad("REDIS_HOST=%q is not a host name or an IP address; use REDIS_PORT for the port, or REDIS_URL", c.RedisHost)
		}
	default:
		if c.RedisPort != "" {
			bad("REDIS_PORT is set without REDIS_HOST")
		}
		if c.RedisPassword != "" {
			bad("REDIS_PASSWORD is set without REDIS_HOST")
		}
		if c.MongoURI != "" {
			bad("REDIS_URL must be set when MONGODB_URI is: every server and worker shares one log and one queue")
		}
	}
	if c.RedisPort != "" {
		if port, err := strconv.Atoi(c.RedisPort); err != nil || port < 1 || port > 65535 {
			bad("REDIS_PORT=%q is not a port (1 to 65535)", c.RedisPort)
		}
	}
	return wrong
}

// redisAddress returns what is wrong with an address. It quotes nothing of it:
// there may be a password.
func redisAddress(address string) error {
	scheme, rest, _ := strings.Cut(address, "://")
	hosts := rest[strings.LastIndex(rest, "@")+1:]
	hosts, _, _ = strings.Cut(hosts, "/")
	switch strings.ToLower(scheme) {
	case "redis+cluster", "rediss+cluster":
		return errors.New("REDIS_URL is the address of a Redis Cluster, which is not supported yet; give the address of a Redis that is no cluster: redis://[:password@]host:port[/db]")
	case "redis+sentinel", "rediss+sentinel", "redis-sentinel", "sentinel":
		return errors.New("REDIS_URL is the address of a Redis Sentinel, which is not supported yet; give the address of the primary: redis://[:password@]host:port[/db]")
	}
	if strings.Contains(hosts, ",") {
		return errors.New("REDIS_URL names several hosts; clusters and Sentinels are not supported yet; give one address: redis://[:password@]host:port[/db]")
	}
	if _, err := redis.ParseURL(address); err != nil {
		return errors.New("REDIS_URL is not a Redis address: redis://[:password@]host:port[/db]")
	}
	return nil
}

// redisVariable names the variable that chose the Redis; "" for the one in
// this process.
func (c *Config) redisVariable() string {
	switch {
	case c.RedisURL != "":
		return "REDIS_URL"
	case c.RedisHost != "":
		return "REDIS_HOST"
	}
	return ""
}

// redisOptions returns nil when no Redis is configured.
func (c *Config) redisOptions() (*redis.Options, error) {
	switch c.redisVariable() {
	case "REDIS_URL":
		return redis.ParseURL(c.RedisURL)
	case "REDIS_HOST":
		port := cmp.Or(c.RedisPort, "6379")
		return &redis.Options{Addr: net.JoinHostPort(c.RedisHost, port), Password: c.RedisPassword}, nil
	}
	return nil, nil
}

// openRedis connects to the configured Redis, or starts one in this process.
// What is to be warned of goes to the logger. The condition is nil for the Redis
// in this process.
func openRedis(ctx context.Context, c *Config, logger *slog.Logger) (client redis.UniversalClient, condition *redisCondition, stop func(), err error) {
	options, err := c.redisOptions()
	if err != nil {
		return nil, nil, nil, err
	}
	end := func() {}
	if options == nil {
		options, end = startEmbedded()
	} else {
		ctx, cancel := context.WithTimeout(ctx, serviceTime)
		defer cancel()
		condition = &redisCondition{c.redisVariable(), options}
		if err := condition.atStart(ctx, logger); err != nil {
			return nil, nil, nil, err
		}
	}
	options.ContextTimeoutEnabled = true
	connected := redis.NewClient(options)
	return connected, condition, func() {
		_ = connected.Close()
		end()
	}, nil
}

// describe says in plain words which Redis is used.
func (r *redisCondition) describe() string {
	if r == nil {
		return "Redis in this process (set REDIS_URL for a real one)"
	}
	return "Redis at " + r.options.Addr
}

// redisWords hands the driver's own complaints to the log, at the level of
// things that heal by themselves. The driver has one logger for the process and
// reads it without a lock, so it is set before there is a client; the log behind
// it is that of the last [Open].
type redisWords struct{}

var redisLog atomic.Pointer[slog.Logger]

func init() { redis.SetLogger(redisWords{}) }

func (redisWords) Printf(_ context.Context, format string, args ...any) {
	if logger := redisLog.Load(); logger != nil {
		logger.Debug(fmt.Sprintf(format, args...), "from", "go-redis")
	}
}
