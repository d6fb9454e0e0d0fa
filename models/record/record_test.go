package record

import (
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

func TestStatuses(t *testing.T) {
	t.Parallel()
	if got := Statuses(models.Page{}); len(got) != 5 {
		t.Errorf("all: %v", got)
	}
	ask := []models.Status{models.StatusDeleted, models.StatusFailed, models.StatusFailed, "other"}
	if got := Statuses(models.Page{Status: ask}); len(got) != 1 || got[0] != models.StatusFailed {
		t.Errorf("%v: %v", ask, got)
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
