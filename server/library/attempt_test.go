package library

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
)

// memory is a trail in memory.
type memory struct {
	models.Audit
	entries map[string][]models.AuditEntry // by organization
	down    error
}

func (m *memory) AppendAudit(_ context.Context, org string, e models.AuditEntry) error {
	if m.down == nil {
		m.entries[org] = append(m.entries[org], e)
	}
	return m.down
}

func (m *memory) ListAudit(context.Context, string, models.AuditPage) (models.AuditList, error) {
	return models.AuditList{}, nil
}

func withTrail(f *fake) (*Library, *memory) {
	l, m := f.library(), &memory{entries: map[string][]models.AuditEntry{}}
	l.Audit = m
	return l, m
}

func prober(user string) models.Identity {
	return models.Identity{UserID: user, OrganizationID: "evil", Role: models.RoleAdmin, ExpiresAt: time.Now().Add(1000 * time.Hour)}
}

// Whatever is asked of a video that is not there leaves one entry, the same for
// a foreign id and one that nobody has, and only with who asked.
func TestAttemptsAreInTheTrail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for name := range calls(newFake().library()) {
			f := newFake()
			d := put(t, f.library())
			l, trail := withTrail(f)
			for _, id := range []string{d.ID, "absent"} {
				if err := calls(l)[name].call(t.Context(), prober("eve"), id); !errors.Is(err, models.ErrNotFound) {
					t.Fatalf("%s: %v", name, err)
				}
			}
			got := trail.entries["evil"]
			if len(got) != 2 || len(trail.entries) != 1 {
				t.Fatalf("%s: %+v", name, trail.entries)
			}
			foreign, absent := got[0], got[1]
			if foreign.ID == "" || foreign.Target != d.ID || absent.Target != "absent" {
				t.Errorf("%s: %+v", name, got)
			}
			foreign.ID, foreign.Target = absent.ID, absent.Target
			if foreign != absent || absent.Action != models.AuditAttempt || absent.By != "eve" || absent.Count != 1 || absent.VideoID != "" || absent.At.IsZero() {
				t.Errorf("%s: %+v and %+v", name, foreign, absent)
			}
			// What is no attempt at another's: one's own, a link, what cannot be an id.
			link := models.Identity{UserID: "signed-link", OrganizationID: "evil", Role: models.RoleViewer}
			_, _ = l.Media(t.Context(), link, "absent")
			_, _ = l.Get(t.Context(), prober("eve"), "a b")
			own, _, err := l.Upload(t.Context(), prober("eve"), Upload{FileName: "a.mp4", Body: mp4("x")})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := l.Thumbnail(t.Context(), prober("eve"), own.ID); !errors.Is(err, models.ErrNotFound) {
				t.Fatal(err)
			}
			if n := len(trail.entries["evil"]); n != 2 {
				t.Errorf("%s: %d entries", name, n)
			}
		}
	})
}

func TestAttemptsCannotFloodTheTrail(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l, trail := withTrail(newFake())
		try := func(user string) {
			if _, err := l.Get(t.Context(), prober(user), "absent"); !errors.Is(err, models.ErrNotFound) {
				t.Fatal(err)
			}
		}
		all := func() (entries, attempts int) {
			for _, e := range trail.entries["evil"] {
				attempts += e.Count
			}
			return len(trail.entries["evil"]), attempts
		}
		for range 1000 {
			try("eve")
		}
		if n, counted := all(); n != attemptsAtOnce || counted != n {
			t.Errorf("%d entries of %d attempts", n, counted)
		}
		time.Sleep(attemptsEvery)
		trail.down = errors.New("away")
		try("eve")
		trail.down = nil
		time.Sleep(attemptsEvery)
		try("eve")
		if n, counted := all(); n != attemptsAtOnce+1 || counted != 1002 {
			t.Errorf("%d entries of %d attempts", n, counted)
		}
		for i := range 1000 {
			try(fmt.Sprintf("eve-%d", i))
		}
		if n, _ := all(); n > orgAttemptsAtOnce+5 || n < orgAttemptsAtOnce {
			t.Errorf("%d entries of one organization", n)
		}
		for i := range 2 * maxAttempters {
			l.asked.take(attempter{"evil", fmt.Sprint(i)})
		}
		if n := len(l.asked.untold); n > maxAttempters {
			t.Errorf("%d users are remembered", n)
		}
		year := int(365*24*time.Hour/orgAttemptsEvery) + orgAttemptsAtOnce
		if year > models.AuditKept*11/10 {
			t.Errorf("a year of attempts makes %d entries", year)
		}
	})
}
