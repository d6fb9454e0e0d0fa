package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"

	"reelroom/models"
	"reelroom/rooms"
)

func TestBatchCancelled(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	editor := token(t, "acme", models.RoleEditor)
	var s models.BatchState
	b.batch(editor, nil, clips(40)...).into(t, http.StatusAccepted, &s)
	working := make(chan struct{})
	go func() { defer close(working); b.work(context.WithoutCancel(t.Context()), 4) }()
	until(t, "some to end", func() bool { return b.status(editor, s.JobID).Succeeded >= 5 })
	a := b.do("POST", "/batch/"+s.JobID+"/cancel", editor, nil)
	a.into(t, http.StatusOK, &s)
	if s.Status != models.BatchCancelled || s.Processed != 40 || s.Cancelled == 0 || s.Succeeded+s.Cancelled != 40 || s.FinishedAt == nil || s.Cancelling {
		t.Errorf("cancelled: %s", a.body)
	}
	<-working
	again := b.do("POST", "/batch/"+s.JobID+"/cancel", editor, nil)
	if again.StatusCode != http.StatusOK || !bytes.Equal(again.body, a.body) {
		t.Errorf("once more: %s, was %s", again.body, a.body)
	}
	b.oneOutcome(s.JobID, 40)
	// One that is retried is worked on: the batch has ended.
	for _, d := range b.videos(s.JobID) {
		if d.Status == models.StatusCancelled {
			b.do("POST", "/api/videos/"+d.ID+"/retry", editor, nil).into(t, http.StatusAccepted, nil)
			break
		}
	}
	b.work(t.Context(), 1)
	if after := b.status(editor, s.JobID); after.Status != models.BatchCancelled || after.Succeeded != s.Succeeded+1 || after.Processed != 40 {
		t.Errorf("after a retry: %+v", after)
	}
}

// oneOutcome checks in the log that each video of a batch of acme ended once.
func (b *bench) oneOutcome(batch string, videos int) {
	b.t.Helper()
	ended := map[string]int{}
	for after := (rooms.Cursor{}); ; {
		events, err := b.library.Log.After(b.t.Context(), "acme", after, 500)
		if err != nil {
			b.t.Fatal(err)
		}
		for i := range events {
			after = rooms.CursorOf(&events[i])
			var p models.Base
			if err := json.Unmarshal(events[i].Payload, &p); err != nil || p.BatchID != batch {
				b.t.Fatalf("%s: %v", events[i].Payload, err)
			}
			if p.Status.Terminal() {
				ended[p.VideoID]++
			}
		}
		if len(events) == 0 {
			break
		}
	}
	for id, n := range ended {
		if n != 1 {
			b.t.Errorf("video %s ended %d times", id, n)
		}
	}
	if len(ended) != videos {
		b.t.Errorf("%d of %d ended", len(ended), videos)
	}
}

// A batch is cancelled while its request still brings files.
func TestBatchCancelledWhileItArrives(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	editor := token(t, "acme", models.RoleEditor)
	conn, body := b.sending(editor, "k", clips(10)...)
	half := bytes.Index(body, []byte("body 5"))
	if _, err := conn.Write(body[:half]); err != nil {
		t.Fatal(err)
	}
	until(t, "five files", func() bool { return b.count("acme") == 5 })
	id := *b.videos("")[0].BatchID
	var s models.BatchState
	b.do("POST", "/batch/"+id+"/cancel", editor, nil).into(t, http.StatusOK, &s)
	if s.Status != models.BatchProcessing || !s.Cancelling || !s.Receiving || s.Cancelled != 5 {
		t.Errorf("cancelled under way: %+v", s)
	}
	if _, err := conn.Write(body[half:]); err != nil {
		t.Fatal(err)
	}
	reply, err := io.ReadAll(io.LimitReader(conn, 12))
	if err != nil || string(reply) != "HTTP/1.1 202" {
		t.Fatalf("%q, %v", reply, err)
	}
	s = b.status(editor, id)
	if s.Status != models.BatchCancelled || s.Processed != s.Total || s.Total < 5 || s.Cancelled != s.Total || s.Cancelling {
		t.Errorf("in the end: %+v", s)
	}
}
