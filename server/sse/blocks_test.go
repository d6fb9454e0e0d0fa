package sse

import (
	"bufio"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"reelroom/models"
)

// Every block of a stream has data, also the first one, which says "retry", and
// those of heartbeats: httpx-sse makes an empty message of any other.
func TestEveryBlockHasData(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/api/events", "/api/events?video=v", "/api/jobs/v/stream"} {
		for _, resume := range []string{"", "e.1"} {
			synctest.Test(t, func(t *testing.T) {
				f := newFake()
				f.add(models.EventProgress, "v", 1, "")
				res := dial(t, f.serve(t), path, "Last-Event-ID", resume)
				go func() {
					time.Sleep(2 * heartbeat)
					f.add(models.EventProgress, "other", 1, "")
					time.Sleep(2 * heartbeat)
					f.add(models.EventProgress, "v", 1, "")
					f.door.Streams.Drain(t.Context())
				}()
				blocks, comments, retries := 0, 0, 0
				var block []string
				for lines := bufio.NewScanner(res.Body); lines.Scan(); {
					switch line := lines.Text(); {
					case line == "":
						if blocks++; !strings.Contains(strings.Join(block, "\n"), "data: {") {
							t.Errorf("%s from %q: a block without data: %q", path, resume, block)
						}
						block = nil
					case strings.HasPrefix(line, ":"):
						comments++
					default:
						if strings.HasPrefix(line, "retry:") {
							if retries++; blocks > 0 {
								t.Errorf("retry stands in block %d", blocks)
							}
						}
						block = append(block, line)
					}
				}
				if blocks < 2 || comments < 2 || retries != 1 || len(block) > 0 {
					t.Errorf("%s from %q: %d blocks, %d comments, %d times retry, and %q at the end", path, resume, blocks, comments, retries, block)
				}
			})
		}
	}
}
