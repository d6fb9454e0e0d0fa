package rooms_test

import (
	"context"
	"errors"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/rooms/redislog"
)

// oneVideo is a store of one record.
type oneVideo struct {
	models.Videos
	mu sync.Mutex
	v  models.Video
}

func (s *oneVideo) Create(_ context.Context, _ string, v models.Video) (models.Video, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.v = v
	return v, nil
}

func (s *oneVideo) Advance(_ context.Context, org, id string, t models.Transition) (models.Video, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if org != s.v.OrganizationID || id != s.v.ID || s.v.Status == models.StatusDeleted {
		return models.Video{}, models.ErrNotFound
	}
	v := s.v
	if err := t(&v, time.Now().UTC()); err != nil {
		return models.Video{}, err
	}
	s.v = v
	return v, nil
}

type noLinks struct{}

func (noLinks) Media(string, string) string             { return "media" }
func (noLinks) Thumbnail(string, string) string         { return "thumbnail" }
func (noLinks) Storyboard(string, string) string        { return "s" }
func (noLinks) Playback(string, string) string          { return "b" }
func (noLinks) StoryboardPicture(string, string) string { return "p" }
func (noLinks) Evidence(string, string, int64) string   { return "e" }

// brokenLog fails while away is set.
type brokenLog struct {
	rooms.Log
	away bool
}

func (l *brokenLog) Append(ctx context.Context, org string, e models.Event) (rooms.Cursor, bool, error) {
	if l.away {
		return rooms.Cursor{}, false, models.Errorf(models.CodeUnavailable, "away").Again(0)
	}
	return l.Log.Append(ctx, org, e)
}

// TestRecordFirst: a change stands whatever becomes of its event, the event is
// made good later, and it is in the log once.
func TestRecordFirst(t *testing.T) {
	t.Parallel()
	client := redis.NewClient(&redis.Options{Addr: miniredis.RunT(t).Addr(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	store, log := &oneVideo{}, &brokenLog{Log: redislog.New(client, redislog.Options{})}
	counted := map[string]int{}
	p := &rooms.Publisher{Videos: store, Log: log, Links: noLinks{}, Logger: quiet, Count: func(_ context.Context, figure string, n int) { counted[figure] += n }}
	ctx := t.Context()
	advance := func(t models.Transition) func() (models.Video, error) {
		return func() (models.Video, error) { return p.Advance(ctx, "acme", "v", t) }
	}
	for i, step := range []struct {
		change func() (models.Video, error)
		event  models.EventName
	}{
		{func() (models.Video, error) {
			return p.Create(ctx, "acme", models.Video{ID: "v", OrganizationID: "acme", Status: models.StatusQueued, Attempt: 1, Rev: 1})
		}, models.EventQueued},
		{advance(models.Claim("w", 1)), models.EventProgress},
		{advance(models.Rename("new")), models.EventUpdated},
		{advance(models.Fail(1, models.Failure{Code: models.CodeCorrupt, Message: "no"})), models.EventFailed},
		{advance(models.Delete()), models.EventDeleted},
	} {
		rev := int64(i + 1)
		log.away = i%2 == 1 // every second publication fails
		v, err := step.change()
		if err != nil || v.Rev != rev {
			t.Fatalf("step %d: rev %d, %v", i, v.Rev, err)
		}
		if deleted := v.Status == models.StatusDeleted; !deleted && (store.v.PublishedRev == rev) == log.away {
			t.Fatalf("step %d: the record says that rev %d of %d is published", i, store.v.PublishedRev, rev)
		}
		log.away = false
		for range 2 {
			if err := p.Settle(ctx, &v); err != nil {
				t.Fatal(err)
			}
		}
		events, err := log.After(ctx, "acme", rooms.Cursor{}, 100)
		if err != nil || len(events) != i+1 || events[i].Name != step.event || events[i].Rev != rev {
			t.Fatalf("step %d: %d events, the last %+v, %v", i, len(events), events[len(events)-1], err)
		}
	}
	if _, err := p.Advance(ctx, "acme", "v", models.Cancel()); !errors.Is(err, models.ErrNotFound) {
		t.Fatal(err)
	}
	if head, err := log.Head(ctx, "acme"); err != nil || head.Seq != 5 {
		t.Fatalf("a refused transition was published: %v, %v", head, err)
	}
	// However often each was published, it is counted once.
	want := map[string]int{"videos queued": 1, "stages metadata": 1, "videos failed": 1, "failures corrupt": 1, "videos deleted": 1}
	if !maps.Equal(counted, want) {
		t.Errorf("counted %v, want %v", counted, want)
	}
}
