package modelstest

import (
	"sync"
	"testing"

	"reelroom/models"
)

// What an organization keeps is counted in videos and in bytes, from the moment
// that the record is there, and not from the moment that it is deleted.
func usage(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	check := func(org string, videos int, bytes int64) {
		t.Helper()
		if u, err := store.Usage(ctx, org); err != nil || u != (models.Usage{Videos: videos, Bytes: bytes}) {
			t.Errorf("%q keeps %+v, %v; want %d videos of %d bytes", org, u, err, videos, bytes)
		}
	}
	sized := func(org, id string, size int64) models.Video {
		t.Helper()
		v, err := store.Create(ctx, org, models.Video{ID: id, File: models.File{Key: models.SourceKey(id, "n"), Size: size}})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	check(acme, 0, 0)
	sized(globex, "v", 1<<40)
	v := sized(acme, "v", 5<<30)
	sized(acme, "w", 7)
	check(acme, 2, 5<<30+7)
	v = complete(t, store, advance(t, store, v, models.Claim("w", 1)))
	check(acme, 2, 5<<30+7)
	v = advance(t, store, v, published, models.Rename("renamed"))
	check(acme, 2, 5<<30+7)
	advance(t, store, v, published, models.Delete())
	check(acme, 1, 7)
	if err := store.Purge(ctx, acme, "v"); err != nil {
		t.Fatal(err)
	}
	check(acme, 1, 7)
	check(globex, 1, 1<<40)
	var all sync.WaitGroup
	for i := range 40 {
		all.Go(func() {
			if _, err := store.Create(ctx, acme, models.Video{ID: string(rune('a'+i%26)) + string(rune('a'+i/26)), File: models.File{Size: 1000}}); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	check(acme, 41, 40_007)
	for _, org := range []string{"", "'", "%"} {
		check(org, 0, 0)
	}
}
