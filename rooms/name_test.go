package rooms_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"reelroom/models"
	"reelroom/rooms"
)

// ids draws identifiers made of what could spell another room's name.
func ids() *rapid.Generator[string] {
	piece := rapid.SampledFrom([]string{"a", "b", ":", "{", "}", "org:", ":video:", ":user:", "video", "user", "/", "..", "%", "%3A", "3A", "ä", "-", "_"})
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(piece, 1, 5).Draw(t, "pieces"), "")
	})
}

// TestRoomsAreInjective: two things never share a room.
func TestRoomsAreInjective(t *testing.T) {
	t.Parallel()
	type what struct{ kind, org, id string }
	things := rapid.Custom(func(t *rapid.T) what {
		w := what{rapid.SampledFrom([]string{"org", "video", "user"}).Draw(t, "kind"), ids().Draw(t, "org"), ""}
		if w.kind != "org" {
			w.id = ids().Draw(t, "id")
		}
		return w
	})
	room := func(w what) rooms.Room {
		switch w.kind {
		case "video":
			return rooms.Video(w.org, w.id)
		case "user":
			return rooms.User(w.org, w.id)
		}
		return rooms.Org(w.org)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := things.Draw(t, "a"), things.Draw(t, "b")
		if (room(a) == room(b)) != (a == b) {
			t.Fatalf("%+v is in %q, %+v in %q", a, room(a), b, room(b))
		}
	})
}

func FuzzRoomsAreInjective(f *testing.F) {
	f.Add("a", "b", "a:video:b", "")
	f.Add("a%3Avideo%3Ab", "x", "a:video:b", "x")
	f.Fuzz(func(t *testing.T, org1, id1, org2, id2 string) {
		same := org1 == org2 && id1 == id2
		if (rooms.Video(org1, id1) == rooms.Video(org2, id2)) != same || (rooms.User(org1, id1) == rooms.User(org2, id2)) != same {
			t.Fatalf("%q %q and %q %q", org1, id1, org2, id2)
		}
		if rooms.Video(org1, id1) == rooms.User(org2, id2) || rooms.Org(org1) == rooms.Video(org2, id2) || rooms.Org(org1) == rooms.User(org2, id2) {
			t.Fatalf("kinds mix: %q %q and %q %q", org1, id1, org2, id2)
		}
	})
}

func TestOf(t *testing.T) {
	t.Parallel()
	e := models.Event{OrganizationID: "o", VideoID: "v", UserID: "u"}
	for audience, want := range map[models.Audience]rooms.Room{
		models.ToOrganization: rooms.Org("o"), models.ToVideo: rooms.Video("o", "v"), models.ToUser: rooms.User("o", "u"), "": rooms.Org("o"),
	} {
		e.Audience = audience
		if got := rooms.Of(&e); got != want {
			t.Errorf("%q goes to %q, want %q", audience, got, want)
		}
	}
	if rooms.Org("acme") != "org:acme" || rooms.Video("acme", "v1") != "org:acme:video:v1" {
		t.Error("the names that the contract gives have changed")
	}
}
