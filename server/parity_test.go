package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/harness/sio"
)

var (
	paritySeeds = flag.Int("parity.seeds", 40, "stories that TestDoorsTellOneStory tells")
	paritySeed  = flag.Uint64("parity.seed", 0, "tell only the story of this seed")
)

// parityDoors are those whose viewers must agree.
func parityDoors() []*door {
	return []*door{bySocketIO(sio.WebSocket), bySocketIO(sio.Polling), byWS(), byJobSSE(), bySSE(true), byPoll(true), byPoll(false), bySSE(false)}
}

// Whatever happens to a video, whoever is cut and comes again, and through
// whichever door: everybody sees the same events at the same places, and none is
// missing of those that the log has.
func TestDoorsTellOneStory(t *testing.T) {
	t.Parallel()
	h := openHouse(t, nil)
	seeds := make(chan uint64)
	go func() {
		defer close(seeds)
		if *paritySeed != 0 {
			seeds <- *paritySeed
			return
		}
		for i := range *paritySeeds {
			seeds <- uint64(i + 1)
		}
	}()
	var tellers sync.WaitGroup
	var sum tally
	began := time.Now()
	for range 4 {
		tellers.Go(func() {
			for seed := range seeds {
				s := &plot{house: h, seed: seed, rnd: rand.New(rand.NewPCG(seed, 7)), sum: &sum}
				for _, wrong := range s.play() {
					t.Errorf("%s\nthe story again: go test ./server -run TestDoorsTellOneStory -parity.seed %d", wrong, seed)
				}
			}
		})
	}
	tellers.Wait()
	t.Logf("%s in %.1fs", &sum, time.Since(began).Seconds())
}

// tally counts what was shown.
type tally struct {
	mu                                                        sync.Mutex
	stories, events, sightings, doubles, cuts, changes, gones int
}

func (s *tally) String() string {
	return fmt.Sprintf("%d stories: %d events in the logs, %d sightings (%d more were seen twice), %d cuts, %d changes of door, %d times gone",
		s.stories, s.events, s.sightings, s.doubles, s.cuts, s.changes, s.gones)
}

// plot is one story: a video, what happens to it, and those who watch.
type plot struct {
	house *house
	seed  uint64
	rnd   *rand.Rand
	sum   *tally

	org, editor, service string
	id, other            string
	held                 models.Video // as the worker has it
	viewers              []*viewer
	doors                []*door
	cuts, changes        int
}

// storyTime bounds a story, also on a machine with much else to do.
const storyTime = 2 * time.Minute

