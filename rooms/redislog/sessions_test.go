package redislog

import (
	"context"
	"reflect"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

func TestSessions(t *testing.T) {
	t.Parallel()
	s, clock := mini(t)
	l := New(newClient(t, s.addr), Options{Retention: time.Minute})
	ctx := context.Background()
	want := rooms.Session{
		PID: "secret-name", SID: "public", UserID: "u1", TokenID: "t1", IssuedAt: time.Unix(1777777777, 0), Videos: []string{"v1", "v:2"},
		Start: rooms.Cursor{Epoch: "e", Seq: 7},
	}
	if _, err := l.Load(ctx, "a", want.PID); models.CodeOf(err) != models.CodeNotFound {
		t.Fatalf("absent: %v", err)
	}
	if err := l.Save(ctx, "a", want, rooms.Session{PID: "other", SID: "x", UserID: "u2"}); err != nil {
		t.Fatal(err)
	}
	if got, err := l.Load(ctx, "a", want.PID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := l.Load(ctx, "b", want.PID); models.CodeOf(err) != models.CodeNotFound {
		t.Errorf("of another organization: %v", err)
	}
	for _, key := range l.client.Keys(ctx, "*").Val() {
		if strings.Contains(key, want.PID) {
			t.Errorf("the secret stands in the key %s", key)
		}
	}
	// Saving again keeps it longer than events are kept.
	clock.FastForward(sessionSlack)
	want.Videos = nil
	if err := l.Save(ctx, "a", want); err != nil {
		t.Fatal(err)
	}
	clock.FastForward(time.Minute + sessionSlack - time.Second)
	if got, err := l.Load(ctx, "a", want.PID); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := l.Load(ctx, "a", "other"); models.CodeOf(err) != models.CodeNotFound {
		t.Errorf("after its time: %v", err)
	}
	// Keeping changes nothing that is there, and saves what is not.
	older := want
	older.Videos, older.UserID = []string{"v9"}, "u9"
	other := rooms.Session{PID: "other", SID: "x", UserID: "u2"}
	if err := l.Keep(ctx, "a", older, other); err != nil {
		t.Fatal(err)
	}
	clock.FastForward(time.Minute + sessionSlack - time.Second)
	for _, each := range []rooms.Session{want, other} {
		if got, err := l.Load(ctx, "a", each.PID); err != nil || !reflect.DeepEqual(got, each) {
			t.Errorf("kept: %+v, %v", got, err)
		}
	}
	if err := l.Forget(ctx, "a", want.PID); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Load(ctx, "a", want.PID); models.CodeOf(err) != models.CodeNotFound {
		t.Errorf("forgotten: %v", err)
	}
	for _, org := range []string{"", "a\nb"} {
		if _, err := l.Load(ctx, org, want.PID); models.CodeOf(err) != models.CodeNotFound {
			t.Errorf("%q: %v", org, err)
		}
		if err := l.Save(ctx, org, want); models.CodeOf(err) != models.CodeInvalid {
			t.Errorf("%q: %v", org, err)
		}
	}
}
