package modelstest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

// trail reads all entries, in pages.
func trail(t testing.TB, s models.Audit, org string, page models.AuditPage) (all []models.AuditEntry) {
	t.Helper()
	for {
		list, err := s.ListAudit(within(t), org, page)
		if err != nil {
			t.Fatalf("list: %v", err)
		}
		all = append(all, list.Entries...)
		if page.After = list.NextCursor; page.After == "" {
			return all
		}
		if len(list.Entries) != page.Size() {
			t.Fatalf("a page of %d with another after it, want %d", len(list.Entries), page.Size())
		}
	}
}

func entryAt(id string, at time.Time, video string) models.AuditEntry {
	e := models.AuditEntry{
		ID: id, At: time.UnixMilli(at.UnixMilli()).UTC(), By: "admin", Action: models.AuditRename, VideoID: video, Rev: 7,
		Before: models.AuditState{Title: "é\u0000<"}, After: models.AuditState{Title: "b"}, Note: "why",
	}
	if video == "" {
		p := models.DefaultPolicy()
		e.Action, e.Rev, e.After = models.AuditPolicy, 0, models.AuditState{Policy: &p}
		e.Target, e.Count = "ann", 3
	}
	return e
}

func audit(t *testing.T, s Stores) {
	stores, ctx := s.both(t), within(t)
	if all := trail(t, stores[0], acme, models.AuditPage{}); len(all) != 0 {
		t.Fatalf("an empty store has %v", all)
	}
	now := time.Now().Truncate(time.Second)
	var want []models.AuditEntry // newest first
	for i := range 7 {
		e := entryAt(fmt.Sprintf("e%d", i), now.Add(time.Duration(i/2)*time.Second), []string{"v", "", "V"}[i%3])
		if i%2 == 1 {
			e.By = `bo"b.*`
		}
		want = append([]models.AuditEntry{e}, want...)
	}
	for _, i := range []int{3, 0, 6, 1, 5, 2, 4, 3, 0} { // late ones, and some again
		if err := stores[i%2].AppendAudit(ctx, acme, want[i]); err != nil {
			t.Fatal(err)
		}
	}
	if err := stores[0].AppendAudit(ctx, globex, want[0]); err != nil { // the same id elsewhere
		t.Fatal(err)
	}
	changed := want[0]
	changed.Note = "another"
	if err := stores[0].AppendAudit(ctx, acme, changed); err != nil {
		t.Fatal(err)
	}
	for _, limit := range []int{1, 3, 7, 100} {
		if all := trail(t, stores[1], acme, models.AuditPage{Limit: limit}); !reflect.DeepEqual(all, want) {
			t.Errorf("in pages of %d:\n%+v\nwant\n%+v", limit, all, want)
		}
	}
	for _, video := range []string{"v", "V", "x"} {
		ofVideo := slices.DeleteFunc(slices.Clone(want), func(e models.AuditEntry) bool { return e.VideoID != video })
		if all := trail(t, stores[0], acme, models.AuditPage{Limit: 2, VideoID: video}); len(all) != len(ofVideo) || len(all) > 0 && !reflect.DeepEqual(all, ofVideo) {
			t.Errorf("of %s:\n%+v\nwant\n%+v", video, all, ofVideo)
		}
	}
	for _, page := range []models.AuditPage{
		{By: "admin"}, {By: `bo"b.*`}, {By: ".*"}, {By: "nobody"}, {Action: models.AuditRename}, {Action: models.AuditPolicy},
		{Action: models.AuditPolicy, By: "admin"}, {Action: models.AuditRename, By: `bo"b.*`, VideoID: "v"}, {Action: "video."}, {VideoID: "v", By: "admin"},
	} {
		chosen := slices.DeleteFunc(slices.Clone(want), func(e models.AuditEntry) bool {
			return page.By != "" && e.By != page.By || page.Action != "" && e.Action != page.Action || page.VideoID != "" && e.VideoID != page.VideoID
		})
		page.Limit = 2
		if all := trail(t, stores[0], acme, page); len(all) != len(chosen) || len(all) > 0 && !reflect.DeepEqual(all, chosen) {
			t.Errorf("%+v:\n%+v\nwant\n%+v", page, all, chosen)
		}
	}
	for _, org := range []string{"", "ACME", "acme%", `{"$ne":""}`} {
		if all := trail(t, stores[0], org, models.AuditPage{}); len(all) != 0 {
			t.Errorf("%q has %v", org, all)
		}
	}
	_, err := stores[0].ListAudit(ctx, acme, models.AuditPage{After: "x"})
	code(t, "a wrong cursor", err, models.CodeInvalid)
	timeless, aimless := entryAt("e", now, "v"), entryAt("e", now, "v")
	timeless.At, aimless.Action = time.Time{}, ""
	for _, e := range []models.AuditEntry{{}, entryAt("", now, "v"), entryAt("e", now, strings.Repeat("x", 200)), timeless, aimless} {
		code(t, fmt.Sprintf("%+v", e), stores[0].AppendAudit(ctx, acme, e), models.CodeInvalid)
	}
	code(t, "no organization", stores[0].AppendAudit(ctx, "a b", want[0]), models.CodeInvalid)
}

