package redislog

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/rooms/roomstest"
)

func ticketStore(t *testing.T, addr string) roomstest.TicketStore {
	c := newClient(t, addr)
	return roomstest.TicketStore{
		Tickets: func() rooms.Tickets { return New(newClient(t, addr), Options{}) },
		Holds: func(text string) bool {
			keys := c.Keys(context.Background(), "*").Val()
			if len(keys) == 0 {
				t.Error("nothing is kept")
			}
			all := strings.Join(keys, "\n")
			for _, key := range keys {
				switch kind := c.Type(context.Background(), key).Val(); kind {
				case "hash":
					all += fmt.Sprint(c.HGetAll(context.Background(), key).Val())
				case "zset":
					all += fmt.Sprint(c.ZRange(context.Background(), key, 0, -1).Val())
				default:
					t.Errorf("%s is of the kind %s", key, kind)
				}
			}
			return strings.Contains(all, text)
		},
	}
}

func TestTicketsOnMiniredis(t *testing.T) {
	t.Parallel()
	roomstest.TestTickets(t, func(t *testing.T) roomstest.TicketStore {
		s, _ := mini(t)
		return ticketStore(t, s.addr)
	})
}

func TestTicketsOnRedis(t *testing.T) {
	t.Parallel()
	roomstest.TestTickets(t, func(t *testing.T) roomstest.TicketStore { return ticketStore(t, spawn(t).addr) })
}

// A ticket leaves nothing behind: not when it was used, and not when it was not.
func TestTicketsLeaveNothing(t *testing.T) {
	t.Parallel()
	s, clock := mini(t)
	l := New(newClient(t, s.addr), Options{})
	who := models.Identity{UserID: "u", OrganizationID: "acme", Role: models.RoleViewer}
	for _, secret := range []string{"used", "not used"} {
		if err := l.KeepTicket(t.Context(), "acme", secret, who, 30*time.Second, 9); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.TakeTicket(t.Context(), "acme", "used"); err != nil {
		t.Fatal(err)
	}
	if keys := clock.Keys(); len(keys) != 2 {
		t.Errorf("beside one ticket and its user's list: %q", keys)
	}
	clock.FastForward(31 * time.Second)
	if keys := clock.Keys(); len(keys) != 0 {
		t.Errorf("left: %q", keys)
	}
}

// A ticket ends in time also where keys end late: the clock of a Redis in this
// process is moved in steps, and here it stands still.
func TestTicketsEndInTime(t *testing.T) {
	t.Parallel()
	l := New(newClient(t, miniredis.RunT(t).Addr()), Options{})
	who := models.Identity{UserID: "u", OrganizationID: "acme", Role: models.RoleViewer}
	if err := l.KeepTicket(t.Context(), "acme", "brief", who, 20*time.Millisecond, 1); err != nil {
		t.Fatal(err)
	}
	time.Sleep(30 * time.Millisecond)
	if _, err := l.TakeTicket(t.Context(), "acme", "brief"); models.CodeOf(err) != models.CodeNotFound {
		t.Error(err)
	}
	if err := l.KeepTicket(t.Context(), "acme", "next", who, time.Minute, 1); err != nil {
		t.Error(err)
	}
}

// Without Redis no ticket is good, and none is said to be used.
func TestTicketsWithoutRedis(t *testing.T) {
	t.Parallel()
	l := New(redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1, ContextTimeoutEnabled: true}), Options{Timeout: time.Second})
	t.Cleanup(func() { _ = l.client.Close() })
	if _, err := l.TakeTicket(t.Context(), "acme", "x"); models.CodeOf(err) != models.CodeUnavailable {
		t.Error(err)
	}
	if err := l.KeepTicket(t.Context(), "acme", "x", models.Identity{UserID: "u", OrganizationID: "acme"}, time.Second, 1); models.CodeOf(err) != models.CodeUnavailable {
		t.Error(err)
	}
}
