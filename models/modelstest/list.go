package modelstest

import (
	"cmp"
	"slices"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/record"
)

// newestFirst is the order of a list that names none.
func newestFirst(a, b models.Video) int {
	return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(b.ID, a.ID))
}

func listPages(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	var all []models.Video
	for range 33 {
		all = append(all, create(t, store, acme))
		create(t, store, globex)
	}
	slices.SortFunc(all, newestFirst)
	known := map[string]bool{}
	for _, v := range all {
		known[v.ID] = true
	}

	var got []models.Video
	seen := map[string]bool{}
	after := ""
	for n := 0; ; n++ {
		page, err := store.List(ctx, acme, models.Page{Limit: 5, After: after})
		if err != nil || n > 40 {
			t.Fatalf("page %d: %v", n, err)
		}
		for _, v := range page.Videos {
			if seen[v.ID] {
				t.Errorf("%s comes twice", v.ID)
			}
			seen[v.ID] = true
			if known[v.ID] {
				got = append(got, v)
			}
		}
		if page.NextCursor == "" {
			break
		}
		if len(page.Videos) != 5 {
			t.Errorf("page %d has %d and a next one", n, len(page.Videos))
		}
		after = page.NextCursor
		create(t, store, acme) // a list that grows moves no page
	}
	if !slices.Equal(ids(got), ids(all)) {
		t.Errorf("got %v, want %v", ids(got), ids(all))
	}
}

func listKeeps(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	by := map[models.Status]models.Video{}
	for _, end := range []models.Transition{
		nil, models.Claim("w", 1), models.Cancel(), models.Delete(),
	} {
		v := create(t, store, acme)
		if end != nil {
			v = advance(t, store, v, end)
		}
		by[v.Status] = v
	}
	v := complete(t, store, advance(t, store, create(t, store, acme), models.Claim("w", 1)))
	by[v.Status] = v
	for _, test := range []struct{ ask, want []models.Status }{
		{nil, []models.Status{models.StatusQueued, models.StatusProcessing, models.StatusCancelled, models.StatusCompleted}},
		{[]models.Status{models.StatusCompleted}, []models.Status{models.StatusCompleted}},
		{[]models.Status{models.StatusQueued, models.StatusCancelled, models.StatusDeleted}, []models.Status{models.StatusQueued, models.StatusCancelled}},
		{[]models.Status{models.StatusDeleted}, nil},
		{[]models.Status{"' OR 1=1 --", "$ne"}, nil},
	} {
		var want []models.Video
		for _, status := range test.want {
			want = append(want, by[status])
		}
		slices.SortFunc(want, newestFirst)
		page, err := store.List(ctx, acme, models.Page{Status: test.ask})
		if err != nil || page.NextCursor != "" || !slices.Equal(ids(page.Videos), ids(want)) {
			t.Errorf("status %v: %v (next %q, %v), want %v", test.ask, ids(page.Videos), page.NextCursor, err, ids(want))
		}
	}
}

func listCursors(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	for range 25 {
		create(t, store, acme)
	}
	for _, test := range []struct{ limit, want int }{{0, 20}, {1, 1}, {-3, 1}, {25, 25}, {1000, 25}} {
		page, err := store.List(ctx, acme, models.Page{Limit: test.limit})
		if err != nil || len(page.Videos) != test.want || (page.NextCursor == "") != (test.want == 25) {
			t.Errorf("limit %d: %d videos, next %q, %v", test.limit, len(page.Videos), page.NextCursor, err)
		}
	}
	first, err := store.List(ctx, acme, models.Page{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		"x", "e30", "{}", "null", "😀", strings.Repeat("A", 10_000), first.NextCursor + "A", first.NextCursor[1:],
		"MS4", record.Cursor{CreatedAt: time.Now(), ID: "a"}.String(), record.Place{Number: 1, ID: "a"}.String([8]byte{}),
	} {
		_, err := store.List(ctx, acme, models.Page{After: bad})
		code(t, "cursor "+bad[:min(len(bad), 20)], err, models.CodeInvalid)
	}
	// A place need not name a record that still is, nor one of the own list.
	page, err := store.List(ctx, globex, models.Page{After: first.NextCursor})
	if err != nil || len(page.Videos) != 0 {
		t.Errorf("with another organization's cursor: %v, %v", ids(page.Videos), err)
	}
	// What came when the last record was gone.
	rest, err := store.List(ctx, acme, models.Page{Limit: 24})
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range Listed(rest.Videos, models.Page{}) {
		advance(t, store, v, models.Delete())
	}
	if page, err = store.List(ctx, acme, models.Page{After: rest.NextCursor}); err != nil || len(page.Videos) != 1 || page.NextCursor != "" {
		t.Errorf("after what is gone: %v, %v", ids(page.Videos), err)
	}
	advance(t, store, page.Videos[0], models.Delete())
	if page, err = store.List(ctx, acme, models.Page{After: rest.NextCursor}); err != nil || len(page.Videos) != 0 || page.NextCursor != "" {
		t.Errorf("after the end: %v, %v", ids(page.Videos), err)
	}
}
