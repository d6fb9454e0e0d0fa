package redislog

import (
	"context"
	"errors"
	"sync"

	"reelroom/models"
	"reelroom/rooms"
)

const (
	// A follower queues at most queueEvents messages of queueBytes together;
	// with more to come it drops them all and reads the stream instead.
	queueEvents = 256
	queueBytes  = 1 << 20
	// pageEvents is how many events a follower reads from the stream at once.
	pageEvents = 256
)

// reason says why a follower must read the stream.
type reason int

const (
	current    reason = iota // it need not
	subscribed               // the channel was just subscribed to
	lagging                  // a gap, an overflow, a lost message, another epoch
)

// follower is one call of [Log.Follow].
type follower struct {
	org     string
	channel string
	wake    chan struct{} // holds one signal

	mu      sync.Mutex
	queue   []message
	bytes   int
	behind  reason
	at      rooms.Cursor // what was delivered
	checked rooms.Cursor // the head at the last check
}

// offer hands over a message; it never waits. What comes while the follower is
// behind is in the stream already, where it is going to read.
func (f *follower) offer(m message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.behind == lagging {
		return
	}
	if len(f.queue) >= queueEvents || f.bytes+len(m.event) > queueBytes && len(f.queue) > 0 {
		f.lag(lagging)
		return
	}
	f.queue = append(f.queue, m)
	f.bytes += len(m.event)
	f.signal()
}

func (f *follower) fallBehind(why reason) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.lag(why)
}

func (f *follower) lag(why reason) {
	f.behind = max(f.behind, why)
	f.queue, f.bytes = nil, 0
	f.signal()
}

func (f *follower) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// observe compares a head with what was delivered. A head that is ahead may
// have its message on the way, so it counts from the second look on.
func (f *follower) observe(head rooms.Cursor) {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := f.checked
	f.checked = head
	switch {
	case head.Epoch != f.at.Epoch || head.Seq < f.at.Seq:
		f.lag(lagging)
	case before.Epoch == f.at.Epoch && before.Seq > f.at.Seq:
		f.lag(lagging)
	}
}

// take returns what is queued, or why the stream must be read.
func (f *follower) take() ([]message, reason) {
	f.mu.Lock()
	defer f.mu.Unlock()
	queue, why := f.queue, f.behind
	f.queue, f.bytes, f.behind = nil, 0, current
	return queue, why
}

func (f *follower) move(c rooms.Cursor) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at = c
}

// Follow is [rooms.Log.Follow]. It fails only when the first head cannot be
// read; later outages are waited out. It returns nil when ctx ends. deliver may
// be slow: only its own organization waits, and what piles up is read from the
// stream later.
func (l *Log) Follow(ctx context.Context, org string, ready func(rooms.Cursor), deliver func(head rooms.Cursor, events []models.Event)) error {
	at, err := l.Head(ctx, org)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	f := &follower{org: org, channel: l.keys(org).channel(), wake: make(chan struct{}, 1), at: at}
	f.behind = subscribed // the channel may be subscribed to already
	f.signal()
	l.feed.add(f)
	defer l.feed.remove(f)
	ready(at)

	give := func(head rooms.Cursor, events []models.Event) {
		if ctx.Err() == nil {
			deliver(head, events)
		}
		at = head
		f.move(at)
	}
	pause := minBackoff
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-f.wake:
		}
		queue, why := f.take()
		if why == current {
			events, whole := l.inOrder(org, at, queue)
			if len(events) > 0 {
				give(rooms.CursorOf(&events[len(events)-1]), events)
			}
			if whole {
				continue
			}
			why = lagging
		}
		if err := l.catchUp(ctx, org, at, why, give); err == nil {
			pause = minBackoff
		} else if ctx.Err() == nil {
			l.opts.Logger.Debug("cannot catch up yet", "organization", org, "error", err)
			f.fallBehind(lagging)
			sleep(ctx, pause)
			pause = min(2*pause, maxBackoff)
		}
	}
}

// inOrder decodes the messages that follow at without a gap, and reports
// whether that was all of them.
func (l *Log) inOrder(org string, at rooms.Cursor, queue []message) ([]models.Event, bool) {
	events := make([]models.Event, 0, len(queue))
	for _, m := range queue {
		if m.epoch == at.Epoch && m.seq <= at.Seq {
			continue
		}
		if m.epoch != at.Epoch || m.seq != at.Seq+1 {
			return events, false
		}
		e, err := decode(m.event, org, m.epoch, m.seq)
		if err != nil {
			return events, false
		}
		at.Seq++
		events = append(events, e)
	}
	return events, true
}

// catchUp delivers from the stream until its head, or moves to the head when
// something between is gone.
func (l *Log) catchUp(ctx context.Context, org string, at rooms.Cursor, why reason, give func(rooms.Cursor, []models.Event)) error {
	found := false
	for ctx.Err() == nil {
		events, head, err := l.page(ctx, org, at, pageEvents)
		if errors.Is(err, models.ErrReset) {
			give(head, nil)
			return nil
		}
		if err != nil {
			return err
		}
		if len(events) > 0 {
			at = rooms.CursorOf(&events[len(events)-1])
			give(at, events)
			if !found && why == lagging {
				l.healed.Add(1)
			}
			found = true
		}
		if at == head || len(events) == 0 {
			return nil
		}
	}
	return ctx.Err()
}
