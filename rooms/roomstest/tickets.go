package roomstest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// TicketStore is a store of tickets that was opened for one test.
type TicketStore struct {
	// Tickets returns another client of the store.
	Tickets func() rooms.Tickets
	// Holds reports whether the text stands anywhere in the store.
	Holds func(text string) bool
}

// TestTickets runs the suite of [rooms.Tickets].
func TestTickets(t *testing.T, open func(t *testing.T) TicketStore) {
	for _, c := range []struct {
		name string
		test func(*testing.T, TicketStore)
	}{
		{"once", testTicketOnce},
		{"one of many", testTicketRace},
		{"ends", testTicketEnds},
		{"bounded", testTicketsBounded},
		{"tenants", testTicketTenants},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			c.test(t, open(t))
		})
	}
}

func holder(org, user string) models.Identity {
	return models.Identity{
		UserID: user, OrganizationID: org, Role: models.RoleEditor, TokenID: "t-1",
		IssuedAt: time.Unix(1777777777, 0), ExpiresAt: time.Unix(1777779999, 0),
	}
}

const ticketLife = time.Hour // longer than any test

func testTicketOnce(t *testing.T, s TicketStore) {
	one, two := s.Tickets(), s.Tickets()
	secret := "secret \x00\xff:{}"
	who := holder("acme", "u:1{")
	must(t, one.KeepTicket(t.Context(), "acme", secret, who, ticketLife, 5))
	if s.Holds(secret) {
		t.Error("the ticket itself is kept")
	}
	for _, wrong := range []string{"", "secret", secret + "x"} {
		if _, err := two.TakeTicket(t.Context(), "acme", wrong); models.CodeOf(err) != models.CodeNotFound {
			t.Errorf("%q: %v", wrong, err)
		}
	}
	got, err := two.TakeTicket(t.Context(), "acme", secret)
	must(t, err)
	if got != who {
		t.Errorf("%+v, want %+v", got, who)
	}
	for _, again := range []rooms.Tickets{one, two} {
		if _, err := again.TakeTicket(t.Context(), "acme", secret); models.CodeOf(err) != models.CodeNotFound {
			t.Errorf("a second time: %v", err)
		}
	}
	bare := models.Identity{UserID: "u", OrganizationID: "acme", Role: models.RoleViewer}
	must(t, one.KeepTicket(t.Context(), "acme", "bare", bare, ticketLife, 5))
	if got, err := two.TakeTicket(t.Context(), "acme", "bare"); err != nil || got != bare {
		t.Errorf("%+v, %v; want %+v", got, err, bare)
	}
}

func testTicketRace(t *testing.T, s TicketStore) {
	must(t, s.Tickets().KeepTicket(t.Context(), "acme", "one", holder("acme", "u"), ticketLife, 5))
	var won atomic.Int64
	var wg sync.WaitGroup
	for range 4 {
		node := s.Tickets()
		for range 8 {
			wg.Go(func() {
				_, err := node.TakeTicket(t.Context(), "acme", "one")
				if err == nil {
					won.Add(1)
				} else if models.CodeOf(err) != models.CodeNotFound {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d have redeemed it", won.Load())
	}
}

func testTicketEnds(t *testing.T, s TicketStore) {
	tickets := s.Tickets()
	must(t, tickets.KeepTicket(t.Context(), "acme", "brief", holder("acme", "u"), 50*time.Millisecond, 1))
	time.Sleep(60 * time.Millisecond)
	if _, err := tickets.TakeTicket(t.Context(), "acme", "brief"); models.CodeOf(err) != models.CodeNotFound {
		t.Errorf("after its time: %v", err)
	}
	// What has ended counts no more.
	must(t, tickets.KeepTicket(t.Context(), "acme", "next", holder("acme", "u"), ticketLife, 1))
}

func testTicketsBounded(t *testing.T, s TicketStore) {
	tickets := s.Tickets()
	keep := func(secret, org, user string) error {
		return tickets.KeepTicket(t.Context(), org, secret, holder(org, user), ticketLife, 2)
	}
	must(t, keep("1", "acme", "u"))
	must(t, keep("2", "acme", "u"))
	if err := keep("3", "acme", "u"); models.CodeOf(err) != models.CodeRateLimited {
		t.Fatalf("the third of two: %v", err)
	}
	if _, err := tickets.TakeTicket(t.Context(), "acme", "3"); models.CodeOf(err) != models.CodeNotFound {
		t.Errorf("one that was refused: %v", err)
	}
	must(t, keep("4", "acme", "another"))
	must(t, keep("5", "other", "u"))
	// A short one leaves the count of the others as it is.
	_, err := tickets.TakeTicket(t.Context(), "acme", "1")
	must(t, err)
	must(t, tickets.KeepTicket(t.Context(), "acme", "brief", holder("acme", "u"), 20*time.Millisecond, 2))
	time.Sleep(30 * time.Millisecond)
	must(t, keep("6", "acme", "u"))
	if err := keep("7", "acme", "u"); models.CodeOf(err) != models.CodeRateLimited {
		t.Errorf("after a short one: %v", err)
	}
}

func testTicketTenants(t *testing.T, s TicketStore) {
	tickets := s.Tickets()
	must(t, tickets.KeepTicket(t.Context(), "acme", "x", holder("acme", "u"), ticketLife, 5))
	if _, err := tickets.TakeTicket(t.Context(), "evil", "x"); models.CodeOf(err) != models.CodeNotFound {
		t.Errorf("of another organization: %v", err)
	}
	for _, org := range []string{"", "a b", "evil"} {
		if err := tickets.KeepTicket(t.Context(), org, "y", holder("acme", "u"), ticketLife, 5); models.CodeOf(err) != models.CodeInvalid {
			t.Errorf("%q: %v", org, err)
		}
	}
	if _, err := tickets.TakeTicket(t.Context(), "a b", "x"); models.CodeOf(err) != models.CodeNotFound {
		t.Error(err)
	}
	if _, err := tickets.TakeTicket(t.Context(), "acme", "x"); err != nil {
		t.Error(err)
	}
}
