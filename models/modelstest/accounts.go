package modelstest

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
)

func createUser(t testing.TB, s models.Store, org, email string) models.User {
	t.Helper()
	u, err := s.CreateUser(within(t), org, models.User{ID: models.NewID(time.Now()), Email: email, Name: "N", Role: models.RoleEditor, Password: "h"})
	if err != nil {
		t.Fatalf("create a user: %v", err)
	}
	return u
}

func accounts(t *testing.T, s Stores) {
	stores, ctx := s.both(t), within(t)
	if there, err := stores[0].HasUsers(ctx); err != nil || there {
		t.Errorf("an empty store has users: %v, %v", there, err)
	}
	o, err := stores[0].CreateOrganization(ctx, models.Organization{ID: acme, Name: "Acme 🎬 <b>", Admins: []string{"u1"}, Version: 9})
	if err != nil || o.Version != 1 || time.Since(o.CreatedAt).Abs() > time.Minute {
		t.Fatalf("%+v, %v", o, err)
	}
	_, err = stores[1].CreateOrganization(ctx, models.Organization{ID: acme, Name: "Other"})
	code(t, "the same organization again", err, models.CodeConflict)
	for _, bad := range []string{"", "a b", "Acme", "%", `{"$ne":""}`} {
		_, err := stores[0].Organization(ctx, bad)
		code(t, "another organization", err, models.CodeNotFound)
		_, err = stores[0].AdvanceOrganization(ctx, bad, models.Promote("x"))
		code(t, "change another organization", err, models.CodeNotFound)
	}
	u := createUser(t, stores[0], acme, "amy@example.com")
	if u.OrganizationID != acme || u.Version != 1 || u.CreatedAt.IsZero() {
		t.Errorf("a new user is %+v", u)
	}
	_, err = stores[1].CreateUser(ctx, acme, models.User{ID: "other", Email: "amy@example.com"})
	code(t, "the same address again", err, models.CodeEmailTaken)
	elsewhere, err := stores[1].CreateUser(ctx, globex, models.User{ID: models.NewID(time.Now().Add(time.Second)), Email: "amy@example.com"})
	if err != nil {
		t.Errorf("the address in another organization: %v", err)
	}
	for _, c := range []struct {
		email, org string
		limit      int
		want       []string
	}{
		{u.Email, "", 9, []string{u.ID, elsewhere.ID}}, {u.Email, "", 1, []string{u.ID}}, {u.Email, acme, 9, []string{u.ID}},
		{u.Email, globex, 9, []string{elsewhere.ID}}, {u.Email, "absent", 9, nil}, {"nobody@example.com", "", 9, nil}, {"", "", 9, nil},
	} {
		found, err := stores[0].UsersByEmail(ctx, c.email, c.org, c.limit)
		var ids []string
		for _, u := range found {
			ids = append(ids, u.ID)
		}
		if err != nil || !slices.Equal(ids, c.want) {
			t.Errorf("by %q in %q: %v, %v; want %v", c.email, c.org, ids, err, c.want)
		}
	}
	if err := stores[0].DeleteUser(ctx, globex, elsewhere.ID); err != nil {
		t.Error(err)
	}
	_, err = stores[1].CreateUser(ctx, acme, models.User{ID: u.ID, Email: "bob@example.com"})
	code(t, "the same id again", err, models.CodeConflict)
	for _, bad := range []models.User{{ID: "", Email: "e"}, {ID: "a b", Email: "e"}, {ID: "x"}} {
		_, err = stores[0].CreateUser(ctx, acme, bad)
		code(t, "a bad user", err, models.CodeInvalid)
	}
	for _, id := range [][2]string{{globex, u.ID}, {acme, "absent"}, {"", u.ID}, {acme, ""}} {
		_, err = stores[0].User(ctx, id[0], id[1])
		code(t, "read another's", err, models.CodeNotFound)
		_, err = stores[0].AdvanceUser(ctx, id[0], id[1], func(*models.User, time.Time) error { return nil })
		code(t, "change another's", err, models.CodeNotFound)
		code(t, "delete another's", stores[0].DeleteUser(ctx, id[0], id[1]), models.CodeNotFound)
	}
	moved, err := stores[1].AdvanceUser(ctx, acme, u.ID, func(u *models.User, now time.Time) error {
		u.ID, u.OrganizationID, u.Email, u.First, u.Name = "x", globex, "x", true, "Amy"
		u.Sessions = append(u.Sessions, models.Session{ID: "s", Hash: "h", UsedAt: now, CreatedAt: now, RotatedAt: now})
		return nil
	})
	if err != nil || moved.ID != u.ID || moved.OrganizationID != acme || moved.Email != u.Email || moved.First || moved.Name != "Amy" || moved.Version != 2 || len(moved.Sessions) != 1 {
		t.Errorf("changed to %+v, %v", moved, err)
	}
	if found, err := stores[0].UsersByEmail(ctx, u.Email, "", 2); err != nil || len(found) != 1 || found[0].ID != u.ID || found[0].Name != "Amy" {
		t.Errorf("by address: %+v, %v", found, err)
	}
	if _, err := stores[0].AdvanceUser(ctx, acme, u.ID, func(u *models.User, _ time.Time) error { u.Name = "no"; return errors.ErrUnsupported }); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("the change's own error came as %v", err)
	}
	if found, err := stores[1].User(ctx, acme, u.ID); err != nil || found.Name != "Amy" {
		t.Errorf("after a refused change: %+v, %v", found, err)
	}
	if err := stores[0].DeleteUser(ctx, acme, u.ID); err != nil {
		t.Error(err)
	}
	_, err = stores[1].User(ctx, acme, u.ID)
	code(t, "a deleted user", err, models.CodeNotFound)
	createUser(t, stores[1], globex, u.Email) // the address is free again
}

