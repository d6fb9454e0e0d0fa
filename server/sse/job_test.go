package sse

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
)

// during runs a test in its own time.
func during(t *testing.T, body func(*testing.T, *fake, *http.Client)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		body(t, f, f.serve(t))
	})
}

// end makes the video's work end.
func (f *fake) end(name models.EventName, status models.Status, attempt int) {
	f.mu.Lock()
	f.video.Status, f.video.Attempt, f.video.Progress = status, attempt, 100
	f.mu.Unlock()
	if !f.untold {
		f.add(name, "v", attempt, `"metadata":{"durationSeconds":7}`)
	}
}

func TestJobFromStateToOutcome(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		f.add(models.EventProgress, "v", 1, `"progress":40`)
		c := open(t, web, "/api/jobs/v/stream")
		c.want("message", "e.1", fields{"event": "state", "status": "processing", "progress": 40, "title": "Holiday", "result": nil})
		f.add(models.EventProgress, "v", 1, `"progress":70,"stage":"sensitivity","segments":[{"startSeconds":1}]`)
		f.add(models.EventProgress, "other", 1, `"progress":1`)
		c.want("message", "e.2", fields{"event": "video:progress", "progress": 70, "stage": "sensitivity", "seq": 2, "cursor": "e.2"})
		f.end(models.EventProcessed, models.StatusCompleted, 1)
		c.want("message", "e.4", fields{"event": "video:processed", "status": "complete", "progress": 100, "jobId": "v"})
		c.over()
		if c = open(t, web, "/api/jobs/v/stream", "Last-Event-ID", c.LastID); c.StatusCode != http.StatusNoContent {
			t.Error("come again after the outcome:", c.StatusCode)
		}
		c = open(t, web, "/api/jobs/v/stream")
		c.want("message", "e.4", fields{"event": "state", "status": "complete"})
		c.over()
		if c = open(t, web, "/api/jobs/v/stream?lastEventId=e.4"); c.StatusCode != http.StatusNoContent {
			t.Error("come again after the state:", c.StatusCode)
		}
	})
}

func TestJobComesAgain(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		for n := range 600 { // more than one page of the log
			f.add(models.EventProgress, []string{"v", "other"}[n%2], 1, `"progress":41`)
		}
		c := open(t, web, "/api/jobs/v/stream?after=e.100")
		for n := 101; n <= 600; n += 2 {
			c.want("message", f.cursor(n).String(), fields{"event": "video:progress", "seq": n, "title": "Holiday"})
		}
		f.add(models.EventProgress, "v", 1, "")
		c.want("message", "e.601", nil)
		_ = c.Body.Close()
		// The outcome came meanwhile, and something after it.
		f.end(models.EventFailed, models.StatusFailed, 1)
		f.add(models.EventUpdated, "v", 1, "")
		c = open(t, web, "/api/jobs/v/stream", "Last-Event-ID", c.LastID)
		c.want("message", "e.602", fields{"event": "video:failed", "status": "failed"})
		c.over()
		c = open(t, web, "/api/jobs/v/stream", "Last-Event-ID", c.LastID)
		c.want("message", "e.603", fields{"event": "video:updated"})
		c.over()
		if c = open(t, web, "/api/jobs/v/stream", "Last-Event-ID", c.LastID); c.StatusCode != http.StatusNoContent {
			t.Error(c.StatusCode)
		}
	})
}

// The outcome of an attempt before is no end for who has missed it.
func TestJobThatIsTriedAgain(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		f.end(models.EventFailed, models.StatusFailed, 1)
		f.add(models.EventQueued, "v", 2, `"status":"queued"`)
		f.mu.Lock()
		f.video.Status, f.video.Attempt = models.StatusQueued, 2
		f.mu.Unlock()
		c := open(t, web, "/api/jobs/v/stream?after=e.0")
		c.want("message", "e.1", fields{"event": "video:failed", "status": "failed", "attempt": 1})
		c.want("message", "e.2", fields{"event": "video:queued", "status": "pending", "attempt": 2, "error": nil})
		f.end(models.EventCancelled, models.StatusCancelled, 2)
		c.want("message", "e.3", fields{"event": "video:cancelled", "status": "cancelled"})
		c.over()
	})
}

// The record knows the outcome before the log does: who was not told of it is
// not sent away.
func TestOutcomeThatIsNotToldYet(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		f.add(models.EventProgress, "v", 1, "")
		f.untold = true
		f.end(models.EventProcessed, models.StatusCompleted, 1)
		c := open(t, web, "/api/jobs/v/stream", "Last-Event-ID", "e.1")
		go func() { time.Sleep(time.Minute); f.add(models.EventProcessed, "v", 1, "") }()
		c.want("message", "e.2", fields{"event": "video:processed", "status": "complete"})
		c.over()
	})
}

// The log knows the outcome before this node's hub does.
func TestOutcomeThatThisNodeHasNotHeard(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		f.add(models.EventProgress, "v", 1, "")
		f.add(models.EventProgress, "v", 1, "")
		f.hidden = 1
		f.end(models.EventProcessed, models.StatusCompleted, 1)
		go func() { time.Sleep(time.Second); f.tell() }()
		c := open(t, web, "/api/jobs/v/stream", "Last-Event-ID", "e.1")
		c.want("message", "e.2", nil)
		c.want("message", "e.3", fields{"event": "video:processed"})
		c.over()
	})
}

func TestJobThatIsDeleted(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		c := open(t, web, "/api/jobs/v/stream")
		c.want("message", "e.0", nil)
		f.add(models.EventDeleted, "v", 1, "")
		c.want("message", "e.1", fields{"event": "video:deleted", "status": "cancelled"})
		c.over()
		for _, path := range []string{"/api/jobs/w/stream", "/api/jobs/w", "/api/jobs/%20/stream"} {
			if c := open(t, web, path); c.StatusCode != http.StatusNotFound {
				t.Error(path, c.StatusCode)
			}
		}
	})
}

func TestJobIsReset(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		for range 9 {
			f.add(models.EventProgress, "v", 1, "")
		}
		f.gone = 5
		for _, from := range []string{"e.3", "old.7", "words", "e.99", "\"e.7\""} {
			c := open(t, web, "/api/jobs/v/stream", "Last-Event-ID", from)
			c.want("message", "e.9", fields{"event": "stream:reset", "reason": "expired", "status": "processing", "progress": 40, "cursor": "e.9"})
			f.lose()
			c.want("message", "ex.0", fields{"event": "stream:reset", "reason": "lost", "cursor": "ex.0"})
			f.add(models.EventProgress, "v", 1, `"progress":50`)
			c.want("message", "ex.1", fields{"event": "video:progress", "progress": 50})
			_ = c.Body.Close()
			synctest.Wait()
			f.epoch, f.events = "e", make([]models.Event, 9)
			f.gone = 5
		}
		f.end(models.EventProcessed, models.StatusCompleted, 1)
		c := open(t, web, "/api/jobs/v/stream", "Last-Event-ID", "e.1")
		c.want("message", "e.10", fields{"event": "stream:reset", "status": "complete"})
		c.over()
	})
}

// What the state has is not told again by a hub that is late.
func TestStateIsNotToldAgain(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		f.add(models.EventProgress, "v", 1, "")
		f.add(models.EventProgress, "v", 1, "")
		f.hidden = 1
		c := open(t, web, "/api/jobs/v/stream")
		c.want("message", "e.2", fields{"event": "state"})
		f.tell()
		f.add(models.EventProgress, "v", 1, "")
		c.want("message", "e.3", fields{"event": "video:progress"})
	})
}
