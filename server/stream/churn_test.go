package stream

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/limits"
)

// broken is a hub that refuses every other stream.
type broken struct {
	*fake
	asked atomic.Int64
}

func (b *broken) Subscribe(ctx context.Context, org string, deliver func(rooms.Cursor, []models.Event)) (rooms.Cursor, func(), error) {
	if b.asked.Add(1)%2 == 0 {
		return rooms.Cursor{}, nil, errors.New("away")
	}
	return b.fake.Subscribe(ctx, org, deliver)
}

// Streams come and go, and are refused at each step: nothing of them is left.
func TestNothingIsLeftOfStreams(t *testing.T) {
	t.Parallel()
	hub := &broken{fake: newFake()}
	hub.add(models.EventQueued, "v1", models.ToOrganization)
	bounds := limits.New(limits.Settings{UserConnections: 20, OrgConnections: 30, AddressConnections: 40, UserHandshakes: 30}, nil)
	s := New(Config{Hub: hub, Events: hub, Limits: bounds, Revoked: func(who models.Identity) bool { return who.TokenID == "revoked" }})
	var in, out atomic.Int64
	var wg sync.WaitGroup
	for worker := range 8 {
		wg.Go(func() {
			for n := range 250 {
				who := member()
				who.UserID = []string{"u1", "u2", "u3"}[n%3]
				switch n % 7 {
				case 0:
					who.TokenID = "revoked"
				case 1:
					who.ExpiresAt = time.Now().Add(-time.Second)
				case 2:
					who.ExpiresAt = time.Now().Add(time.Millisecond)
				case 3:
					who.Role = ""
				}
				st, err := s.Open(httptest.NewRequest(http.MethodGet, "/", nil), who, Query{Videos: []string{"v1"}, After: hub.cursor(n % 3), Resume: n%2 == 0})
				if err != nil {
					out.Add(1)
					continue
				}
				in.Add(1)
				ctx, cancel := context.WithTimeout(t.Context(), time.Duration(n%3)*time.Millisecond)
				_, _ = st.Next(ctx)
				cancel()
				if n%5 == 0 {
					s.Revoke(models.Revocation{OrganizationID: "acme", Kind: models.RevokeUser, Subject: who.UserID, At: time.Now().Add(time.Minute)})
				}
				st.Close()
				if st.Close(); worker == 0 && n == 200 {
					s.Drain(t.Context())
				}
			}
		})
	}
	wg.Wait()
	if in.Load() == 0 || out.Load() == 0 {
		t.Errorf("%d got in, %d were refused", in.Load(), out.Load())
	}
	if len(s.all()) != 0 || len(hub.subs) != 0 {
		t.Errorf("%d streams and %d subscriptions are left", len(s.all()), len(hub.subs))
	}
	for _, stat := range bounds.Stats() {
		if strings.Contains(stat.Limit, "connections") && stat.Keys != nil && stat.Keys() != 0 {
			t.Errorf("%d places of %s by %s were not given back", stat.Keys(), stat.Limit, stat.Scope)
		}
	}
}