// Users are listed in the order of their making, page by page, each tenant's own.
func accountsListed(t *testing.T, s Stores) {
	store := s.fresh(t)
	var want []string
	for i := range 7 {
		want = append(want, createUser(t, store, acme, fmt.Sprintf("u%d@example.com", i)).ID)
		createUser(t, store, globex, fmt.Sprintf("g%d@example.com", i))
	}
	slices.Sort(want) // within a millisecond ids are random
	for _, limit := range []int{1, 3, 7, 100} {
		var found []string
		page := models.UserPage{Limit: limit}
		for {
			users, err := store.ListUsers(within(t), acme, page)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range users {
				found, page.After = append(found, u.ID), u.ID
			}
			if len(users) < limit {
				break
			}
		}
		if !slices.Equal(found, want) {
			t.Errorf("in pages of %d: %v, want %v", limit, found, want)
		}
	}
	if users, err := store.ListUsers(within(t), "absent", models.UserPage{}); err != nil || len(users) != 0 {
		t.Errorf("of nobody: %v, %v", users, err)
	}
}

// Of many who would be the first, or have one address, one is; of two admins who
// demote each other one stays; an invitation that many use is used once.
func accountsRaced(t *testing.T, s Stores) {
	stores := s.both(t)
	var won atomic.Int32
	race(8, func(i int) {
		u := models.User{ID: fmt.Sprint("u", i), Email: fmt.Sprintf("u%d@example.com", i), First: true}
		switch _, err := stores[i%2].CreateUser(within(t), fmt.Sprint("org", i), u); {
		case err == nil:
			won.Add(1)
		case models.CodeOf(err) != models.CodeConflict:
			t.Errorf("founder %d: %v", i, err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d were the first", won.Load())
	}
	won.Store(0)
	race(8, func(i int) {
		u := models.User{ID: fmt.Sprint("e", i), Email: "one@example.com"}
		switch _, err := stores[i%2].CreateUser(within(t), "org", u); {
		case err == nil:
			won.Add(1)
		case models.CodeOf(err) != models.CodeEmailTaken:
			t.Errorf("address %d: %v", i, err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("%d have the address", won.Load())
	}
	if _, err := stores[0].CreateOrganization(within(t), models.Organization{ID: acme, Admins: []string{"a0", "a1"}, Invites: []models.Invite{{ID: "i"}}}); err != nil {
		t.Fatal(err)
	}
	won.Store(0)
	race(2, func(i int) {
		switch _, err := stores[i].AdvanceOrganization(within(t), acme, models.Demote(fmt.Sprint("a", i))); {
		case err == nil:
			won.Add(1)
		case models.CodeOf(err) != models.CodeLastAdmin:
			t.Errorf("demotion %d: %v", i, err)
		}
	})
	if o, err := stores[0].Organization(within(t), acme); won.Load() != 1 || err != nil || len(o.Admins) != 1 {
		t.Errorf("%d were demoted: %+v, %v", won.Load(), o, err)
	}
	won.Store(0)
	race(8, func(i int) {
		_, err := stores[i%2].AdvanceOrganization(within(t), acme, func(o *models.Organization, _ time.Time) error {
			if len(o.Invites) == 0 {
				return errors.ErrUnsupported
			}
			o.Invites = nil
			return nil
		})
		if err == nil {
			won.Add(1)
		} else if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("invitation %d: %v", i, err)
		}
	})
	if won.Load() != 1 {
		t.Errorf("the invitation was used %d times", won.Load())
	}
}

func grantsBy(makers ...string) (o models.Organization) {
	for i, by := range makers {
		o.Invites = append(o.Invites, models.Invite{ID: fmt.Sprint("i", i), CreatedBy: by})
		o.Resets = append(o.Resets, models.Reset{UserID: fmt.Sprint("u", i), CreatedBy: by})
	}
	return o
}

// The write that takes the right of an admin ends the invitations and reset links
// that this admin made, and no other; one that is refused ends nothing.
func grantsEnd(t *testing.T, s Stores) {
	stores := s.both(t)
	for name, c := range map[string]struct {
		change models.OrganizationChange
		code   models.Code
		want   string // who made what is left
		resets int
	}{
		"demoted":           {models.Demote("a0"), "", "a1ops", 2},
		"left":              {models.Leave("a0"), "", "a1ops", 2},
		"left, no admin":    {models.Leave("ops"), "", "a0a0a1", 3},
		"left, with a link": {models.Leave("u0"), "", "a0a0a1ops", 3},
		"left, made none":   {models.Leave("u9"), "", "a0a0a1ops", 4},
		"refused": {func(o *models.Organization, now time.Time) error {
			_ = models.Demote("a0")(o, now)
			return models.ErrLastAdmin
		}, models.CodeLastAdmin, "a0a0a1ops", 4},
	} {
		o := grantsBy("a0", "a0", "a1", "ops")
		o.ID, o.Admins = models.NewID(time.Now()), []string{"a0", "a1"}
		if _, err := stores[0].CreateOrganization(within(t), o); err != nil {
			t.Fatal(err)
		}
		if _, err := stores[0].AdvanceOrganization(within(t), o.ID, c.change); c.code != "" {
			code(t, name, err, c.code)
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		found, err := stores[1].Organization(within(t), o.ID)
		left := ""
		for _, i := range found.Invites {
			left += i.CreatedBy
		}
		if err != nil || left != c.want || len(found.Resets) != c.resets {
			t.Errorf("%s: left are %+v, %v", name, found, err)
		}
	}
}

// Of an acceptance and the demotion of the admin who invited one comes first:
// either there is a member or the invitation is over, and never is one open.
func grantsRaced(t *testing.T, s Stores) {
	stores := s.both(t)
	for range 20 {
		o := grantsBy("a0")
		o.ID, o.Admins = models.NewID(time.Now()), []string{"a0", "a1"}
		if _, err := stores[0].CreateOrganization(within(t), o); err != nil {
			t.Fatal(err)
		}
		var accepted atomic.Int32
		race(4, func(i int) {
			if i == 0 {
				if _, err := stores[0].AdvanceOrganization(within(t), o.ID, models.Demote("a0")); err != nil {
					t.Error(err)
				}
				return
			}
			_, err := stores[i%2].AdvanceOrganization(within(t), o.ID, func(o *models.Organization, _ time.Time) error {
				if len(o.Invites) == 0 {
					return errors.ErrUnsupported
				}
				if !slices.Contains(o.Admins, "a0") {
					t.Error("an invitation of a former admin is open")
				}
				o.Invites = nil
				return nil
			})
			if err == nil {
				accepted.Add(1)
			} else if !errors.Is(err, errors.ErrUnsupported) {
				t.Errorf("acceptance %d: %v", i, err)
			}
		})
		found, err := stores[1].Organization(within(t), o.ID)
		if err != nil || accepted.Load() > 1 || len(found.Invites)+len(found.Resets) != 0 || slices.Contains(found.Admins, "a0") {
			t.Errorf("accepted %d times; %+v, %v", accepted.Load(), found, err)
		}
	}
}
