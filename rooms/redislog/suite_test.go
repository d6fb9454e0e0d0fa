package redislog

import (
	"testing"

	"reelroom/rooms/roomstest"
)

func options(l roomstest.Limits) Options {
	return Options{MaxEvents: l.MaxEvents, Retention: l.Retention}
}

func TestLogOnMiniredis(t *testing.T) {
	t.Parallel()
	roomstest.TestLog(t, func(t *testing.T, l roomstest.Limits) roomstest.Backend {
		s, _ := mini(t)
		return backend(t, server{newProxy(t, s.addr).addr(), s.flush}, options(l))
	})
}

func TestLogOnRedis(t *testing.T) {
	t.Parallel()
	roomstest.TestLog(t, func(t *testing.T, l roomstest.Limits) roomstest.Backend {
		return backend(t, spawn(t).server(), options(l))
	})
}
