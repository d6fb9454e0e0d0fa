package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"
)

// maxRate is what the server takes, in events per second; maxCount bounds one
// burst, and maxParallel the requests that are under way at once.
const (
	maxRate     = 1000
	maxCount    = 1_000_000
	maxParallel = 64
)

// counter stands in DATA and --id for the number of the event, from 1.
const counter = "{{n}}"

type publishCommand struct {
	Event    string  `arg:"" help:"video:progress, video:updated, video:processed or video:failed."`
	Data     string  `arg:"" name:"json" help:"The payload's fields; {{n}} stands for the number of the event."`
	Video    string  `help:"The video that the event is about." placeholder:"ID" required:""`
	ID       string  `name:"id" help:"Idempotency id; with --count, {{n}} must stand in it." placeholder:"ID"`
	Count    int     `help:"How many events." default:"1"`
	Rate     float64 `help:"Events per second, at most 1000." default:"1000"`
	Parallel int     `help:"Requests at once; 1 keeps the order of {{n}}." default:"8"`
}

func (c publishCommand) Run(a *app) error {
	switch {
	case c.Count < 1 || c.Count > maxCount:
		return usage("--count must be 1 to %d", maxCount)
	case !(c.Rate > 0 && c.Rate <= maxRate):
		return usage("--rate must be above 0, and at most %d", maxRate)
	case c.Parallel < 1 || c.Parallel > maxParallel:
		return usage("--parallel must be 1 to %d", maxParallel)
	case c.ID != "" && c.Count > 1 && !strings.Contains(c.ID, counter):
		return usage("with --count, --id must hold %s, or all but the first would be taken for repetitions", counter)
	}
	if _, err := c.body(1); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(a.ctx)
	defer stop()
	var s summary
	a.board = newBoard(a.screen)
	row := a.board.add("publishing", int64(c.Count), eventsUnit)
	// A quarter of a second may be caught up: timers wake late, and others use the
	// machine, too.
	limit := rate.NewLimiter(rate.Limit(c.Rate), max(1, int(c.Rate/4)))
	var group errgroup.Group
	group.SetLimit(c.Parallel)
	begin := time.Now()
	for n := 1; n <= c.Count && limit.Wait(ctx) == nil; n++ {
		group.Go(func() error {
			fatal := c.one(ctx, a, n, &s)
			row.advance(1)
			if fatal {
				stop() // whatever follows would fail alike
			}
			return nil
		})
	}
	_ = group.Wait()
	a.board.close()
	a.board = nil
	return s.tell(a, c.Count, time.Since(begin))
}

// body returns the request for event n.
func (c publishCommand) body(n int) ([]byte, error) {
	number := strconv.Itoa(n)
	data := strings.ReplaceAll(c.Data, counter, number)
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(data), &object); err != nil || object == nil {
		return nil, usage("%s is not a JSON object", data)
	}
	return json.Marshal(struct {
		Event   string          `json:"event"`
		VideoID string          `json:"videoId"`
		Data    json.RawMessage `json:"data"`
		ID      string          `json:"id,omitempty"`
	}{c.Event, c.Video, json.RawMessage(data), strings.ReplaceAll(c.ID, counter, number)})
}

// one publishes event n. It reports whether the failure is one that every
// later event would share.
func (c publishCommand) one(ctx context.Context, a *app, n int, s *summary) (fatal bool) {
	body, err := c.body(n)
	var answer struct {
		Seq    uint64 `json:"seq"`
		Cursor string `json:"cursor"`
	}
	begin := time.Now()
	if err == nil {
		err = a.postJSON(ctx, "/api/events", service, body, &answer)
	}
	s.add(err, answer.Seq, answer.Cursor, time.Since(begin))
	if err == nil {
		return false
	}
	p, refused := errors.AsType[*problem](err)
	return !refused || p.Status >= 400 && p.Status < 500 && p.Status != 429
}

// summary gathers what became of a burst.
type summary struct {
	mu       sync.Mutex
	took     []time.Duration
	failed   map[string]int
	first    error
	minSeq   uint64
	maxSeq   uint64
	cursor   string
	accepted int
}

func (s *summary) add(err error, seq uint64, cursor string, took time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		// What was cut off by the first failure is not one of its own.
		if errors.Is(err, context.Canceled) && s.first != nil {
			return
		}
		if s.failed == nil {
			s.failed, s.first = map[string]int{}, err
		}
		s.failed[string(explain(err, "").Code)]++
		return
	}
	s.accepted++
	s.took = append(s.took, took)
	if s.minSeq == 0 || seq < s.minSeq {
		s.minSeq = seq
	}
	if seq >= s.maxSeq {
		s.maxSeq, s.cursor = seq, cursor
	}
}

func (s *summary) tell(a *app, count int, elapsed time.Duration) error {
	p50, p99, slowest := percentiles(s.took)
	perSecond := float64(s.accepted) / max(elapsed.Seconds(), 1e-6)
	var err error
	switch {
	case a.JSON:
		err = a.print(struct {
			Asked     int            `json:"asked"`
			Accepted  int            `json:"accepted"`
			Failed    map[string]int `json:"failed"`
			FirstSeq  uint64         `json:"firstSeq"`
			LastSeq   uint64         `json:"lastSeq"`
			Cursor    string         `json:"cursor"`
			Seconds   float64        `json:"seconds"`
			PerSecond float64        `json:"perSecond"`
			P50Ms     float64        `json:"p50Ms"`
			P99Ms     float64        `json:"p99Ms"`
			MaxMs     float64        `json:"maxMs"`
		}{count, s.accepted, s.failed, s.minSeq, s.maxSeq, s.cursor, elapsed.Seconds(), perSecond,
			milliseconds(p50), milliseconds(p99), milliseconds(slowest)})
	case count == 1 && s.accepted == 1:
		_, err = fmt.Fprintf(a.out, "accepted as #%d, cursor %s\n", s.maxSeq, clean(s.cursor, false))
	case s.accepted > 0:
		_, err = fmt.Fprintf(a.out, "%d of %d accepted in %.2f s (%.0f/s), #%d to #%d; answered in %.1f ms (p50), %.1f ms (p99), %.1f ms (slowest)\n",
			s.accepted, count, elapsed.Seconds(), perSecond, s.minSeq, s.maxSeq, milliseconds(p50), milliseconds(p99), milliseconds(slowest))
	}
	switch {
	case err != nil:
		return err
	case s.first != nil:
		if count > 1 {
			a.note("not accepted: %v; the first:", s.failed)
		}
		return s.first
	case s.accepted < count:
		return context.Canceled
	}
	return nil
}
