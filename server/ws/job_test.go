package ws

import (
	"encoding/json"
	"errors"
	"testing"

	"github.com/coder/websocket"

	"reelroom/models"
	"reelroom/server/limits"
)

func asClose(err error, e *websocket.CloseError) bool { return errors.As(err, e) }

const mine = "&token=acme/ann"

// A client of the old system sees a job from its state to its end.
func TestJobFromStateToEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t, false, limits.Settings{})
	b.queued("v1")
	c := b.connect("?jobId=v1" + mine)
	first := c.take()
	if first.Type != "state" || first.JobID != "v1" || first.Status != models.StatusQueued || first.Cursor != "e1.1" || first.Seq != 0 || first.Event != EventState {
		t.Errorf("%+v", first)
	}
	b.queued("v2")
	b.progress("v1", 10)
	m := c.take()
	if m.Type != "progress" || m.JobID != "v1" || m.Pct != 10 || m.Stage != "metadata" || m.Message != "at 10" || m.Cursor != "e1.3" || m.Seq != 3 || m.Event != "video:progress" || m.Attempt != 1 {
		t.Errorf("%+v", m)
	}
	b.set("v1", models.StatusProcessing, models.EventUpdated, map[string]any{"video": map[string]any{"title": "new"}})
	if m := c.take(); m.Type != "updated" || string(m.Video) != `{"title":"new"}` {
		t.Errorf("%+v", m)
	}
	b.set("v1", models.StatusCompleted, models.EventProcessed, map[string]any{"metadata": map[string]any{"width": 640}, "thumbnail": "http://x/t"})
	end := c.take()
	var result struct {
		Metadata  struct{ Width int }
		Thumbnail string
		VideoID   string
	}
	if err := json.Unmarshal(end.Result, &result); err != nil || end.Type != "completed" || result.Metadata.Width != 640 || result.Thumbnail != "http://x/t" || result.VideoID != "v1" || end.Cursor != "e1.5" {
		t.Errorf("%+v %s %v", end, end.Result, err)
	}
	c.closed(1000, "Job complete")

	c = b.connect("?jobId=v1" + mine) // it has ended already
	c.expect("state e1.5 0", "completed e1.5 0")
	c.closed(1000, "Job complete")
}

// Ends that old clients do not know are told as failures.
func TestOtherEnds(t *testing.T) {
	t.Parallel()
	for _, e := range []struct {
		status models.Status
		name   models.EventName
		code   models.Code
	}{
		{models.StatusFailed, models.EventFailed, models.CodeCorrupt},
		{models.StatusCancelled, models.EventCancelled, models.CodeCancelled},
		{models.StatusDeleted, models.EventDeleted, models.CodeDeleted},
	} {
		b := newBench(t, false, limits.Settings{})
		b.queued("v1")
		c := b.connect("?jobId=v1" + mine)
		c.expect("state e1.1 0")
		b.set("v1", e.status, e.name, map[string]any{"error": "It broke.", "code": e.code, "stage": "metadata"})
		m := c.take()
		if m.Type != "failed" || m.Code != e.code || m.Error == "" || m.Status != e.status || m.Cursor != "e1.2" {
			t.Errorf("%+v", m)
		}
		c.closed(1000, "Job complete")
		c = b.connect("?jobId=v1" + mine)
		if e.status == models.StatusDeleted {
			c.closed(4404, "Unknown job")
		} else {
			c.expect("state e1.2 0")
			if m := c.take(); m.Type != "failed" || m.Status != e.status || e.status == models.StatusCancelled && m.Code != models.CodeCancelled {
				t.Errorf("%+v", m)
			}
			c.closed(1000, "Job complete")
		}
		// Who was away hears what it missed, also of what is no more.
		c = b.connect("?jobId=v1&after=e1.1" + mine)
		c.expect("failed e1.2 0 " + string(e.code))
		c.closed(1000, "Job complete")
	}
}

