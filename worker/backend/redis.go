package backend

import (
	"cmp"
	"context"
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
		if _, err := redis.ParseURL(c.RedisURL); err != nil { // err may quote the password
			bad("REDIS_URL is not a Redis address: redis://[:password@]host:port[/db]")
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
func openRedis(ctx context.Context, c *Config) (client redis.UniversalClient, words string, stop func(), err error) {
	options, err := c.redisOptions()
	if err != nil {
		return nil, "", nil, err
	}
	stop = func() {}
	if options != nil {
		words = "Redis at " + options.Addr
	} else {
		options, stop = startEmbedded()
		words = "Redis in this process (set REDIS_URL for a real one)"
	}
	options.ContextTimeoutEnabled = true
	connected := redis.NewClient(options)
	if err := connected.Ping(ctx).Err(); err != nil {
		_ = connected.Close()
		stop()
		return nil, "", nil, fmt.Errorf("redis at %s does not answer: %w", options.Addr, err)
	}
	inner := stop
	return connected, words, func() {
		_ = connected.Close()
		inner()
	}, nil
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
