package stream

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
	"reelroom/rooms"
)

// read reads until the place is reached, and returns what was heard.
func read(t *testing.T, st *Stream, to rooms.Cursor) (seqs []uint64) {
	t.Helper()
	for {
		part, err := st.Next(t.Context())
		if err != nil || part.Reset != "" {
			t.Fatal(part, err)
		}
		for _, e := range part.Events {
			seqs = append(seqs, e.Seq)
		}
		if part.Cursor == to {
			return seqs
		}
	}
}

// A reset that is due is before the reader's place: who comes again from there is
// told of it, however the stream ended in between.
func TestResetIsNotPassed(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := New(Config{Hub: f, Events: f})
	f.add(models.EventQueued, "v1", models.ToOrganization)
	f.tell(1)
	st := open(t, s, Query{})
	before := f.cursor(1)
	for range 2 { // the second one while the first is due
		f.lose()
		if at := st.Reached(); at != before {
			t.Errorf("reached %v, and the reset after %v was told to nobody", at, before)
		}
	}
	if part, err := st.Next(t.Context()); err != nil || part.Reset != ResetLost || part.Cursor != f.cursor(0) || st.Reached() != part.Cursor {
		t.Error(part, err, st.Reached())
	}
}

// Of large events a reader holds few at once, and the log is not read again and
// again for them.
func TestLargeEventsComeInSmallParts(t *testing.T) {
	t.Parallel()
	f := newFake()
	const most, size = 300, 64 << 10
	for n := range most {
		f.add(models.EventUpdated, "v1", models.ToOrganization)
		if n%100 > 0 { // and a few small ones
			f.events[n].Payload = bytes.Repeat([]byte("x"), size)
		}
	}
	f.tell(most)
	st := open(t, New(Config{Hub: f, Events: f}), Query{After: rooms.Cursor{Epoch: "e1"}, Resume: true})
	for next := uint64(1); next <= most; {
		part, err := st.Next(t.Context())
		if err != nil || part.Reset != "" || len(part.Events) == 0 {
			t.Fatal(part, err)
		}
		held := 0
		for _, e := range part.Events {
			if held += len(e.Payload); e.Seq != next {
				t.Fatalf("%d instead of %d", e.Seq, next)
			}
			next++
		}
		if held > 256<<10 {
			t.Errorf("%d bytes are held at once", held)
		}
	}
	if f.bytes > 4*most*size {
		t.Errorf("%d bytes were read for %d", f.bytes, most*size)
	}
}

// Whatever is told late, read slowly, or missed before: each event that may be
// heard comes once, in order.
func TestEveryEventOnceInOrder(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) { once(t, rand.New(rand.NewPCG(seed, 1))) })
	}
}

func once(t *testing.T, rnd *rand.Rand) {
	f := newFake()
	s := New(Config{Hub: f, Events: f})
	const most = 1500 // beyond the queue's bound
	kinds := []models.Audience{models.ToOrganization, models.ToVideo, models.ToUser}
	add := func(n int) {
		for range n {
			f.add(models.EventProgress, []string{"u1", "v1", "v2"}[rnd.IntN(3)], kinds[rnd.IntN(3)])
		}
	}
	add(rnd.IntN(most))
	f.tell(rnd.IntN(most))
	only := rnd.IntN(2) == 0
	q := Query{Videos: []string{"v1"}, Only: only, Resume: rnd.IntN(4) > 0}
	from := f.told
	if q.Resume && len(f.events) > 0 {
		from = rnd.IntN(len(f.events) + 1) // also ahead of what was told
		q.After = f.cursor(from)
	}
	if q.After == (rooms.Cursor{}) {
		q.Resume = false
		from = f.told
	}
	st, err := s.Open(httptest.NewRequest(http.MethodGet, "/", nil), member(), q)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	var got []uint64
	reached := q.After
	take := func() {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		for range rnd.IntN(4) {
			part, err := st.Next(ctx)
			if errors.Is(err, context.DeadlineExceeded) {
				return
			}
			if err != nil || part.Reset != "" {
				t.Fatal(part, err)
			}
			reached = part.Cursor
			for _, e := range part.Events {
				got = append(got, e.Seq)
			}
		}
	}
	for range 20 {
		add(rnd.IntN(100))
		f.tell(rnd.IntN(200))
		take()
	}
	f.tell(1 << 30)
	for end := f.cursor(len(f.events)); reached != end; {
		part, err := st.Next(t.Context())
		if err != nil || part.Reset != "" {
			t.Fatal(part, err)
		}
		reached = part.Cursor
		for _, e := range part.Events {
			got = append(got, e.Seq)
		}
	}
	var want []uint64
	for _, e := range f.events[from:] {
		heard := e.Audience == models.ToOrganization || e.Audience == models.ToVideo && e.VideoID == "v1" || e.Audience == models.ToUser && e.UserID == "u1"
		if heard && (!only || e.VideoID == "v1") {
			want = append(want, e.Seq)
		}
	}
	if !slices.Equal(got, want) {
		t.Fatalf("heard %v, want %v", got, want)
	}
}