// What was missed comes first, then what is new; and what a client has is not
// told again.
func TestResume(t *testing.T) {
	t.Parallel()
	b := newBench(t, false, limits.Settings{})
	b.queued("v1")
	for pct := range 5 {
		b.progress("v1", pct)
	}
	c := b.connect("?jobId=v1&after=e1.3" + mine)
	c.expect("progress e1.4 2", "progress e1.5 3", "progress e1.6 4")
	b.progress("v1", 50)
	c.expect("progress e1.7 50")
	b.set("v1", models.StatusFailed, models.EventFailed, map[string]any{"code": "corrupt"})
	c.expect("failed e1.8 0 corrupt")
	c.closed(1000, "Job complete")
	b.connect("?jobId=v1&after=e1.8"+mine).closed(1000, "Job complete") // it has the end
	b.queued("other")
	b.connect("?jobId=v1&after=e1.8"+mine).closed(1000, "Job complete")
	b.queued("v1") // tried again
	c = b.connect("?jobId=v1&after=e1.8" + mine)
	c.expect("state e1.10 0")
	b.progress("v1", 5)
	c.expect("progress e1.11 5")
}

// Where events are gone, the present state comes, and what follows it.
func TestReset(t *testing.T) {
	t.Parallel()
	b := newBench(t, false, limits.Settings{})
	b.queued("v1")
	b.progress("v1", 10)
	for _, after := range []string{"other.7", "e1.99"} {
		c := b.connect("?jobId=v1&after=" + after + mine)
		c.expect("state e1.2 0 reset")
	}
	c := b.connect("?jobId=v1" + mine)
	c.expect("state e1.2 0")
	b.lose()
	c.expect("state e1x.0 0 reset")
	b.progress("v1", 20)
	c.expect("progress e1x.1 20")
	b.set("v1", models.StatusCompleted, models.EventProcessed, nil)
	c.expect("completed e1x.2 0")
	c.closed(1000, "")
	c = b.connect("?jobId=v1&after=e1.2" + mine)
	c.expect("state e1x.2 0 reset", "completed e1x.2 0")
	c.closed(1000, "")
}

// What happens between a look at the log and one at the record is told once, and
// the end of an earlier attempt does not end a later one.
func TestStateIsNotFollowedByWhatIsOlder(t *testing.T) {
	t.Parallel()
	b := newBench(t, false, limits.Settings{})
	b.queued("v1")
	b.before = func() {
		b.before = nil
		b.progress("v1", 10)
		b.set("v1", models.StatusFailed, models.EventFailed, nil)
		b.queued("v1")
	}
	c := b.connect("?jobId=v1" + mine)
	if m := c.take(); m.Type != "state" || m.Attempt != 2 || m.Cursor != "e1.1" {
		t.Errorf("%+v", m)
	}
	c.expect("state e1.4 0")
	b.progress("v1", 10)
	c.expect("progress e1.5 10")
}

// An outcome that the record has and the log has not yet is not taken for one
// that the client knows.
func TestResumeWaitsForAnOutcomeThatIsYetToBeTold(t *testing.T) {
	t.Parallel()
	b := newBench(t, false, limits.Settings{})
	b.queued("v1")
	d := b.videos["v1"]
	d.Status, b.untold = models.StatusFailed, true
	b.videos["v1"] = d
	c := b.connect("?jobId=v1&after=e1.1" + mine)
	b.set("v1", models.StatusFailed, models.EventFailed, map[string]any{"code": "corrupt"})
	c.expect("failed e1.2 0 corrupt")
	c.closed(1000, "")
}

// What an outside worker does not say stays as it was.
func TestProgressThatTellsOnlySomething(t *testing.T) {
	t.Parallel()
	b := newBench(t, false, limits.Settings{})
	b.queued("v1")
	c := b.connect("?jobId=v1" + mine)
	c.expect("state e1.1 0")
	b.progress("v1", 40)
	c.expect("progress e1.2 40")
	b.set("v1", models.StatusProcessing, models.EventProgress, map[string]any{"message": "still there"})
	if m := c.take(); m.Pct != 40 || m.Message != "still there" || m.Stage != "metadata" {
		t.Errorf("%+v", m)
	}
}
