package rooms_test

import (
	"math"
	"strings"
	"testing"

	"reelroom/models"
	"reelroom/rooms"
)

func FuzzParseCursor(f *testing.F) {
	for _, s := range []string{"", "a.0", "abc123.18446744073709551615", "a.01", "a.-1", "a.+1", ".1", "A.1", "a.b.1", "a", "a.", "a.18446744073709551616"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := rooms.ParseCursor(s)
		if err != nil {
			if models.CodeOf(err) != models.CodeInvalid {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if c.String() != s {
			t.Fatalf("%q reads as %+v, which is written %q", s, c, c.String())
		}
	})
}

func TestCursor(t *testing.T) {
	t.Parallel()
	for _, c := range []rooms.Cursor{{}, {Epoch: "a"}, {Epoch: "0z9", Seq: 7}, {Epoch: "abcdefghijkl", Seq: math.MaxUint64}} {
		if got, err := rooms.ParseCursor(c.String()); err != nil || got != c {
			t.Errorf("%+v comes back as %+v, %v", c, got, err)
		}
	}
	for _, s := range []string{".", "a", "a.", ".1", "a.01", "A.1", "a b.1", "a.1 ", "a.1.2", "a.-1", "a.18446744073709551616", strings.Repeat("a", 64) + ".1"} {
		if c, err := rooms.ParseCursor(s); models.CodeOf(err) != models.CodeInvalid {
			t.Errorf("%q reads as %+v, %v", s, c, err)
		}
	}
	if c := rooms.CursorOf(&models.Event{Epoch: "e", Seq: 3}); c.String() != "e.3" {
		t.Errorf("%v", c)
	}
}
