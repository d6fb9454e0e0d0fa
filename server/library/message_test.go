package library

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"reelroom/models"
	"reelroom/rooms"
)

// lastMessage returns the last event of the log and its payload.
func (f *fake) lastMessage(t *testing.T) (models.Event, map[string]any) {
	t.Helper()
	e := f.events[len(f.events)-1]
	var p map[string]any
	if err := json.Unmarshal(e.Payload, &p); err != nil {
		t.Fatal(err)
	}
	return e, p
}

func TestChat(t *testing.T) {
	t.Parallel()
	f := newFake()
	l := f.library()
	ctx := t.Context()
	said, err := l.Say(ctx, viewer, Chat{Text: " <b>hi</b>\r\n\tthere\u0007\u202e \n\n", ID: "m1"})
	if err != nil || said.ID != "m1" || said.Cursor != "e.1" || said.Repeated {
		t.Fatal(said, err)
	}
	e, p := f.lastMessage(t)
	if e.Name != models.EventChat || e.Audience != models.ToOrganization || e.VideoID != "" || e.UserID != "" || e.Transition ||
		p["text"] != "<b>hi</b>\n there" || p["userId"] != "vic" || p["organizationId"] != "acme" || p["id"] != "m1" || p["ts"] == nil {
		t.Errorf("%+v %v", e, p)
	}
	if strings.Contains(string(e.Payload), "<b>") {
		t.Error("a page that puts the payload into HTML would read it as such")
	}
	if again, err := l.Say(ctx, viewer, Chat{Text: "other", ID: "m1"}); err != nil || !again.Repeated || again.Cursor != "e.1" {
		t.Error("the same id again:", again, err)
	}
	// Another member's id is another's, in the same organization or not.
	for _, who := range []models.Identity{editor, service, {UserID: "vic", OrganizationID: "evil", Role: models.RoleViewer}} {
		if other, err := l.Say(ctx, who, Chat{Text: "hi", ID: "m1"}); err != nil || other.Repeated {
			t.Error(who, other, err)
		}
	}
	// An outside worker's id cannot spell a message's.
	d := put(t, l)
	if r, err := l.Publish(ctx, service, Publication{Event: models.EventUpdated, VideoID: d.ID, ID: "chat"}); err != nil || r.Repeated {
		t.Error(r, err)
	}
	one, _ := l.Say(ctx, viewer, Chat{Text: "x"})
	two, _ := l.Say(ctx, viewer, Chat{Text: "x"})
	if one.ID == "" || one.ID == two.ID || two.Repeated {
		t.Error(one, two)
	}
	for name, c := range map[string]Chat{
		"empty": {}, "blank": {Text: " \n\t\u0000"}, "long": {Text: strings.Repeat("é", MaxMessageRunes+1)}, "no UTF-8": {Text: "\xff"}, "bad id": {Text: "x", ID: "a b"},
	} {
		if _, err := l.Say(ctx, viewer, c); models.CodeOf(err) != models.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := l.Say(ctx, viewer, Chat{Text: strings.Repeat("😀", MaxMessageRunes)}); err != nil {
		t.Error(err)
	}
	if _, err := l.Say(ctx, models.Identity{UserID: "x", OrganizationID: "acme", Role: "guest"}, Chat{Text: "x"}); models.CodeOf(err) != models.CodeForbidden {
		t.Error(err)
	}
	f.down["log"] = errors.New("away")
	if _, err := l.Say(ctx, viewer, Chat{Text: "x"}); models.CodeOf(err) != models.CodeUnavailable {
		t.Error(err)
	}
	if p := l.Published(); p.Taken[models.EventChat] != 7 || p.Repeated != 1 || p.Taken[models.EventUpdated] != 1 || p.Declined != 1 {
		t.Errorf("%+v", p)
	}
}

func TestNotificationIsForOne(t *testing.T) {
	t.Parallel()
	f := newFake()
	l := f.library()
	ctx := t.Context()
	for _, who := range []models.Identity{viewer, editor} {
		if _, err := l.Notify(ctx, who, Notification{UserID: "vic", Message: "x"}); models.CodeOf(err) != models.CodeForbidden {
			t.Errorf("%s: %v", who.Role, err)
		}
	}
	said, err := l.Notify(ctx, service, Notification{UserID: "vic", Message: "Your file is there.", Level: models.LevelWarning, ID: "n"})
	if err != nil || said.ID != "n" || said.Cursor != "e.1" {
		t.Fatal(said, err)
	}
	e, p := f.lastMessage(t)
	if e.Name != models.EventNotification || e.Audience != models.ToUser || e.UserID != "vic" || e.OrganizationID != "acme" ||
		p["message"] != "Your file is there." || p["level"] != "warning" || p["from"] != "bot" || p["expiresAt"] != nil {
		t.Errorf("%+v %v", e, p)
	}
	for who, hears := range map[*models.Identity]bool{
		&viewer: true, &editor: false, &admin: false, &service: false, &foreign: false, {UserID: "vic", OrganizationID: "evil", Role: models.RoleViewer}: false,
	} {
		if rooms.Hears(*who, &e, "") != hears {
			t.Errorf("%+v hears it: %v", who, !hears)
		}
	}
	if again, err := l.Notify(ctx, admin, Notification{UserID: "vic", Message: "x", ID: "n"}); err != nil || !again.Repeated || again.Cursor != "e.1" {
		t.Error(again, err)
	}
	for name, n := range map[string]Notification{
		"nobody": {Message: "x"}, "no id": {UserID: "a b", Message: "x"}, "no message": {UserID: "vic"}, "level": {UserID: "vic", Message: "x", Level: "loud"},
	} {
		if _, err := l.Notify(ctx, admin, n); models.CodeOf(err) != models.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnnouncements(t *testing.T) {
	t.Parallel()
	f := newFake()
	l := f.library()
	ctx := t.Context()
	for _, who := range []models.Identity{viewer, editor, service} {
		if _, err := l.Announce(ctx, who, Announcement{Message: "x"}); models.CodeOf(err) != models.CodeForbidden {
			t.Errorf("%s: %v", who.Role, err)
		}
	}
	end := time.Now().Add(time.Hour)
	if _, err := l.Announce(ctx, admin, Announcement{Message: "Down at noon", ExpiresAt: &end, ID: "a"}); err != nil {
		t.Fatal(err)
	}
	e, p := f.lastMessage(t)
	if e.Name != models.EventAnnouncement || e.Audience != models.ToOrganization || e.OrganizationID != "acme" ||
		p["message"] != "Down at noon" || p["level"] != "info" || p["from"] != "amy" || p["expiresAt"] != end.UTC().Format(time.RFC3339Nano) {
		t.Errorf("%+v %v", e, p)
	}
	late, far := time.Now().Add(-time.Second), time.Now().Add(2*maxAnnounced)
	for name, a := range map[string]Announcement{"over": {Message: "x", ExpiresAt: &late}, "far": {Message: "x", ExpiresAt: &far}, "empty": {}} {
		if _, err := l.Announce(ctx, admin, a); models.CodeOf(err) != models.CodeInvalid {
			t.Errorf("%s: %v", name, err)
		}
	}

	if _, err := l.AnnounceEverywhere(ctx, "", Announcement{Message: "x"}); models.CodeOf(err) != models.CodeUnsupported {
		t.Error("where nobody knows who listens:", err)
	}
	l.Listening = func(context.Context) ([]string, error) { return []string{"acme", "b", "c"}, nil }
	for range 2 { // repeated, it reaches nobody twice
		done, err := l.AnnounceEverywhere(ctx, "", Announcement{Message: "To all", Level: models.LevelCritical, ID: "a"})
		if err != nil || done != (Announced{"a", 3}) {
			t.Fatal(done, err)
		}
	}
	var told []string
	for _, e := range f.events[1:] {
		var m models.Message
		if json.Unmarshal(e.Payload, &m) != nil || m.OrganizationID != e.OrganizationID || m.From != "" || m.Message != "To all" {
			t.Errorf("%+v", m)
		}
		told = append(told, e.OrganizationID)
	}
	if slices.Sort(told); !slices.Equal(told, []string{"acme", "b", "c"}) {
		t.Error("told:", told)
	}
	if done, err := l.AnnounceEverywhere(ctx, "quiet", Announcement{Message: "x"}); err != nil || done.Organizations != 1 {
		t.Error(done, err)
	}
	if _, err := l.AnnounceEverywhere(ctx, "a b", Announcement{Message: "x"}); models.CodeOf(err) != models.CodeInvalid {
		t.Error(err)
	}
	l.Listening = func(context.Context) ([]string, error) { return make([]string, maxOrganizations+1), nil }
	if _, err := l.AnnounceEverywhere(ctx, "", Announcement{Message: "x"}); models.CodeOf(err) != models.CodeUnsupported {
		t.Error(err)
	}
}

// Whatever is said: refused, or plain lines that stay as they are.
func FuzzMessageText(f *testing.F) {
	for _, s := range []string{"a", " a \r\n b\u2028c\u202e", "\xff", "\x00", strings.Repeat("\u00e9", MaxMessageRunes), "\n\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		text, err := messageText("text", s)
		if err != nil {
			return
		}
		again, err := messageText("text", text)
		if err != nil || again != text || text == "" || utf8.RuneCountInString(text) > MaxMessageRunes || !utf8.ValidString(text) {
			t.Errorf("%q became %q, then %q, %v", s, text, again, err)
		}
		if strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }) {
			t.Errorf("%q holds what steers", text)
		}
	})
}
