package sqlitestore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
)

// While an organization searches, and however often it asks to, it reads
// everything else, and others search.
func TestSearchesKeepNobodyWaiting(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "x.db"))
	for _, org := range []string{"acme", "globex"} {
		if _, err := s.Create(t.Context(), org, models.Video{ID: "v", Title: "One"}); err != nil {
			t.Fatal(err)
		}
	}
	free, err := s.searches.take(t.Context(), "acme") // a long search
	if err != nil {
		t.Fatal(err)
	}
	cut, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	for range 3 * readers {
		waiting.Go(func() {
			if _, err := s.List(cut, "acme", models.Page{Query: "one"}); models.CodeOf(err) != models.CodeUnavailable {
				t.Errorf("a search out of turn: %v", err)
			}
		})
	}
	for org, page := range map[string]models.Page{"acme": {}, "globex": {Query: "one"}} {
		if found, err := s.List(t.Context(), org, page); err != nil || len(found.Videos) != 1 {
			t.Errorf("%s: %d, %v", org, len(found.Videos), err)
		}
	}
	cancel()
	waiting.Wait()
	free()
	if found, err := s.List(t.Context(), "acme", models.Page{Query: "one"}); err != nil || len(found.Videos) != 1 {
		t.Errorf("in turn: %d, %v", len(found.Videos), err)
	}
	if n := len(s.searches.orgs) + len(s.searches.slots); n != 0 {
		t.Errorf("%d are remembered", n)
	}
}

// Few search at once, and nobody waits for ever.
func TestSearchesAreFew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSearches()
		var all sync.WaitGroup
		var mu sync.Mutex
		done, gone := 0, 0
		for i := range 20 {
			all.Go(func() {
				free, err := s.take(t.Context(), fmt.Sprint(i%10))
				mu.Lock()
				defer mu.Unlock()
				if errors.Is(err, context.DeadlineExceeded) {
					gone++
					return
				}
				if err != nil || len(s.slots) > maxSearches {
					t.Errorf("%d search, %v", len(s.slots), err)
				}
				done++
				time.AfterFunc(time.Second, free)
			})
		}
		all.Wait()
		time.Sleep(time.Minute)
		synctest.Wait()
		if done < maxSearches*5 || done+gone != 20 || len(s.orgs)+len(s.slots) != 0 {
			t.Errorf("%d searched, %d gave up, %d are remembered", done, gone, len(s.orgs))
		}
	})
}
