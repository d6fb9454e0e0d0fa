package redislog

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"reelroom/rooms"
)

// feed is the one subscribed connection of a [Log], shared by all followers,
// and the periodic look at the heads. It runs while there is a follower.
type feed struct {
	log     *Log
	changed chan struct{} // the set of channels changed; holds one signal

	mu        sync.Mutex
	followers map[string]map[*follower]struct{} // by channel
	stop      func()                            // ends the run and waits; nil when none
}

const (
	// pingEvery is how often the connection must show life; one that says
	// nothing for silence is given up. No read of a connection goes on after
	// a timeout: it may have stopped in the middle of a message.
	pingEvery = time.Second
	silence   = 4 * time.Second
	// subscribeBatch bounds the channels of one SUBSCRIBE, checkBatch the
	// heads of one round trip.
	subscribeBatch = 256
	checkBatch     = 256
	minBackoff     = 50 * time.Millisecond
	maxBackoff     = 2 * time.Second
)

func (f *feed) init(l *Log) {
	f.log = l
	f.changed = make(chan struct{}, 1)
	f.followers = make(map[string]map[*follower]struct{})
}

func (f *feed) add(fl *follower) {
	f.mu.Lock()
	defer f.mu.Unlock()
	set := f.followers[fl.channel]
	if set == nil {
		set = make(map[*follower]struct{})
		f.followers[fl.channel] = set
	}
	set[fl] = struct{}{}
	f.signal()
	if f.stop != nil {
		return
	}
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { f.sessions(ctx) })
	wg.Go(func() { f.checks(ctx) })
	f.stop = func() {
		cancel()
		wg.Wait()
	}
}

func (f *feed) remove(fl *follower) {
	f.mu.Lock()
	set := f.followers[fl.channel]
	delete(set, fl)
	if len(set) == 0 {
		delete(f.followers, fl.channel)
	}
	f.signal()
	var stop func()
	if len(f.followers) == 0 {
		stop, f.stop = f.stop, nil
	}
	f.mu.Unlock()
	if stop != nil {
		stop()
	}
}

func (f *feed) signal() {
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

// sessions keeps one subscribed connection, with a pause after each failure.
func (f *feed) sessions(ctx context.Context) {
	pause := minBackoff
	for ctx.Err() == nil {
		began := time.Now()
		err := f.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > 2*maxBackoff {
			pause = minBackoff
		}
		f.log.opts.Logger.Warn("the channel of live events broke; subscribing again", "error", err, "in", pause)
		if !sleep(ctx, pause) {
			return
		}
		pause = min(2*pause, maxBackoff)
	}
}

// session subscribes to what is followed, and hands messages on until the
// connection fails. Each confirmed subscription sends its followers to the
// stream once, for what was published before.
func (f *feed) session(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	ps := f.log.client.Subscribe(ctx)
	var wg sync.WaitGroup
	wg.Go(func() {
		cancel(f.subscriptions(ctx, ps))
		_ = ps.Close() // ends the read below
	})
	defer wg.Wait()
	for ctx.Err() == nil {
		got, err := ps.ReceiveTimeout(ctx, silence)
		if err != nil {
			cancel(err)
			break
		}
		switch m := got.(type) {
		case *redis.Message:
			if parsed, ok := parseMessage(m.Payload); ok {
				for _, fl := range f.of(m.Channel) {
					fl.offer(parsed)
				}
			}
		case *redis.Subscription:
			if m.Kind == "subscribe" {
				for _, fl := range f.of(m.Channel) {
					fl.fallBehind(subscribed)
				}
			}
		}
	}
	return context.Cause(ctx)
}

// subscriptions keeps the connection subscribed to exactly what is followed,
// and alive, until ctx ends or a write fails.
func (f *feed) subscriptions(ctx context.Context, ps *redis.PubSub) error {
	have := make(map[string]struct{})
	defer f.signal() // a signal taken here was meant for the next session
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		want := f.channels()
		var join, leave []string
		for c := range want {
			if _, ok := have[c]; !ok {
				join = append(join, c)
			}
		}
		for c := range have {
			if _, ok := want[c]; !ok {
				leave = append(leave, c)
			}
		}
		for batch := range slices.Chunk(leave, subscribeBatch) {
			if err := ps.Unsubscribe(ctx, batch...); err != nil {
				return err
			}
		}
		for batch := range slices.Chunk(join, subscribeBatch) {
			if err := ps.Subscribe(ctx, batch...); err != nil {
				return err
			}
		}
		have = want
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-f.changed:
		case <-tick.C:
			if err := ps.Ping(ctx); err != nil {
				return err
			}
		}
	}
}

func (f *feed) channels() map[string]struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	set := make(map[string]struct{}, len(f.followers))
	for c := range f.followers {
		set[c] = struct{}{}
	}
	return set
}

func (f *feed) of(channel string) []*follower {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Collect(maps.Keys(f.followers[channel]))
}

// checks compares the heads with what was delivered: a channel may lose its
// last message, and nothing after it would tell.
func (f *feed) checks(ctx context.Context) {
	tick := time.NewTicker(f.log.opts.CheckEvery)
	defer tick.Stop()
	away := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := f.check(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil && !away {
			f.log.opts.Logger.Warn("the heads of followed logs cannot be read", "error", err)
		}
		away = err != nil
	}
}

func (f *feed) check(ctx context.Context) error {
	f.mu.Lock()
	all := make([]*follower, 0, len(f.followers))
	for _, set := range f.followers {
		all = slices.AppendSeq(all, maps.Keys(set))
	}
	f.mu.Unlock()
	var failed error
	for batch := range slices.Chunk(all, checkBatch) {
		if err := f.checkHeads(ctx, batch); err != nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

func (f *feed) checkHeads(ctx context.Context, batch []*follower) error {
	ctx, cancel := context.WithTimeout(ctx, f.log.opts.Timeout)
	defer cancel()
	answers := make([]*redis.SliceCmd, len(batch))
	_, err := f.log.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, fl := range batch {
			answers[i] = p.HMGet(ctx, f.log.keys(fl.org).head(), "epoch", "seq")
		}
		return nil
	})
	for i, answer := range answers {
		if answer.Err() != nil || len(answer.Val()) != 2 {
			continue
		}
		head, err := cursor(answer.Val()[0], answer.Val()[1])
		if err != nil {
			head = rooms.Cursor{} // no head: the log was lost
		}
		batch[i].observe(head)
	}
	return err
}

// sleep waits for d and reports whether ctx still lasts.
func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return true
	}
}
