package mongostore

import (
	"context"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/bson"
)

// clockTime is how long one answer of the server is counted on from; the
// node's monotonic clock does not drift by a millisecond meanwhile.
const clockTime = 10 * time.Second

// clock tells the server's time without asking for it at each call. The node's
// own wall clock plays no part, so setting it moves no lease.
type clock struct {
	ask func(ctx context.Context) (time.Time, error)

	mu     sync.Mutex
	server time.Time // what the server said
	at     time.Time // when, with a monotonic reading
}

func (c *clock) now(ctx context.Context) (time.Time, error) {
	c.mu.Lock()
	server, at := c.server, c.at
	c.mu.Unlock()
	if !at.IsZero() && time.Since(at) < clockTime {
		return server.Add(time.Since(at)), nil
	}
	asked := time.Now()
	server, err := c.ask(ctx)
	if err != nil {
		return time.Time{}, err
	}
	// The server spoke at some time between question and answer: the middle is
	// off by half of that at most.
	at = asked.Add(time.Since(asked) / 2)
	c.mu.Lock()
	c.server, c.at = server, at
	c.mu.Unlock()
	return server.Add(time.Since(at)), nil
}

// serverTime asks the primary. The time is a field of the reply to hello
// (MongoDB manual, Database Commands, hello).
func (s *Store) serverTime(ctx context.Context) (time.Time, error) {
	var reply struct {
		LocalTime time.Time `bson:"localTime"`
	}
	err := s.database.RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&reply)
	return reply.LocalTime, err
}
