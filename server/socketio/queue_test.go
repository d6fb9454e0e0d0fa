//go:build !stock

package socketio

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
)

// numbered makes a message of about a KiB, whose number can be read.
func numbered(name models.EventName, to models.Audience, video string, n int) *message {
	e := progress("a", n)
	e.Name, e.Audience, e.VideoID = name, to, video
	e.Payload = []byte(fmt.Sprintf(`{"n":"%s%d","x":%q}`, video, n, strings.Repeat("x", 900)))
	return logMessage(&e)
}

// numbers returns which messages are in the queue.
func numbers(list []*message) string {
	var words []string
	for _, m := range list {
		text := string(m.frame)
		_, text, _ = strings.Cut(text, `{"n":"`)
		text, _, _ = strings.Cut(text, `"`)
		words = append(words, text)
	}
	return strings.Join(words, " ")
}

func TestStaleProgressIsReplaced(t *testing.T) {
	t.Parallel()
	const most = 32 << 10
	synctest.Test(t, func(t *testing.T) {
		d := &Door{}
		fill := func(q *queue, count int) {
			for n := range count {
				if !q.push(numbered(models.EventProgress, models.ToVideo, "a", n), most, d) {
					t.Fatalf("full at %d", n)
				}
			}
		}
		// A reader that keeps up sees all of it, however much comes at once.
		var q queue
		fill(&q, 25)
		if len(q.list) != 25 || d.stats.dropped.Load() != 0 {
			t.Errorf("in a queue that is not full: %s", numbers(q.list))
		}
		// One that takes nothing is spared what is stale, but nothing else.
		time.Sleep(2 * staleTime)
		q.push(numbered(models.EventProgress, models.ToOrganization, "a", 25), most, d)
		q.push(numbered(models.EventFailed, models.ToVideo, "a", 26), most, d)
		q.push(numbered(models.EventProgress, models.ToVideo, "b", 27), most, d)
		if got := numbers(q.list); got != "a24 a25 a26 b27" || d.stats.dropped.Load() != 24 {
			t.Errorf("left are %s, %d dropped", got, d.stats.dropped.Load())
		}
		// What was taken counts until it is sent, and cannot be replaced.
		q.take(1)
		if q.size < 3500 || len(q.list) != 3 {
			t.Errorf("%d bytes", q.size)
		}
		// A full queue is thinned before its reader is cut.
		q, d = queue{}, &Door{}
		fill(&q, 100)
		if q.size > most || !strings.HasSuffix(numbers(q.list), "a99") {
			t.Errorf("%d bytes: %s", q.size, numbers(q.list))
		}
		for n := 0; ; n++ {
			if !q.push(numbered(models.EventUpdated, models.ToVideo, "a", n), most, d) {
				break
			}
			if n > 40 {
				t.Fatal("what cannot be replaced fills no queue")
			}
		}
	})
}

// A reader that stands still while a video makes progress is not cut for that:
// when it reads on, it has the newest progress, and everything else.
func TestSlowReaderMissesOnlyStaleProgress(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"websocket", "polling"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			s := startServer(t, func([]any) {})
			var next func() string
			if transport == "websocket" {
				c := connectRaw(t, s, "a:slow:viewer")
				next = func() string { return "42" + c.expect("42") }
			} else {
				next = connectPoll(t, s, "a:slow:viewer").next
			}
			// More than the sockets' buffers take, all of one video.
			events := 0
			for more := 200; more > 0; events++ {
				e := progress("a", events)
				e.Payload = fmt.Appendf(nil, `{"n":%d,"x":%q}`, events, strings.Repeat("x", 8<<10))
				if events == 7 || more == 100 {
					e.Name = models.EventUpdated
				}
				s.hub.publish(e)
				if s.door.Stats().Dropped > 0 {
					more--
				} else if events > 20_000 {
					t.Fatal("160 MB were queued")
				}
			}
			if s.door.Queued() == 0 {
				t.Error("nothing is said to be queued")
			}
			last, updates := -1, 0
			for last != events-1 {
				text := next()
				n := number(t, text)
				if n <= last {
					t.Fatalf("%d after %d", n, last)
				}
				if last = n; strings.HasPrefix(text, `42["video:updated"`) {
					updates++
				}
			}
			if stats := s.door.Stats(); updates != 2 || stats.Slow != 0 {
				t.Errorf("%d updates came, %+v", updates, stats)
			}
		})
	}
}
