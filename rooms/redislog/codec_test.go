package redislog

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"reelroom/models"
)

func FuzzDecode(f *testing.F) {
	for _, e := range []models.Event{
		{Name: models.EventProgress, VideoID: "v", Attempt: 1, Rev: 3, Audience: models.ToVideo, Payload: json.RawMessage(`{"a":1}`)},
		{Name: models.EventNotification, UserID: "u", ID: "i", Audience: models.ToUser, Transition: true, Payload: json.RawMessage(`{}`)},
	} {
		raw, err := encode(&e)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw)
	}
	f.Add([]byte{})
	f.Add([]byte{codecVersion, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := decode(raw, "acme", "epoch", 7)
		if err != nil {
			return
		}
		if e.OrganizationID != "acme" || e.Seq != 7 || !json.Valid(e.Payload) {
			t.Fatalf("decoded %+v", e)
		}
		again, err := encode(&e)
		if err != nil {
			t.Fatal(err)
		}
		twice, err := decode(again, "acme", "epoch", 7)
		if err != nil {
			t.Fatal(err)
		}
		e.Payload = models.WithSeq(e.Payload, 7)
		if !reflect.DeepEqual(e, twice) {
			t.Fatalf("%+v became %+v", e, twice)
		}
	})
}

func FuzzParseMessage(f *testing.F) {
	f.Add("abc.12\n\x01\x00")
	f.Add("\n.")
	f.Fuzz(func(t *testing.T, payload string) {
		m, ok := parseMessage(payload)
		if ok && !bytes.HasSuffix([]byte(payload), m.event) {
			t.Fatalf("%q became %+v", payload, m)
		}
	})
}

func TestEncodeBounds(t *testing.T) {
	t.Parallel()
	e := models.Event{Payload: json.RawMessage(`{"x":"` + string(bytes.Repeat([]byte{'x'}, MaxEventBytes)) + `"}`)}
	if _, err := encode(&e); models.CodeOf(err) != models.CodeTooLarge {
		t.Fatal(err)
	}
}

// TestKeysAreInjective: no two organizations share a key, and no two things of
// one do; all keys of one share the hash tag.
func TestKeysAreInjective(t *testing.T) {
	t.Parallel()
	l := New(nil, Options{})
	piece := rapid.SampledFrom([]string{"a", "b", ":", "{", "}", "}:", ":{", "video:", "id:", "log", "head", "%", "%3A", "ä", "\x00"})
	id := rapid.Custom(func(t *rapid.T) string {
		var s string
		for _, p := range rapid.SliceOfN(piece, 1, 6).Draw(t, "pieces") {
			s += p
		}
		return s
	})
	type what struct{ org, kind, id string }
	name := func(w what) string {
		k := l.keys(w.org)
		switch w.kind {
		case "head":
			return k.head()
		case "log":
			return k.stream()
		case "events":
			return k.channel()
		case "id":
			return k.id(w.id)
		default:
			return k.video(w.id)
		}
	}
	any := rapid.Custom(func(t *rapid.T) what {
		w := what{org: id.Draw(t, "org"), kind: rapid.SampledFrom([]string{"head", "log", "events", "id", "video"}).Draw(t, "kind")}
		if w.kind == "id" || w.kind == "video" {
			w.id = id.Draw(t, "id")
		}
		return w
	})
	tag := func(key string) string {
		_, rest, _ := bytes.Cut([]byte(key), []byte{'{'})
		tag, _, _ := bytes.Cut(rest, []byte{'}'})
		return string(tag)
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := any.Draw(t, "a"), any.Draw(t, "b")
		if (name(a) == name(b)) != (a == b) {
			t.Fatalf("%+v is %q, %+v is %q", a, name(a), b, name(b))
		}
		if (tag(name(a)) == tag(name(b))) != (a.org == b.org) || tag(name(a)) == "" {
			t.Fatalf("tags of %q and %q", name(a), name(b))
		}
	})
}