// What is too old goes, and what is too much, the oldest first.
func auditTrimmed(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	now := time.Now().Truncate(time.Second)
	add := func(org string, ages ...time.Duration) {
		for i, age := range ages {
			if err := store.AppendAudit(ctx, org, entryAt(fmt.Sprint("e", i), now.Add(-age), "v")); err != nil {
				t.Fatal(err)
			}
		}
	}
	trim := func(keep, want int) {
		t.Helper()
		if n, err := store.TrimAudit(ctx, now.Add(-time.Hour), keep); err != nil || n != want {
			t.Errorf("trimmed to %d: %d went, %v; want %d", keep, n, err, want)
		}
	}
	left := func(org string) (ids string) {
		for _, e := range trail(t, store, org, models.AuditPage{}) {
			ids += e.ID
		}
		return ids
	}
	add(acme, 0, time.Minute, time.Minute, 2*time.Hour, 2*time.Minute)
	add(globex, 2*time.Hour, time.Minute)
	trim(10, 2)
	if left(acme) != "e0e2e1e4" || left(globex) != "e1" {
		t.Errorf("left: %s and %s", left(acme), left(globex))
	}
	trim(2, 2) // two of the same time: by their ids
	if left(acme) != "e0e2" || left(globex) != "e1" {
		t.Errorf("left: %s and %s", left(acme), left(globex))
	}
	trim(2, 0)
}

// A change and its entry are one write, and the entry goes when the revision is
// published.
func auditOnRecord(t *testing.T, s Stores) {
	store := s.fresh(t)
	v := advance(t, store, create(t, store, acme), published,
		models.Audited(models.Rename("new"), models.AuditEntry{ID: "e1", By: "ann", Action: models.AuditRename, Note: "n"}),
		models.Audited(models.Cancel(), models.AuditEntry{ID: "e2", By: "ann", Action: models.AuditCancel}))
	if len(v.Audit) != 2 || v.Audit[0].Rev != 2 || v.Audit[0].After.Title != "new" || v.Audit[0].VideoID != v.ID || v.Audit[0].Note != "n" ||
		v.Audit[1].Before.Status != models.StatusQueued || v.Audit[1].After != (models.AuditState{Status: models.StatusCancelled}) {
		t.Errorf("on the record: %+v", v.Audit)
	}
	same(t, store, v)
	if v = advance(t, store, v, models.Published(2)); len(v.Audit) != 1 || v.Audit[0].ID != "00000003-e2" {
		t.Errorf("after the first was told: %+v", v.Audit)
	}
	same(t, store, v)
	if v = advance(t, store, v, published); v.Audit != nil {
		t.Errorf("after both: %+v", v.Audit)
	}
	same(t, store, v)
}
