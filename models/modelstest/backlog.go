package modelstest

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
)

func unsettled(t *testing.T, s Stores) {
	store := s.fresh(t)
	claim := models.Claim("w", 1)
	var want []string
	for name, test := range map[string]struct {
		steps []models.Transition
		found bool
	}{
		"queued, unpublished":        {nil, true},
		"queued, published":          {[]models.Transition{published}, true},
		"at work":                    {[]models.Transition{claim, leaseFor(far), published}, false},
		"at work, unpublished":       {[]models.Transition{claim, leaseFor(far)}, true},
		"lease run out":              {[]models.Transition{claim, published, leaseFor(-time.Millisecond)}, true},
		"lease of a moment ago":      {[]models.Transition{claim, published, leaseFor(0)}, true},
		"released":                   {[]models.Transition{claim, models.Release(1), published}, true},
		"failed, published":          {[]models.Transition{claim, models.Fail(1, models.Failure{}), published}, false},
		"failed, unpublished":        {[]models.Transition{claim, published, models.Fail(1, models.Failure{})}, true},
		"cancelled, published":       {[]models.Transition{models.Cancel(), published}, false},
		"cancelled, unpublished":     {[]models.Transition{published, models.Cancel()}, true},
		"retried, published":         {[]models.Transition{models.Cancel(), published, models.Retry(true), published}, true},
		"renamed after it was over":  {[]models.Transition{models.Cancel(), published, Edit("x")}, true},
		"deleted":                    {[]models.Transition{models.Delete()}, true},
		"deleted after it was over":  {[]models.Transition{models.Cancel(), published, models.Delete()}, true},
		"published further than rev": {[]models.Transition{models.Cancel(), models.Published(99)}, false},
	} {
		for _, org := range []string{acme, globex} {
			v, err := store.Create(within(t), org, models.Video{ID: strings.NewReplacer(" ", "-", ",", "").Replace(name)})
			if err != nil {
				t.Fatal(err)
			}
			v = advance(t, store, v, test.steps...)
			if test.found {
				want = append(want, ids([]models.Video{v})...)
			}
		}
	}
	found, err := store.Unsettled(within(t), models.VideoRef{}, 100)
	if err != nil {
		t.Fatal(err)
	}
	got := ids(found)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func unsettledPages(t *testing.T, s Stores) {
	store := s.fresh(t)
	var mu sync.Mutex
	var all []models.Video
	race(3, func(n int) { // many in one millisecond
		for i := range 8 {
			v, err := store.Create(within(t), fmt.Sprint("org", (n+i)%4), models.Video{ID: fmt.Sprintf("v%d.%d", 9-n, i)})
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			all = append(all, v)
			mu.Unlock()
		}
	})
	slices.SortFunc(all, func(a, b models.Video) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), strings.Compare(a.OrganizationID, b.OrganizationID), strings.Compare(a.ID, b.ID))
	})
	for _, limit := range []int{1, 5, 24, 1000} {
		var got []models.Video
		var after models.VideoRef
		for len(got) <= len(all) {
			page, err := store.Unsettled(within(t), after, limit)
			if err != nil || len(page) > limit {
				t.Fatalf("%d with limit %d: %v", len(page), limit, err)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
			last := page[len(page)-1]
			after = models.VideoRef{CreatedAt: last.CreatedAt, OrganizationID: last.OrganizationID, VideoID: last.ID}
		}
		if !slices.Equal(ids(got), ids(all)) {
			t.Errorf("limit %d: got %v, want %v", limit, ids(got), ids(all))
		}
	}
}

// A lease ends by the store's clock, and then the next worker gets the video.
func leaseRunsOut(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	v := advance(t, store, create(t, store, acme), models.Claim("first", 1), published, leaseFor(300*time.Millisecond))
	for {
		found, err := store.Unsettled(ctx, models.VideoRef{}, 10)
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 1 {
			break
		}
		select {
		case <-ctx.Done():
			t.Fatal("the lease never ran out")
		case <-time.After(20 * time.Millisecond):
		}
	}
	next := advance(t, store, v, models.Claim("second", 1))
	if next.Fence != v.Fence+1 || !slices.Equal(next.Lapses, []string{"first"}) || next.Lease.Until.Sub(v.Lease.Until) < models.LeaseTime {
		t.Errorf("claimed again: %+v", next)
	}
	_, err := store.Advance(ctx, acme, v.ID, models.Heartbeat(v.Fence))
	code(t, "the first worker's heartbeat", err, models.CodeStale)
	if next = advance(t, store, next, models.Survived("first")); len(next.Lapses) != 0 {
		t.Errorf("after the first worker was heard of: %v", next.Lapses)
	}
}

// A video whose workers vanish is refused by workers that process others beside
// it, and given up after it ran alone.
func suspectRunsAlone(t *testing.T, s Stores) {
	store := s.fresh(t)
	v := create(t, store, acme)
	lapse := leaseFor(-time.Millisecond)
	for _, worker := range []string{"first", "second"} {
		v = advance(t, store, v, models.Claim(worker, 1), lapse)
	}
	_, err := store.Advance(within(t), acme, v.ID, models.Claim("third", 1))
	if !errors.Is(err, models.ErrAlone) {
		t.Errorf("claimed beside others: %v", err)
	}
	v = advance(t, store, v, models.ClaimAlone("third", 1), lapse, models.ClaimAlone("fourth", 1))
	if v.Status != models.StatusProcessing || !v.Lease.Until.After(v.UpdatedAt) || !slices.Equal(v.Lapses, []string{"first", "second", "third"}) {
		t.Errorf("before its last run: %+v", v)
	}
	v = advance(t, store, v, lapse, models.ClaimAlone("fifth", 1), lapse, models.ClaimAlone("sixth", 1))
	if v.Status != models.StatusFailed || v.Failure.Code != models.CodePoison {
		t.Errorf("in the end: %s, %+v", v.Status, v.Failure)
	}
}
