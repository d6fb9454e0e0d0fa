package modelstest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

// hostile are words that a database, a pattern or a page could take for
// something else, and such as differ only in case.
var hostile = []string{
	"%", "_", `\`, `\x00`, "\x00", "a\x00b", "'", `"`, "' OR 1=1 --", ".", ".*", "^a", "a$", "(?i)", "[a-z]", "{1}", "$ne", "a.b", "*", "+", "?", "|", "\n",
	"😀", "👩‍👩‍👧", "İstanbul", "istanbul", "ISTANBUL", "ıspanak", "Straße", "STRASSE", "ẞ", "Σίσυφος", "ΣΊΣΥΦΟΣ", "Ünï", "üNÏ", "cafe\u0301", "café", "ÇA", "𐐀", "\uFFFF", "\U00010000",
	"z", "Z", "Za", "", " ", "  b", "Ａ", "Ꟊ", "ÿ\uFFFD", "</script>",
}

// somebody makes a video of random words, sizes and states, of which many are
// alike.
func somebody(t testing.TB, s models.Store, dice *rand.Rand, id, batch string) models.Video {
	t.Helper()
	word := func() string {
		w := hostile[dice.IntN(len(hostile))]
		if dice.IntN(3) == 0 {
			w += hostile[dice.IntN(len(hostile))]
		}
		return w
	}
	v, err := s.Create(within(t), acme, models.Video{
		ID: id, Title: word(), BatchID: batch, File: models.File{Key: "k", Name: word(), Size: dice.Int64N(4) * 1e12},
	})
	if err != nil {
		t.Fatalf("create: %v", err)
	}
	if dice.IntN(5) == 0 {
		return v
	}
	v = advance(t, s, v, models.Claim("w", 1), func(v *models.Video, _ time.Time) error {
		if dice.IntN(4) > 0 {
			v.Metadata = &models.Metadata{DurationSeconds: []float64{0, 0.1 + 0.2, 0.3, 12.345678901234567, 1e9}[dice.IntN(5)]}
		}
		return nil
	})
	return alter(t, s, dice, v)
}

// alter takes a video to some other state.
func alter(t testing.TB, s models.Store, dice *rand.Rand, v models.Video) models.Video {
	t.Helper()
	n := dice.IntN(9)
	return advance(t, s, v, func(v *models.Video, now time.Time) error {
		switch n {
		case 0:
			v.Status = models.StatusCancelled
		case 1:
			v.Status = models.StatusFailed
		case 2:
			v.Status = models.StatusDeleted
		case 3:
			v.Title = hostile[dice.IntN(len(hostile))]
		case 4:
			v.File.Size = dice.Int64N(3)
		default:
			v.Status = models.StatusCompleted
			v.Sensitivity = &models.Sensitivity{Verdict: models.Verdicts[dice.IntN(3)], MachineVerdict: models.VerdictFlagged}
			if v.Sensitivity.Verdict != models.VerdictFlagged {
				v.Sensitivity.Review = &models.Review{Decision: models.DecisionApprove, At: now}
			}
		}
		v.Lease = models.Lease{}
		return nil
	})
}

// every walks all pages, and calls between before each but the first.
func every(t testing.TB, s models.Store, page models.Page, between func()) []models.Video {
	t.Helper()
	var got []models.Video
	for n := 0; ; n++ {
		found, err := s.List(within(t), acme, page)
		if err != nil || n > 1000 {
			t.Fatalf("page %d of %+v: %v", n, page, err)
		}
		if len(found.Videos) > page.Size() || found.NextCursor != "" && len(found.Videos) != page.Size() {
			t.Fatalf("page %d of %+v has %d", n, page, len(found.Videos))
		}
		got = append(got, found.Videos...)
		if found.NextCursor == "" {
			return got
		}
		page.After = found.NextCursor
		if between != nil {
			between()
		}
	}
}

// listQueries compares what a store lists with the plain way, over random
// videos and random questions.
func listQueries(t *testing.T, s Stores) {
	store := s.fresh(t)
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	dice := rand.New(rand.NewPCG(seed, 0))
	var all []models.Video
	for n := range 90 {
		batch := []string{"", "", "b1"}[dice.IntN(3)]
		all = append(all, somebody(t, store, dice, fmt.Sprintf("%x-%d", dice.IntN(256), n), batch))
		if n%9 == 0 {
			create(t, store, globex)
		}
	}
	check := func(page models.Page) {
		t.Helper()
		want := Listed(all, page)
		if got := every(t, store, page, nil); !slices.Equal(ids(got), ids(want)) {
			t.Fatalf("%+v:\ngot  %v\nwant %v", page, ids(got), ids(want))
		}
	}
	for _, sort := range append(models.Sorts, "") {
		for _, limit := range []int{1, 3, 100} {
			check(models.Page{Sort: sort, Limit: limit})
		}
		check(models.Page{Sort: sort, Limit: 2, Batch: "b1"})
	}
	for _, word := range hostile {
		check(models.Page{Query: word, Limit: 100})
	}
	for range 120 {
		page := models.Page{Limit: 1 + dice.IntN(40), Sort: models.Sorts[dice.IntN(len(models.Sorts))]}
		if dice.IntN(2) == 0 {
			page.Query = hostile[dice.IntN(len(hostile))]
		}
		for range dice.IntN(3) {
			page.Status = append(page.Status, models.ListedStatuses[dice.IntN(len(models.ListedStatuses))])
		}
		for range dice.IntN(3) {
			page.Verdicts = append(page.Verdicts, models.Verdicts[dice.IntN(len(models.Verdicts))])
		}
		if dice.IntN(6) == 0 {
			page.Batch = "b1"
		}
		check(page)
		if i := dice.IntN(len(all)); all[i].Status != models.StatusDeleted {
			all[i] = alter(t, store, dice, all[i])
		}
		if counts, err := store.Count(within(t), acme); err != nil || !sameCounts(counts, Counted(all)) {
			t.Fatalf("counted %+v, %v, want %+v", counts, err, Counted(all))
		}
	}
}

