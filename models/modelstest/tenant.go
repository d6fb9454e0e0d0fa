package modelstest

import (
	"testing"
	"time"

	"reelroom/models"
)

// A call with another organization finds nothing, writes nothing, and is
// answered as if the video did not exist.
func tenants(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	v := advance(t, store, create(t, store, acme), models.Claim("w", 1))
	gone := advance(t, store, create(t, store, acme), models.Delete())
	for _, org := range []string{globex, "", "ACME", "acme ", "acme%", "%", "*", "acm_", "acme:" + v.ID, `{"$ne":""}`} {
		for _, id := range []string{v.ID, gone.ID, "absent"} {
			_, err := store.Get(ctx, org, id)
			code(t, org+" get", err, models.CodeNotFound)
			called := false
			_, err = store.Advance(ctx, org, id, func(*models.Video, time.Time) error { called = true; return nil })
			code(t, org+" advance", err, models.CodeNotFound)
			if called {
				t.Errorf("%q was shown another organization's record", org)
			}
			code(t, org+" purge", store.Purge(ctx, org, id), models.CodeNotFound)
		}
		page, err := store.List(ctx, org, models.Page{})
		if err != nil || len(page.Videos) != 0 || page.NextCursor != "" {
			t.Errorf("%q lists %v, %v", org, ids(page.Videos), err)
		}
	}
	same(t, store, v)
	if err := store.Purge(ctx, acme, gone.ID); err != nil {
		t.Errorf("the deleted record is gone: %v", err)
	}
}

// Two organizations may hold the same id, and no pair of names is mistaken
// for another pair.
func tenantsApart(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	pairs := [][2]string{
		{"a", "b"}, {"A", "b"}, {"a", "B"}, {"a:b", "c"}, {"a", "b:c"}, {"a%3Ab", "c"}, {"a/b", "c"}, {"a", "b/c"},
		{"é", "x"}, {"e\u0301", "x"}, {"1", "2"}, {"01", "2"}, {"$a", "$b"}, {"a.b", "c"}, {"a", "b.c"}, {"null", "null"},
	}
	var made []models.Video
	for _, p := range pairs {
		v, err := store.Create(ctx, p[0], models.Video{ID: p[1], Title: p[0] + " has " + p[1]})
		if err != nil {
			t.Fatalf("%q: %v", p, err)
		}
		made = append(made, v)
	}
	for i, v := range made {
		same(t, store, v)
		made[i] = advance(t, store, v, Edit("renamed "+v.Title))
	}
	gone := advance(t, store, made[0], models.Delete())
	if err := store.Purge(ctx, gone.OrganizationID, gone.ID); err != nil {
		t.Error(err)
	}
	for _, v := range made[1:] {
		same(t, store, v)
	}
}

func deleted(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	v, kept := create(t, store, acme), create(t, store, acme)
	code(t, "purge of a queued one", store.Purge(ctx, acme, v.ID), models.CodeNotFound)
	v = advance(t, store, v, models.Delete())
	if v.Status != models.StatusDeleted || v.Rev != 2 {
		t.Errorf("the deleted record is returned as %+v", v)
	}
	_, err := store.Get(ctx, acme, v.ID)
	code(t, "get", err, models.CodeNotFound)
	for _, transition := range []models.Transition{Edit("x"), models.Delete(), models.Claim("w", 1), models.Retry(true), models.Published(2)} {
		_, err = store.Advance(ctx, acme, v.ID, transition)
		code(t, "advance", err, models.CodeNotFound)
	}
	_, err = store.Create(ctx, acme, models.Video{ID: v.ID})
	code(t, "create over it", err, models.CodeConflict)
	page, err := store.List(ctx, acme, models.Page{})
	if err != nil || len(page.Videos) != 1 || page.Videos[0].ID != kept.ID {
		t.Errorf("list: %v, %v", ids(page.Videos), err)
	}
	found, err := store.Unsettled(ctx, models.VideoRef{}, 10)
	if err != nil || len(found) != 2 || (found[0].Status == models.StatusDeleted) == (found[1].Status == models.StatusDeleted) {
		t.Errorf("unsettled: %v, %v", ids(found), err)
	}
	if err := store.Purge(ctx, acme, v.ID); err != nil {
		t.Errorf("purge: %v", err)
	}
	code(t, "purge again", store.Purge(ctx, acme, v.ID), models.CodeNotFound)
	if _, err := store.Create(ctx, acme, models.Video{ID: v.ID}); err != nil {
		t.Errorf("a purged id is free: %v", err)
	}
}