func (s *plot) play() (wrong []string) {
	ctx, cancel := context.WithTimeout(context.Background(), storyTime)
	defer cancel()
	h := s.house
	s.org = fmt.Sprintf("org-%d-%s", s.seed, models.NewID(time.Now()))
	s.editor, s.service = h.token(s.org, "editor", models.RoleEditor), h.token(s.org, "service", models.RoleService)
	begin, err := h.head(ctx, s.org)
	if err != nil {
		return []string{err.Error()}
	}
	s.other = s.upload("another video")
	s.id = s.upload(fmt.Sprintf("story %d", s.seed))
	if s.id == "" || s.other == "" {
		return []string{"the upload failed"}
	}
	s.doors = parityDoors()
	elsewhere := s.doors[len(s.doors)-1] // knows the organization, whatever becomes of the video
	through := map[string]*door{}
	watching, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	for i, d := range s.doors {
		through[d.name] = d
		v := newViewer(h, s.org, fmt.Sprintf("viewer-%d", i), s.id, begin, d)
		s.viewers = append(s.viewers, v)
		running.Go(func() { v.run(watching, elsewhere) })
	}
	for range 20 + s.rnd.IntN(60) {
		s.act(ctx)
	}
	s.finish(ctx)
	log, err := s.log(ctx, begin)
	if err != nil {
		wrong = append(wrong, err.Error())
	}
	for _, v := range s.viewers {
		for v.misses(log) != nil && ctx.Err() == nil {
			select {
			case <-v.moved:
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	stop()
	running.Wait()
	s.sum.mu.Lock()
	defer s.sum.mu.Unlock()
	s.sum.stories++
	s.sum.events += len(log)
	s.sum.cuts += s.cuts
	s.sum.changes += s.changes
	for _, v := range s.viewers {
		s.sum.sightings += len(v.seen)
		s.sum.doubles += v.doubles
		s.sum.gones += v.gones
		wrong = append(wrong, v.verdict(log, through)...)
	}
	return wrong
}

func (s *plot) upload(title string) string {
	form, kind := uploadForm(title, title)
	w := s.house.ask("POST", "/api/videos", s.editor, form, "Content-Type", kind)
	_, id, _ := strings.Cut(w.Header().Get("Location"), "/api/videos/")
	return id
}

// log returns what the log has about the video.
func (s *plot) log(ctx context.Context, begin string) (about []models.Event, err error) {
	c, err := rooms.ParseCursor(begin)
	for err == nil {
		var page []models.Event
		if page, err = s.house.back.Log.After(ctx, s.org, c, 500); len(page) == 0 {
			break
		}
		for _, e := range page {
			if e.VideoID == s.id {
				about = append(about, e)
			}
		}
		c = rooms.CursorOf(&page[len(page)-1])
	}
	return about, err
}

// act does one thing; what is not possible at present is refused, and changes
// nothing.
func (s *plot) act(ctx context.Context) {
	h, pub := s.house, s.house.back.Publisher
	switch n := s.rnd.IntN(20); {
	case n < 3:
		v, err := h.back.Store.Get(ctx, s.org, s.id)
		if err == nil {
			if v, err = pub.Advance(ctx, s.org, s.id, models.Claim("the test", v.Attempt)); err == nil {
				s.held = v
			}
		}
	case n < 8:
		if s.held.ID != "" {
			to := []models.Audience{models.ToOrganization, models.ToVideo}[s.rnd.IntN(2)]
			_ = pub.Progress(ctx, &s.held, models.Report{Fraction: s.rnd.Float64(), Message: "at work"}, to)
		}
	case n < 9:
		s.stage(ctx)
	case n < 10:
		name, data := "video:progress", fmt.Sprintf(`{"progress":%d,"message":"outside"}`, s.rnd.IntN(100))
		if s.rnd.IntN(3) == 0 {
			name, data = "video:updated", `{"note":"from outside"}`
		}
		h.askJSON("POST", "/api/events", s.service, fmt.Sprintf(`{"event":%q,"videoId":%q,"data":%s}`, name, s.id, data))
	case n < 11:
		h.askJSON("PATCH", "/api/videos/"+s.id, s.editor, fmt.Sprintf(`{"title":"title %d"}`, s.rnd.IntN(100)))
	case n < 12:
		h.askJSON("PATCH", "/api/videos/"+s.other, s.editor, fmt.Sprintf(`{"title":"another %d"}`, s.rnd.IntN(100)))
	case n < 13:
		h.askJSON("POST", "/api/videos/"+s.id+"/cancel", s.editor, "")
	case n < 14:
		h.askJSON("POST", "/api/videos/"+s.id+"/retry", s.editor, fmt.Sprintf(`{"fromStart":%t}`, s.rnd.IntN(2) == 0))
	case n < 15:
		if s.held.ID != "" && s.rnd.IntN(3) == 0 {
			_, _ = pub.Advance(ctx, s.org, s.id, models.Fail(s.held.Fence, models.Failure{Code: models.CodeInternal, Stage: s.held.Stage, Message: "It broke."}))
		}
	case n < 17:
		s.viewers[s.rnd.IntN(len(s.viewers))].drop()
		s.cuts++
	case n < 18:
		s.viewers[s.rnd.IntN(len(s.viewers))].change(s.doors[s.rnd.IntN(len(s.doors))])
		s.changes++
	default: // time goes on
		time.Sleep(time.Duration(s.rnd.IntN(10)) * time.Millisecond)
	}
}

// stage ends the stage that the worker is at.
func (s *plot) stage(ctx context.Context) {
	if s.held.ID == "" {
		return
	}
	v, err := s.house.back.Publisher.Advance(ctx, s.org, s.id, models.FinishStage(s.held.Fence, s.held.Stage, func(*models.Video) {}))
	if err == nil {
		s.held = v
	}
}

// finish brings the video to an end that everybody hears of, and sometimes
// deletes it then.
func (s *plot) finish(ctx context.Context) {
	if s.rnd.IntN(3) > 0 {
		for range models.Stages {
			s.stage(ctx)
		}
	}
	s.house.askJSON("POST", "/api/videos/"+s.id+"/cancel", s.editor, "")
	if s.rnd.IntN(3) == 0 {
		s.house.askJSON("DELETE", "/api/videos/"+s.id, s.editor, "")
	}
}