func sameCounts(a, b models.Counts) bool {
	return a.Total == b.Total && maps.Equal(a.Status, b.Status) && maps.Equal(a.Verdict, b.Verdict)
}

// listGrowing lists while videos come, go and change place: what stays where it
// was is seen once, in each order and with any limit.
func listGrowing(t *testing.T, s Stores) {
	store := s.fresh(t)
	dice := rand.New(rand.NewPCG(1, 2))
	n := 0
	video := func(title string) models.Video {
		n++
		v, err := store.Create(within(t), acme, models.Video{ID: fmt.Sprintf("%03d", dice.IntN(1000)) + fmt.Sprint("-", n), Title: title, File: models.File{Size: dice.Int64N(3)}})
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	var still, moving []models.Video
	for i := range 12 {
		still = append(still, video("Same title "+strings.Repeat("x", i%3)))
		moving = append(moving, video("same TITLE "))
	}
	for _, sort := range models.Sorts {
		for _, limit := range []int{1, 2, 5, 7} {
			page := models.Page{Sort: sort, Limit: limit, Query: "SAME title"}
			got := every(t, store, page, func() {
				i := dice.IntN(len(moving))
				moving[i] = advance(t, store, moving[i], func(v *models.Video, _ time.Time) error {
					v.Title = "Same title " + strings.Repeat("y", dice.IntN(4))
					v.File.Size = dice.Int64N(3)
					return nil
				})
				if dice.IntN(8) == 0 {
					advance(t, store, moving[i], models.Delete())
					moving[i] = video("same title \U0001F600")
				}
			})
			got = slices.DeleteFunc(got, func(v models.Video) bool {
				return !slices.ContainsFunc(still, func(s models.Video) bool { return s.ID == v.ID })
			})
			if want := Listed(still, page); !slices.Equal(ids(got), ids(want)) {
				t.Fatalf("%s by %d:\ngot  %v\nwant %v", sort, limit, ids(got), ids(want))
			}
		}
	}
}

// listRefused asks for what there is not.
func listRefused(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	for range 3 {
		create(t, store, acme)
	}
	for _, bad := range []models.Page{
		{Sort: "name"}, {Sort: "title; DROP TABLE videos"}, {Sort: "--size"}, {Query: "\xff"}, {Query: strings.Repeat("a", models.MaxQueryRunes+1)},
	} {
		_, err := store.List(ctx, acme, bad)
		code(t, fmt.Sprintf("%+v", bad), err, models.CodeInvalid)
	}
	if page, err := store.List(ctx, acme, models.Page{Verdicts: []models.Verdict{"", "' OR 1=1 --"}}); err != nil || len(page.Videos) != 0 {
		t.Errorf("of no known verdict: %v, %v", ids(page.Videos), err)
	}
	queries := []models.Page{
		{}, {Query: "title"}, {Query: "Title of"}, {Status: []models.Status{models.StatusQueued}}, {Batch: "b"},
		{Verdicts: []models.Verdict{models.VerdictSafe}}, {Sort: models.SortOldest}, {Sort: models.SortTitle}, {Sort: models.SortSizeDown},
	}
	for i, one := range queries {
		one.Limit = 1
		first, err := store.List(ctx, acme, one)
		if err != nil {
			t.Fatal(err)
		}
		for j, other := range queries {
			if other.After = first.NextCursor; i != j && other.After != "" {
				_, err := store.List(ctx, acme, other)
				code(t, fmt.Sprintf("the cursor of %+v with %+v", one, other), err, models.CodeInvalid)
			}
		}
	}
}

// counts are of one organization, and move with its videos.
func counts(t *testing.T, s Stores) {
	store, ctx := s.fresh(t), within(t)
	want := models.NewCounts()
	check := func(what string) {
		t.Helper()
		if got, err := store.Count(ctx, acme); err != nil || !sameCounts(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", what, got, err, want)
		}
	}
	check("nothing")
	create(t, store, globex)
	v := create(t, store, acme)
	create(t, store, acme)
	want.Total, want.Status[models.StatusQueued] = 2, 2
	check("two wait")
	v = advance(t, store, v, models.Claim("w", 1))
	want.Status[models.StatusQueued], want.Status[models.StatusProcessing] = 1, 1
	check("one is worked on")
	for _, stage := range models.Stages {
		v = advance(t, store, v, models.FinishStage(v.Fence, stage, func(v *models.Video) {
			v.Sensitivity = &models.Sensitivity{Verdict: models.VerdictReview}
		}))
	}
	want.Status[models.StatusProcessing], want.Status[models.StatusCompleted], want.Verdict[models.VerdictReview] = 0, 1, 1
	check("one is to be looked at")
	v = advance(t, store, v, published, models.ReviewVideo(models.DecisionFlag, "", "ann"))
	want.Verdict[models.VerdictReview], want.Verdict[models.VerdictFlagged] = 0, 1
	check("one was looked at")
	v = advance(t, store, v, published, models.Delete())
	want.Total, want.Status[models.StatusCompleted], want.Verdict[models.VerdictFlagged] = 1, 0, 0
	check("one is deleted")
	if err := store.Purge(ctx, acme, v.ID); err != nil {
		t.Fatal(err)
	}
	check("one is gone")
	if got, err := store.Count(ctx, "'"); err != nil || got.Total != 0 {
		t.Errorf("an organization that is none: %+v, %v", got, err)
	}
}
