package main

import (
	"encoding/json"
	"strings"
	"testing"

	"reelroom/server/harness/sio/siotest"
)

func TestLoadUsage(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	for _, args := range [][]string{{"--sockets", "0"}, {"--org", "0"}, {"--user", "0"}, {"--rate", "2000"}, {"--burst", "0"}, {"--duration", "0s"},
		{"--events", "2000000"}, {"--org", "2", "--token", "t"}} {
		f.harness(t.Context(), append([]string{"load"}, args...)...).want(t, 2, "", "usage: …")
	}
}

// TestLoad: what is published reaches the sockets of the organization, and
// what does not is lost.
func TestLoad(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		swallow bool
		code    int
		broken  int
		settle  string
	}{{"whole", false, 0, 0, "1m"}, {"swallowed", true, 1, 1, "2s"}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			f := newFake(t)
			f.script = func(c *siotest.Conn) {
				c.Accept("p")
				f.forward(c, test.swallow)
			}
			r := f.harness(t.Context(), "load", "--sockets", "20", "--events", "30", "--rate", "1000", "--burst", "10", "--settle", test.settle, "--json")
			var got loaded
			if err := json.Unmarshal([]byte(r.out), &got); err != nil || r.code != test.code || len(got.Broken) != test.broken {
				t.Fatalf("%+v %v", r, err)
			}
			lost := uint64(0)
			if test.swallow {
				lost = 20
			}
			if got.Expected != 600 || got.Received != 600-got.Lost || got.Lost < lost || !test.swallow && got.Lost > 0 || got.Online != 20 || got.Latency.Count != got.Received {
				t.Errorf("%+v", got)
			}
			if f.removed() != 1 {
				t.Error("the video was not removed")
			}
		})
	}
}

func TestLoadTellsPeople(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	f.script = func(c *siotest.Conn) { c.Accept("p"); f.forward(c, false) }
	f.harness(t.Context(), "load", "--sockets", "2", "--events", "3", "--rate", "1000").
		want(t, 0, "connects   2 in …\nevents     3, deliveries 6 of 6: 0 lost, 0 double, 0 out of order, 0 foreign\nlatency    p50 …",
			"2 of 2 connected in …\n")
	if got := len(f.published); got != 3 || !strings.Contains(f.published[0]["id"].(string), ".0.") {
		t.Errorf("%d published: %v", got, f.published)
	}
}
