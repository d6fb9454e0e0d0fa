package sse

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
	"reelroom/server/limits"
	"reelroom/server/stream"
)

// A log that does not answer in time ends what reads it: it is not asked again
// and again meanwhile.
func TestLogThatDoesNotAnswer(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		f.add(models.EventProgress, "v", 1, "")
		f.away = models.Errorf(models.CodeUnavailable, "The log is away.").Because(context.DeadlineExceeded)
		c := open(t, web, "/api/jobs/v/stream?after=e.0")
		c.want(eventEnd, "", fields{"code": "unavailable"})
		c.over()
		if _, status, _ := poll(t, web, "after=e.0&wait=5", ""); status != http.StatusServiceUnavailable {
			t.Error("the poll:", status)
		}
		if f.reads > 3 {
			t.Errorf("the log was asked %d times", f.reads)
		}
	})
}

// A place behind the log's end is one that the log has lost: who has been there
// is not taken for one who has had the outcome.
func TestPlaceThatTheLogHasLost(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		f.end(models.EventProcessed, models.StatusCompleted, 1)
		c := open(t, web, "/api/jobs/v/stream", "Last-Event-ID", "e.9")
		c.want("message", "e.1", fields{"event": "stream:reset", "status": "complete"})
		c.over()
	})
}

// Who was away while the video was deleted is told, once; of what the
// organization never had, the log tells nothing.
func TestJobThatWasDeletedMeanwhile(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		f.add(models.EventProgress, "v", 1, "")
		f.add(models.EventProgress, "other", 1, "")
		f.end(models.EventDeleted, models.StatusDeleted, 1)
		c := open(t, web, "/api/jobs/v/stream", "Last-Event-ID", "e.1")
		c.want("message", "e.3", fields{"event": "video:deleted", "status": "cancelled"})
		c.over()
		for _, place := range []string{"e.3", "e.99", "old.1", "words"} {
			if c = open(t, web, "/api/jobs/v/stream", "Last-Event-ID", place); c.StatusCode != http.StatusNotFound {
				t.Error(place, c.StatusCode)
			}
		}
		for _, place := range []string{"e.0", "e.3", "e.99", "old.1", ""} {
			if c = open(t, web, "/api/jobs/w/stream", "Last-Event-ID", place); c.StatusCode != http.StatusNotFound {
				t.Error("absent:", place, c.StatusCode)
			}
		}
	})
}

// What is older than the state that was told, though its place is after the
// state's, is not told.
func TestStateIsNotFollowedByAnOlderOne(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		f.before = func() {
			f.before = nil
			f.rev = 4
			f.add(models.EventFailed, "v", 1, "")
			f.rev = 5
			f.add(models.EventQueued, "v", 2, "")
			f.video.Status, f.video.Attempt, f.video.Rev = models.StatusQueued, 2, 5
		}
		c := open(t, web, "/api/jobs/v/stream")
		c.want("message", "e.0", fields{"event": "state", "status": "pending", "attempt": 2})
		c.want("message", "e.2", fields{"event": "video:queued"})
	})
}

// The hub of this node may be behind the state: heartbeats do not take the
// client back to where the hub is.
func TestHeartbeatsDoNotGoBack(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		f.add(models.EventProgress, "v", 1, "")
		f.hidden = 1
		c := open(t, web, "/api/jobs/v/stream")
		c.want("message", "e.1", fields{"event": "state"})
		time.Sleep(heartbeat + time.Second)
		f.tell()
		f.add(models.EventProgress, "other", 1, "")
		f.door.Streams.Drain(t.Context())
		c.want(eventEnd, "e.1", nil)
	})
}

// Every way to ask the library stands behind a limit.
func TestNobodyAsksWithoutBounds(t *testing.T) {
	t.Parallel()
	for _, ask := range []string{"GET /api/events?video=w", "HEAD /api/events?video=w", "GET /api/jobs/w/stream", "HEAD /api/jobs/w/stream", "GET /api/jobs/w"} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			f.bounds = limits.New(limits.Settings{UserHandshakes: 1, UserRequests: 1}, nil)
			f.door.Streams = stream.New(stream.Config{Hub: f, Events: f, Limits: f.bounds})
			web := f.serve(t)
			method, path, _ := strings.Cut(ask, " ")
			status := 0
			for range 30 {
				r, _ := http.NewRequestWithContext(t.Context(), method, "http://x"+path, nil)
				r.Header.Set("Accept", mediaType)
				res, err := web.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				status = res.StatusCode
				_ = res.Body.Close()
			}
			if status != http.StatusTooManyRequests || f.asked > 20 {
				t.Errorf("%s: %d at last, and the library was asked %d times", ask, status, f.asked)
			}
		})
	}
}

// A stream ends with its token also where its reader has stopped reading.
func TestTokenEndsAStuckStream(t *testing.T) {
	during(t, func(t *testing.T, f *fake, web *http.Client) {
		const life = 3 * time.Second
		f.who.ExpiresAt = time.Now().Add(life)
		c := dial(t, web, "/api/events")
		began := time.Now()
		for len(f.door.Streams.Stats().Open) > 0 {
			f.add(models.EventProgress, "v", 1, `"message":"`+strings.Repeat("x", 1000)+`"`)
			time.Sleep(10 * time.Millisecond)
		}
		if took := time.Since(began); took < life || took > life+100*time.Millisecond {
			t.Errorf("it ended after %v", took)
		}
		if _, err := io.ReadAll(c.Body); err == nil {
			t.Error("the answer looks whole")
		}
	})
}
