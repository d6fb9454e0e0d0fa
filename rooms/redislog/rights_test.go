package redislog

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"reelroom/models/modelstest/testenv"
	"reelroom/rooms"
	"reelroom/rooms/roomstest"
)

// Processes whose Redis users have unequal rights share one epoch, and a
// restart of Redis still begins a new one.
func TestProcessesWithAndWithoutINFOShareAnEpoch(t *testing.T) {
	t.Parallel()
	address := testenv.Redis(t)
	admin := redis.NewClient(&redis.Options{Addr: address})
	defer admin.Close()
	if err := admin.Do(t.Context(), "ACL", "SETUSER", "worker", "on", ">a-password", "~*", "&*", "+@all", "-info").Err(); err != nil {
		t.Fatal(err)
	}
	limited := redis.NewClient(&redis.Options{Addr: address, Username: "worker", Password: "a-password"})
	defer limited.Close()
	for _, first := range []string{"with", "without"} {
		org := "org-" + first
		logs := map[string]*Log{"with": New(admin, Options{}), "without": New(limited, Options{})}
		head, err := logs[first].Head(t.Context(), org)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			for _, who := range []string{"without", "with"} {
				c, fresh, err := logs[who].Append(t.Context(), org, roomstest.Note(1))
				if err != nil || !fresh || c.Epoch != head.Epoch || c.Seq != head.Seq+1 {
					t.Fatalf("%s began, %s INFO: %s after %s, %v, %v", first, who, c, head, fresh, err)
				}
				head = c
			}
		}
		events, err := logs["without"].After(t.Context(), org, rooms.Cursor{Epoch: head.Epoch}, 100)
		if err != nil || len(events) != 10 {
			t.Errorf("%d events, %v", len(events), err)
		}
		// As after a restart that brought back what was saved: another run.
		if err := admin.HSet(t.Context(), logs["with"].keys(org).head(), "run", "0123").Err(); err != nil {
			t.Fatal(err)
		}
		if c, err := logs["without"].Head(t.Context(), org); err != nil || c != head {
			t.Errorf("who cannot tell the run begins another epoch: %s, %v", c, err)
		}
		if c, err := logs["with"].Head(t.Context(), org); err != nil || c.Epoch == head.Epoch {
			t.Errorf("another run of Redis was not noticed: %s, %v", c, err)
		}
	}
}
