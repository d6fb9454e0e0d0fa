package sse

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
)

func TestHeartbeatsKeepAnIdleStreamForHours(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c := open(t, f.serve(t), "/api/events")
		h := c.Header
		if h.Get("Content-Type") != "text/event-stream; charset=utf-8" || h.Get("Cache-Control") != "no-cache, no-transform" ||
			h.Get("X-Accel-Buffering") != "no" || h.Get("Content-Encoding") != "" || !strings.Contains(strings.Join(h.Values("Vary"), ","), "Accept") {
			t.Error(h)
		}
		c.want("stream:ready", "e.0", fields{"recovered": false, "cursor": "e.0"})
		if c.Retry < leastRetry || c.Retry > mostRetry {
			t.Error("come again after", c.Retry)
		}
		go func() {
			time.Sleep(5*time.Hour + time.Second)
			f.add(models.EventProgress, "v", 1, `"progress":50`)
		}()
		began := time.Now()
		c.want("video:progress", "e.1", fields{"videoId": "v", "progress": 50, "seq": 1})
		if took := time.Since(began); took != 5*time.Hour+time.Second || c.comments != 5*60*4 {
			t.Errorf("after %v and %d heartbeats", took, c.comments)
		}
	})
}

// What is not for a client moves its place all the same, so that it is never
// too old.
func TestHeartbeatsMoveThePlace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c := open(t, f.serve(t), "/api/jobs/v/stream")
		c.want("message", "e.0", fields{"event": "state", "status": "processing"})
		for range 5 {
			f.add(models.EventProgress, "other", 1, "")
		}
		go func() { time.Sleep(heartbeat + time.Second); f.add(models.EventProgress, "v", 1, "") }()
		c.want(eventPlace, "e.5", fields{"cursor": "e.5"})
		c.want("message", "e.6", fields{"event": "video:progress"})
		if c.comments != 1 {
			t.Errorf("%d heartbeats", c.comments)
		}
		_ = c.Body.Close()
		c = open(t, f.serve(t), "/api/jobs/v/stream")
		c.want("message", "e.6", nil)
		f.add(models.EventProgress, "other", 1, "")
		time.Sleep(2 * heartbeat)
		f.add(models.EventProgress, "other", 1, "")
		f.door.Streams.Drain(t.Context())
		c.want(eventPlace, "e.7", fields{"cursor": "e.7"})
		c.want(eventEnd, "e.7", fields{"code": "unavailable"})
		c.over()
	})
}

func TestIdleJobIsTakenUpAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		web := f.serve(t)
		c := open(t, web, "/api/jobs/v/stream")
		c.want("message", "e.0", fields{"event": "state", "jobId": "v", "progress": 40, "cursor": "e.0", "seq": 0})
		time.Sleep(idleTime - time.Second)
		f.add(models.EventProgress, "v", 1, `"progress":55`)
		c.want("message", "e.1", fields{"event": "video:progress", "progress": 55, "cursor": "e.1", "seq": 1})
		f.add(models.EventProgress, "other", 1, "")
		began := time.Now()
		c.want(eventPlace, "e.2", nil)
		c.want(eventEnd, "e.2", fields{"code": "idle"})
		if took := time.Since(began); took != idleTime {
			t.Errorf("closed after %v", took)
		}
		c.over()
		f.add(models.EventProgress, "v", 1, `"progress":60`)
		c = open(t, web, "/api/jobs/v/stream", "Last-Event-ID", c.LastID)
		c.want("message", "e.3", fields{"event": "video:progress", "progress": 60})
	})
}

func TestStreamsEndWithTheirToken(t *testing.T) {
	t.Parallel()
	for path, life := range map[string]time.Duration{"/api/events": time.Hour, "/api/jobs/v/stream": 4 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			f := newFake()
			began := time.Now()
			f.who.ExpiresAt = began.Add(life)
			c := open(t, f.serve(t), path)
			if _, err := c.Next(); err != nil {
				t.Fatal(err)
			}
			c.want(eventEnd, "e.0", fields{"code": "token_expired"})
			c.over()
			if took := time.Since(began); took != life {
				t.Errorf("%s ended after %v", path, took)
			}
		})
	}
}

func TestRevokedTokenEndsAStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		c := open(t, f.serve(t), "/api/events")
		c.want("stream:ready", "e.0", nil)
		f.door.Streams.Revoke(models.Revocation{OrganizationID: "acme", Kind: models.RevokeUser, Subject: "u", At: time.Now().Add(time.Minute)})
		c.want(eventEnd, "e.0", fields{"code": "token_revoked"})
		c.over()
	})
}

// A reader that takes nothing is let go, and costs little until then.
func TestReaderThatTakesNothingIsLetGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		web := f.serve(t)
		c := dial(t, web, "/api/events")
		began := time.Now()
		for n := 0; len(f.door.Streams.Stats().Open) > 0; n++ {
			f.add(models.EventProgress, "v", 1, `"message":"`+strings.Repeat("x", 1000)+`"`)
			time.Sleep(10 * time.Millisecond)
			if n > 10_000 {
				t.Fatal("it is still there")
			}
		}
		// A pipe holds nothing: the first byte waits already.
		if took := time.Since(began); took < patience || took > patience+time.Second {
			t.Errorf("let go after %v", took)
		}
		if _, err := io.ReadAll(c.Body); err == nil {
			t.Error("the answer looks whole")
		}
	})
}

// An EventSource gives up at any status but 200, so a server that is going away
// says so in a stream.
func TestWhatIsUnavailableForNowIsAStreamThatEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		web := f.serve(t)
		f.down = models.Errorf(models.CodeUnavailable, "The store does not answer.")
		c := open(t, web, "/api/jobs/v/stream", "Last-Event-ID", "e.0")
		c.want(eventEnd, "e.0", fields{"code": "unavailable", "message": "The store does not answer."})
		c.over()
		f.down = models.Errorf(models.CodeRateLimited, "Too often.").Again(3 * time.Second)
		c = open(t, web, "/api/events?video=v")
		if c.StatusCode != http.StatusTooManyRequests || c.Header.Get("Retry-After") != "3" {
			t.Error(c.StatusCode, c.Header)
		}
		f.down = nil
		f.door.Streams.Drain(t.Context())
		c = open(t, web, "/api/events")
		c.want(eventEnd, "", fields{"code": "unavailable"})
		c.over()
		if c.StatusCode != http.StatusOK || c.Retry < leastRetry {
			t.Error(c.StatusCode, c.Retry)
		}
	})
}

func TestHead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFake()
		web := f.serve(t)
		for path, want := range map[string]int{"/api/events": 200, "/api/events?video=v": 200, "/api/events?video=w": 404, "/api/jobs/v/stream": 200, "/api/jobs/w/stream": 404, "/api/jobs/v": 200} {
			r, _ := http.NewRequestWithContext(t.Context(), http.MethodHead, "http://x"+path, nil)
			r.Header.Set("Accept", mediaType)
			res, err := web.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			_ = res.Body.Close()
			if events := strings.HasPrefix(res.Header.Get("Content-Type"), mediaType); res.StatusCode != want || events != (want == 200 && path != "/api/jobs/v") {
				t.Errorf("%s: %d %v", path, res.StatusCode, res.Header)
			}
		}
		if n := len(f.door.Streams.Stats().Open); n > 0 {
			t.Errorf("%d streams for nobody", n)
		}
	})
}
