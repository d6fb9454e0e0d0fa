//go:build linux

package main

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
	"reelroom/server/harness/sio"
)

var stoppingTimes = flag.Int("stopping.times", 6, "videos that TestCancelledVideoLeavesNoProcess cancels or deletes")

// stopTime is when the last process of a cancelled video must have ended. It is
// promised within 1 s; a loaded machine gets more.
const stopTime = 20 * time.Second

// Videos are cancelled, over HTTP and over the socket, and deleted, at random
// moments: no ffmpeg of theirs is alive a moment later, each has one outcome,
// and nothing follows it.
//
//	go test ./server -run TestCancelledVideoLeavesNoProcess -v -args -stopping.times 30
func TestCancelledVideoLeavesNoProcess(t *testing.T) {
	t.Parallel()
	data := made(t, testenv.Program(t, "ffmpeg"), "long.mp4", "-f lavfi -i testsrc2=s=640x360:r=25:d=120 -pix_fmt yuv420p -c:v libx264 -preset ultrafast -g 25")
	w := single(t)
	s := &stopping{t: t, w: w, watcher: w.watch("watcher", sio.WebSocket), in: &installation{t: t, url: w.url(0), secret: w.secret}, token: w.token("editor")}
	s.ways = map[string]func(id string) bool{
		"cancel over HTTP":       func(id string) bool { return s.request(http.MethodPost, id, "/cancel") },
		"cancel over the socket": s.socket,
		"delete":                 func(id string) bool { return s.request(http.MethodDelete, id, "") },
	}
	names := []string{"cancel over HTTP", "cancel over the socket", "delete"}
	var took []time.Duration
	stages := map[string]int{}
	alive := 0
	for tries := 0; len(took) < *stoppingTimes; tries++ {
		if tries > 4*(*stoppingTimes) {
			t.Fatal("the work is over too soon to be cancelled")
		}
		way := names[tries%len(names)]
		var d models.Document
		if status := s.in.upload(s.token, "long.mp4", data, &d); status != http.StatusAccepted {
			t.Fatalf("upload answered %d", status)
		}
		time.Sleep(rand.N(3 * time.Second))
		s.in.call(http.MethodGet, "/api/videos/"+d.ID, s.token, nil, "", &d)
		running := len(w.tools())
		began := time.Now()
		if !s.ways[way](d.ID) {
			continue // it had ended
		}
		for len(w.tools()) > 0 && time.Since(began) < stopTime {
			time.Sleep(5 * time.Millisecond)
		}
		if left := w.tools(); len(left) > 0 {
			t.Errorf("%s: still alive after %s: %v", way, stopTime, left)
		}
		if running > 0 {
			alive++
		}
		stages[way+", "+deref(d.Stage)]++
		took = append(took, time.Since(began))
		s.stopped = append(s.stopped, stopped{d.ID, way == "delete"})
	}
	slices.Sort(took)
	t.Logf("%d videos stopped, %d while a tool ran; from the request until none did: %s; %v", len(took), alive, spread(took), stages)
	s.check()
}

type stopped struct {
	id      string
	deleted bool
}

type stopping struct {
	t       *testing.T
	w       *world
	in      *installation
	token   string
	watcher *watcher
	ways    map[string]func(id string) bool
	stopped []stopped
}

// request reports whether the video was stopped, and false where it had ended.
func (s *stopping) request(method, id, suffix string) bool {
	status := s.in.call(method, "/api/videos/"+id+suffix, s.token, nil, "", nil)
	if status/100 != 2 && status != http.StatusConflict {
		s.t.Errorf("%s %s answered %d", method, suffix, status)
	}
	return status/100 == 2
}

func (s *stopping) socket(id string) bool {
	answer, err := s.watcher.emit(s.t.Context(), "video:cancel", id)
	var ack struct {
		OK    bool
		Error struct{ Code models.Code }
	}
	if err != nil || json.Unmarshal(answer, &ack) != nil || !ack.OK && ack.Error.Code != models.CodeConflict {
		s.t.Errorf("video:cancel was answered %s, %v", answer, err)
	}
	return ack.OK
}

// check holds that each video has the outcome that was asked for, once, as its
// last event.
func (s *stopping) check() {
	marker := s.stopped[len(s.stopped)-1] // its event is the last that is waited for
	for deadline := time.Now().Add(patience); !s.saw(marker); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatal("the last outcome was not seen")
		}
	}
	time.Sleep(time.Second) // for what should not come
	s.watcher.mu.Lock()
	defer s.watcher.mu.Unlock()
	for _, v := range s.stopped {
		want, ends := models.EventCancelled, []string{}
		if v.deleted {
			want = models.EventDeleted
		}
		last := ""
		for _, e := range s.watcher.seen {
			if e.VideoID != v.id {
				continue
			}
			last = e.name
			if n := models.EventName(e.name); n == models.EventCancelled || n == models.EventDeleted || n == models.EventProcessed || n == models.EventFailed {
				ends = append(ends, e.name)
			}
		}
		if v.deleted && len(ends) == 2 && ends[0] == string(models.EventProcessed) {
			ends = ends[1:] // it was quicker than the delete
		}
		if len(ends) != 1 || ends[0] != string(want) || last != string(want) {
			s.t.Errorf("%s: outcomes %v, last event %q, want one %s", v.id, ends, last, want)
		}
	}
}

func (s *stopping) saw(v stopped) bool {
	s.watcher.mu.Lock()
	defer s.watcher.mu.Unlock()
	return slices.ContainsFunc(s.watcher.seen, func(e seen) bool {
		return e.VideoID == v.id && (e.name == string(models.EventCancelled) || e.name == string(models.EventDeleted))
	})
}