// A reader that takes nothing costs no more than the bound, and has missed
// nothing when it comes back.
func TestSlowReaderIsBounded(t *testing.T) {
	t.Parallel()
	f := newFake()
	st := open(t, New(Config{Hub: f, Events: f}), Query{})
	for range 20_000 {
		f.add(models.EventProgress, "v1", models.ToOrganization)
		f.tell(1)
		if st.mu.Lock(); st.size > maxQueue {
			t.Fatal(st.size)
		}
		st.mu.Unlock()
	}
	if got := read(t, st, f.cursor(20_000)); len(got) != 20_000 {
		t.Fatal(len(got))
	}
	f.add(models.EventProgress, "v1", models.ToOrganization)
	f.tell(1)
	before := f.reads
	if got := read(t, st, f.cursor(20_001)); len(got) != 1 || f.reads != before {
		t.Errorf("%v, read from the log %d times though it comes live", got, f.reads-before)
	}
}

func TestResets(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := New(Config{Hub: f, Events: f})
	for range 10 {
		f.add(models.EventProgress, "v1", models.ToOrganization)
	}
	f.tell(10)
	f.gone = 5
	next := func(st *Stream) Part {
		part, err := st.Next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return part
	}
	if part := next(open(t, s, Query{After: f.cursor(3), Resume: true})); part.Reset != ResetExpired || part.Cursor != f.cursor(10) {
		t.Errorf("a place that is gone: %+v", part)
	}
	if part := next(open(t, s, Query{After: rooms.Cursor{Epoch: "old", Seq: 7}, Resume: true})); part.Reset != ResetExpired || part.Cursor != f.cursor(10) {
		t.Errorf("a place of another epoch: %+v", part)
	}
	if part := next(open(t, s, Query{Resume: true})); len(part.Events) != 5 {
		t.Errorf("from the oldest: %+v", part)
	}
	st := open(t, s, Query{})
	f.lose()
	f.add(models.EventProgress, "v1", models.ToOrganization)
	f.tell(1)
	if part := next(st); part.Reset != ResetLost || part.Cursor != f.cursor(0) || part.Events != nil {
		t.Errorf("the log was lost: %+v", part)
	}
	if part := next(st); len(part.Events) != 1 || part.Cursor != f.cursor(1) {
		t.Errorf("after that: %+v", part)
	}
}

func TestEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		revoked := false
		s := New(Config{Hub: f, Events: f, Revoked: func(models.Identity) bool { return revoked }})
		ends := func(st *Stream, want models.Code) {
			t.Helper()
			if _, err := st.Next(t.Context()); models.CodeOf(err) != want {
				t.Errorf("ended with %v, want %s", err, want)
			}
		}
		expires, dismissed, drained := open(t, s, Query{}), open(t, s, Query{Videos: []string{"v1"}}), open(t, s, Query{})
		if got := s.Watched(); !slices.Equal(got, []string{"acme"}) {
			t.Errorf("watched: %v", got)
		}
		other := models.Revocation{OrganizationID: "acme", Kind: models.RevokeUser, Subject: "u2", At: time.Now().Add(time.Minute)}
		if n := s.Revoke(other); n != 0 {
			t.Errorf("%d ended with another's token", n)
		}
		other.Subject = "u1"
		dismissed.who.UserID, expires.who.UserID, drained.who.UserID = "u1", "u3", "u3"
		if n := s.Revoke(other); n != 1 {
			t.Errorf("%d ended", n)
		}
		ends(dismissed, models.CodeTokenRevoked)
		drained.expiry.Stop()
		began := time.Now()
		ends(expires, models.CodeTokenExpired)
		if took := time.Since(began); took != time.Hour {
			t.Errorf("ended after %v", took)
		}
		s.Drain(t.Context())
		ends(drained, models.CodeUnavailable)
		if _, err := s.Open(httptest.NewRequest(http.MethodGet, "/", nil), member(), Query{}); models.CodeOf(err) != models.CodeUnavailable {
			t.Errorf("a draining server: %v", err)
		}
		for _, st := range []*Stream{expires, dismissed, drained} {
			st.Close()
		}
		if len(s.all()) != 0 || len(f.subs) != 0 {
			t.Errorf("left: %d streams, %d subscriptions", len(s.all()), len(f.subs))
		}
		revoked = true
		fresh := New(Config{Hub: f, Events: f, Revoked: func(models.Identity) bool { return revoked }})
		if _, err := fresh.Open(httptest.NewRequest(http.MethodGet, "/", nil), member(), Query{}); models.CodeOf(err) != models.CodeTokenRevoked {
			t.Errorf("a revoked token: %v", err)
		}
		if len(fresh.all()) != 0 || len(f.subs) != 0 {
			t.Error("what was refused is still there")
		}
	})
}
