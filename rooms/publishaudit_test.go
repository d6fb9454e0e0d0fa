package rooms_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/rooms/redislog"
)

// brokenTrail fails while away is set.
type brokenTrail struct {
	models.Audit
	away    bool
	entries map[string]models.AuditEntry
	appends int
}

func (b *brokenTrail) AppendAudit(_ context.Context, _ string, e models.AuditEntry) error {
	if b.away {
		return models.Errorf(models.CodeUnavailable, "away").Again(0)
	}
	b.appends++
	b.entries[e.ID] = e
	return nil
}

// No change is without its entry: what ends between the record's write and the
// trail's leaves the entry on the record, which counts as untold until the
// trail has it.
func TestNoChangeWithoutItsEntry(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	store, log := &oneVideo{}, &brokenLog{Log: redislog.New(client, redislog.Options{})}
	trail := &brokenTrail{entries: map[string]models.AuditEntry{}}
	p := &rooms.Publisher{Videos: store, Audit: trail, Log: log, Links: noLinks{}, Logger: quiet}
	ctx := t.Context()
	if _, err := p.Create(ctx, "acme", models.Video{ID: "v", OrganizationID: "acme", Status: models.StatusQueued, Attempt: 1, Rev: 1}); err != nil {
		t.Fatal(err)
	}
	for i, step := range []struct {
		id             string
		change         models.Transition
		noLog, noTrail bool
	}{
		{"renamed", models.Rename("new"), false, true}, {"renamed again", models.Rename("newer"), true, false},
		{"cancelled", models.Cancel(), true, true}, {"deleted", models.Delete(), false, true},
	} {
		log.away, trail.away = step.noLog, step.noTrail
		v, err := p.Advance(ctx, "acme", "v", models.Audited(step.change, models.AuditEntry{ID: step.id, By: "ann", Action: models.AuditRename}))
		if err != nil {
			t.Fatalf("%s: %v", step.id, err)
		}
		id := fmt.Sprintf("%08d-%s", v.Rev, step.id)
		if _, there := trail.entries[id]; there || !store.v.Unpublished() || len(store.v.Audit) != 1 || store.v.Audit[0].ID != id {
			t.Fatalf("%s: the record holds %+v, published %v", step.id, store.v.Audit, !store.v.Unpublished())
		}
		// The process ended here. Whoever comes later knows the record only.
		log.away, trail.away = false, false
		later := &rooms.Publisher{Videos: store, Audit: trail, Log: log, Links: noLinks{}, Logger: quiet}
		for range 2 {
			if err := later.Settle(ctx, &v); err != nil {
				t.Fatal(err)
			}
		}
		e := trail.entries[id]
		if len(trail.entries) != i+1 || e.VideoID != "v" || e.Rev != v.Rev || e.By != "ann" || time.Since(e.At) > time.Minute {
			t.Fatalf("%s: the trail has %+v", step.id, e)
		}
		if v.Status != models.StatusDeleted && (store.v.Audit != nil || store.v.Unpublished()) {
			t.Fatalf("%s: the record still holds %+v", step.id, store.v.Audit)
		}
	}
}
