package main

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"reelroom/models"
)

func TestPublish(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.harness(t.Context(), "publish", "video:progress", `{"progress":{{n}}0}`, "--video", "v", "--id", "i-{{n}}").
		want(t, 0, "accepted as #1, cursor e.1\n", "")
	if got := fmt.Sprint(f.published); got != "[map[data:map[progress:10] event:video:progress id:i-1 videoId:v]]" {
		t.Error(got)
	}
	if who := f.roles["POST /api/events"]; who != "local/harness/service" {
		t.Error(who)
	}
}

func TestPublishBurst(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	r := f.harness(t.Context(), "publish", "video:progress", `{"n":{{n}}}`, "--video", "v", "--count", "50", "--parallel", "1", "--json")
	var s struct {
		Asked, Accepted   int
		FirstSeq, LastSeq uint64
		Cursor            string
		P50Ms, P99Ms      float64
	}
	if err := json.Unmarshal([]byte(r.out), &s); err != nil || r.code != 0 ||
		s.Asked != 50 || s.Accepted != 50 || s.FirstSeq != 1 || s.LastSeq != 50 || s.Cursor != "e.50" || s.P50Ms <= 0 || s.P99Ms < s.P50Ms {
		t.Errorf("%+v %+v %v", r, s, err)
	}
	for i, body := range f.published {
		if n := body["data"].(map[string]any)["n"]; n != float64(i+1) {
			t.Fatalf("event %d: n %v", i+1, n)
		}
	}
	f.harness(t.Context(), "publish", "video:progress", `{}`, "--video", "v", "--count", "20").
		want(t, 0, "20 of 20 accepted in …/s), #51 to #70; answered in … ms (slowest)\n", "")
}

func TestPublishRefused(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.refuse = func(n string) *problem {
		if n == "3" {
			return &problem{Status: 503, Code: models.CodeUnavailable, Detail: "Later."}
		}
		return nil
	}
	args := []string{"publish", "video:progress", `{}`, "--video", "v", "--count", "5", "--parallel", "1"}
	f.harness(t.Context(), args...).want(t, 1, "4 of 5 accepted…\n", "not accepted: map[unavailable:1]; the first:\nunavailable: Later.\n")
	f.refuse = func(string) *problem { return &problem{Status: 403, Code: models.CodeForbidden, Detail: "Not yours."} }
	f.harness(t.Context(), args...).want(t, 1, "", "not accepted: map[forbidden:1]; the first:\nforbidden: Not yours.\n")
}

func TestPercentiles(t *testing.T) {
	t.Parallel()
	var samples []time.Duration
	for i := 200; i >= 1; i-- {
		samples = append(samples, time.Duration(i))
	}
	if p50, p99, largest := percentiles(samples); p50 != 100 || p99 != 198 || largest != 200 {
		t.Error(p50, p99, largest)
	}
	if p50, p99, largest := percentiles([]time.Duration{7}); p50 != 7 || p99 != 7 || largest != 7 {
		t.Error(p50, p99, largest)
	}
	if p50, _, _ := percentiles(nil); p50 != 0 {
		t.Error(p50)
	}
}
