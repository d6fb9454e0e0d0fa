package record

import (
	"math"
	"strings"
	"testing"
	"time"

	"reelroom/models"
)

func TestCursorsComeBack(t *testing.T) {
	t.Parallel()
	for _, c := range []Cursor{
		{time.UnixMilli(0).UTC(), "a"}, {time.UnixMilli(-1).UTC(), "a.b"}, {time.UnixMilli(1 << 52).UTC(), strings.Repeat("é", models.MaxIDBytes/2)},
	} {
		if got, err := ParseCursor(c.String()); err != nil || got != c {
			t.Errorf("%v came back as %v, %v", c, got, err)
		}
	}
}

// Whatever a client sends: an error with a code, or what String writes.
func FuzzParseCursor(f *testing.F) {
	for _, s := range []string{"", "x", Cursor{time.UnixMilli(7).UTC(), "a"}.String(), "MDcuYQ", "Ny5h=", "Ny5h\n", strings.Repeat("A", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCursor(s)
		if err != nil {
			if models.CodeOf(err) != models.CodeInvalid || c != (Cursor{}) {
				t.Errorf("%q: %v, %v", s, c, err)
			}
			return
		}
		if c.String() != s || !models.ValidID(c.ID) {
			t.Errorf("%q was read as %v", s, c)
		}
	})
}

// Whatever a client sends: an error with a code, or what String writes for this
// very query.
func FuzzPlaces(f *testing.F) {
	asked := Selection{Field: "title"}
	sum := asked.sum()
	for _, p := range []Place{{Number: 7, ID: "a"}, {Text: "é\x00", ID: "a.b"}, {Number: -1.5, Text: strings.Repeat("😀", 200), ID: strings.Repeat("é", models.MaxIDBytes/2)}} {
		s := p.String(sum)
		if got, err := parsePlace(s, sum); err != nil || got != p {
			f.Errorf("%v came back as %v, %v", p, got, err)
		}
		if _, err := parsePlace(s, (&Selection{Field: "size"}).sum()); models.CodeOf(err) != models.CodeInvalid {
			f.Errorf("another query took %v: %v", p, err)
		}
		f.Add(s)
	}
	for _, s := range []string{"", "x", Place{ID: ""}.String(sum), Place{Number: math.NaN(), ID: "a"}.String(sum), Place{Text: "\xff", ID: "a"}.String(sum)} {
		if _, err := parsePlace(s, sum); models.CodeOf(err) != models.CodeInvalid {
			f.Errorf("%q: %v", s, err)
		}
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := parsePlace(s, sum)
		if err != nil {
			if models.CodeOf(err) != models.CodeInvalid || p != (Place{}) {
				t.Errorf("%q: %v, %v", s, p, err)
			}
			return
		}
		if p.String(sum) != s || !models.ValidID(p.ID) {
			t.Errorf("%q was read as %v", s, p)
		}
	})
}

// What asks for the same is one query; what asks for something else is another.
func TestSelections(t *testing.T) {
	t.Parallel()
	same := [][]models.Page{
		{{}, {Sort: models.SortNewest}, {Limit: 7}, {Status: models.ListedStatuses}, {Status: append([]models.Status{models.StatusDeleted}, models.ListedStatuses...)}},
		{{Query: "Ä b"}, {Query: "ä B"}},
		{{Status: []models.Status{models.StatusFailed, models.StatusQueued}}, {Status: []models.Status{models.StatusQueued, models.StatusFailed, models.StatusFailed, "other"}}},
		{{Sort: models.SortTitle}}, {{Sort: models.SortTitleDown}}, {{Batch: "b"}}, {{Query: "b"}},
		{{Verdicts: []models.Verdict{models.VerdictReview}}}, {{Verdicts: models.Verdicts}},
		{{Status: []models.Status{"other"}}, {Status: []models.Status{models.StatusDeleted}}},
	}
	seen := map[[8]byte]int{}
	for i, pages := range same {
		for j, page := range pages {
			s, err := Select(page)
			if err != nil {
				t.Fatalf("%+v: %v", page, err)
			}
			if first, ok := seen[s.sum()]; ok && first != i {
				t.Errorf("%+v is the query of %d", page, first)
			} else if !ok && j > 0 {
				t.Errorf("%+v is another query than what is alike", page)
			}
			seen[s.sum()] = i
		}
	}
	for _, bad := range []models.Page{{Sort: "name"}, {Sort: "--size"}, {Sort: "+size"}, {Sort: "-"}, {Query: "\xff"}, {Query: strings.Repeat("é", models.MaxQueryRunes+1)}} {
		if _, err := Select(bad); models.CodeOf(err) != models.CodeInvalid {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := Select(models.Page{Query: strings.Repeat("😀", models.MaxQueryRunes)}); err != nil {
		t.Error(err)
	}
}

// Unsettled leaves out nothing that a store must be able to return.
func TestUnsettled(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		v    models.Video
		want bool
	}{
		{models.Video{Status: models.StatusQueued}, true}, {models.Video{Status: models.StatusProcessing}, true},
		{models.Video{Status: models.StatusDeleted}, true}, {models.Video{Status: models.StatusCompleted}, false},
		{models.Video{Status: models.StatusFailed, Rev: 2, PublishedRev: 1}, true},
	} {
		if Unsettled(&test.v) != test.want {
			t.Errorf("%+v: %v", test.v, !test.want)
		}
	}
}
