package modelstest

import (
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
)

// strict is a policy that no default is.
func strict(flagAt float64) models.Policy {
	return models.Policy{ReviewAt: flagAt / 2, FlagAt: flagAt, SuggestiveAt: 0.5, MinimumRun: 1}
}

func setPolicy(t testing.TB, s models.Policies, org string, version int, p models.Policy) models.PolicyRecord {
	t.Helper()
	r, err := s.ChangePolicy(within(t), org, models.SetPolicy(version, p, "admin", models.NewID(time.Now())))
	if err != nil {
		t.Fatalf("set the policy of %s: %v", org, err)
	}
	return r
}

func policies(t *testing.T, s Stores) {
	stores, ctx := s.both(t), within(t)
	for _, org := range []string{acme, "", "a b", `{"$ne":""}`} {
		if r, err := stores[0].Policy(ctx, org); err != nil || r.Policy != models.DefaultPolicy() || r.Writes != 0 || r.Audit != nil || r.OrganizationID != org {
			t.Errorf("before any choice %q has %+v, %v", org, r, err)
		}
	}
	first := setPolicy(t, stores[0], acme, 1, strict(0.4))
	if p := first.Policy; p.Version != 2 || p.FlagAt != 0.4 || p.UpdatedBy != "admin" || p.UpdatedAt == nil || time.Since(*p.UpdatedAt).Abs() > time.Minute ||
		len(first.Audit) != 1 || first.Audit[0].Before.Policy.Version != 1 || first.Audit[0].After.Policy.Version != 2 {
		t.Errorf("set: %+v", first)
	}
	if r, err := stores[1].Policy(ctx, acme); err != nil || !reflect.DeepEqual(r, first) {
		t.Errorf("kept as %+v, %v; want %+v", r, err, first)
	}
	_, err := stores[1].ChangePolicy(ctx, acme, models.SetPolicy(1, strict(0.3), "admin", "e"))
	code(t, "another version", err, models.CodePolicyChanged)
	if _, err := stores[1].ChangePolicy(ctx, acme, func(*models.PolicyRecord, time.Time) error { return errors.ErrUnsupported }); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("the change's own error came as %v", err)
	}
	if r := setPolicy(t, stores[1], acme, 2, strict(0.4)); r.Policy.Version != 2 || len(r.Audit) != 1 {
		t.Errorf("what decides alike became %+v", r)
	}
	if r := setPolicy(t, stores[0], acme, 2, strict(0.5)); r.Policy.Version != 3 || len(r.Audit) != 2 {
		t.Errorf("the third is %+v", r)
	}
	if r, err := stores[0].ChangePolicy(ctx, acme, models.PolicyAudited(2)); err != nil || len(r.Audit) != 1 || r.Audit[0].After.Policy.Version != 3 || r.Policy.Version != 3 {
		t.Errorf("the first entry is in the trail: %+v, %v", r, err)
	}
	_, err = stores[0].ChangePolicy(ctx, "a b", models.SetPolicy(1, strict(0.3), "admin", "e"))
	code(t, "no organization", err, models.CodeInvalid)

	setPolicy(t, stores[0], globex, 1, strict(0.4))
	setPolicy(t, stores[0], "Acme", 1, strict(0.4))
	var seen []string
	for after := ""; ; {
		page, err := stores[1].ChosenPolicies(ctx, after, 2)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page {
			seen, after = append(seen, r.OrganizationID), r.OrganizationID
		}
		if len(page) < 2 {
			break
		}
	}
	if fmt.Sprint(seen) != "[Acme acme globex]" {
		t.Errorf("chosen: %v", seen)
	}
}

// Of many who change one version, one does.
func policyRaced(t *testing.T, s Stores) {
	stores := s.both(t)
	for version := 1; version < 4; version++ {
		var won atomic.Int32
		race(8, func(i int) {
			_, err := stores[i%2].ChangePolicy(within(t), acme, models.SetPolicy(version, strict(0.5+float64(i*10+version)/1000), "admin", models.NewID(time.Now())))
			switch {
			case err == nil:
				won.Add(1)
			case models.CodeOf(err) != models.CodePolicyChanged:
				t.Errorf("writer %d: %v", i, err)
			}
		})
		if r, err := stores[0].Policy(within(t), acme); won.Load() != 1 || err != nil || r.Policy.Version != version+1 {
			t.Errorf("%d won; the policy is %+v, %v", won.Load(), r.Policy, err)
		}
	}
}

// Videos are found that an older policy assessed, and no others.
func outdated(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	assessed := func(org, key string, version int) models.Video {
		v := advance(t, store, create(t, store, org), models.Claim("w", 1))
		for _, stage := range models.Stages {
			v = advance(t, store, v, models.FinishStage(v.Fence, stage, func(v *models.Video) {
				if stage == models.StageSensitivity {
					v.Sensitivity = &models.Sensitivity{Verdict: models.VerdictSafe, PolicyVersion: version, ScoresKey: key}
				}
			}))
		}
		return v
	}
	var want []string
	for i := range 5 { // not in the order of their ids
		want = append(want, assessed(acme, "k", 2-i/3).ID)
	}
	want = append(want[3:], want[:3]...)
	assessed(acme, "k", 3)
	assessed(acme, "", 1) // no scores
	assessed(globex, "k", 1)
	create(t, store, acme)
	gone := assessed(acme, "k", 1)
	advance(t, store, gone, models.Delete())
	read := func(org string, version, limit int) (found []string) {
		t.Helper()
		for after := (models.AssessedRef{}); ; {
			page, err := store.Outdated(ctx, org, version, after, limit)
			if err != nil {
				t.Fatal(err)
			}
			for i := range page {
				found, after = append(found, page[i].ID), page[i].AssessedRef()
			}
			if len(page) < limit {
				return found
			}
		}
	}
	for _, limit := range []int{1, 2, 100} {
		if found := read(acme, 3, limit); fmt.Sprint(found) != fmt.Sprint(want) {
			t.Errorf("in pages of %d: %v, want %v", limit, found, want)
		}
	}
	if found := read(acme, 2, 10); len(found) != 2 {
		t.Errorf("of the first version: %v", found)
	}
	for _, org := range []string{"", "ACME", "%", `{"$ne":""}`} {
		if found := read(org, 9, 10); found != nil {
			t.Errorf("%q has %v", org, found)
		}
	}
	advance(t, store, models.Video{OrganizationID: acme, ID: want[0]}, published,
		models.Reassess("k", models.Policy{Version: 3}, models.Assessment{Verdict: models.VerdictFlagged}))
	advance(t, store, models.Video{OrganizationID: acme, ID: want[1]}, models.ScoresLost("k"))
	if found := read(acme, 3, 10); fmt.Sprint(found) != fmt.Sprint(want[2:]) {
		t.Errorf("after one was assessed and one given up: %v, want %v", found, want[2:])
	}
}
