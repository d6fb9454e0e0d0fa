package main

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"reelroom/models"
	"reelroom/server/harness/sio"
)

// follower watches the videos of one upload command over one connection.
type follower struct {
	app    *app
	client *sio.Client
	// gone is closed when the client has ended, with why in err.
	gone chan struct{}
	err  error

	mu      sync.Mutex
	waiting map[string]*followed
}

// followed is a video whose outcome is awaited.
type followed struct {
	show func(received, digest)
	// ask is filled when its present state must be asked for: at the beginning
	// and after each connection.
	ask chan struct{}
	end chan received
}

func (f *followed) askAgain() {
	select {
	case f.ask <- struct{}{}:
	default:
	}
}

func (f *followed) take(r received, d digest) {
	f.show(r, d)
	if r.ends(d) {
		select {
		case f.end <- r:
		default: // the first outcome counts
		}
	}
}

// follow connects; it returns when the server has taken the connection. wait
// must be called in the end, after ctx was ended.
func (a *app) follow(ctx context.Context) (f *follower, err error) {
	f = &follower{app: a, gone: make(chan struct{}), waiting: map[string]*followed{}}
	connected := make(chan struct{}, 1)
	f.client = a.client(sio.Config{Backoff: patient, OnEvent: f.event, OnConnect: func(sio.Session) {
		f.mu.Lock()
		defer f.mu.Unlock()
		for _, v := range f.waiting {
			v.askAgain()
		}
		select {
		case connected <- struct{}{}:
		default:
		}
	}})
	go func() {
		defer close(f.gone)
		f.err = orInterrupted(f.client.Run(ctx))
	}()
	select {
	case <-connected:
		return f, nil
	case <-f.gone:
		return nil, f.err
	}
}

// wait returns when the connection was closed.
func (f *follower) wait() { <-f.gone }

func (f *follower) event(e sio.Event) {
	r := receivedOf(e)
	d := r.digest()
	f.mu.Lock()
	if e.Name == string(models.EventStreamReset) {
		for _, v := range f.waiting { // what was missed is in the present state
			v.askAgain()
		}
	}
	v := f.waiting[d.VideoID]
	f.mu.Unlock()
	if v != nil {
		v.take(r, d)
	}
}

// outcome calls show with the video's present state and every event after it,
// and returns the outcome. show must not wait.
func (f *follower) outcome(ctx context.Context, id string, show func(received, digest)) (received, error) {
	v := &followed{show: show, ask: make(chan struct{}, 1), end: make(chan received, 1)}
	v.askAgain()
	f.mu.Lock()
	f.waiting[id] = v
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		delete(f.waiting, id)
		f.mu.Unlock()
		// The server bounds subscriptions; one that is done makes room.
		_ = f.client.Emit(ctx, "video:unsubscribe", id)
	}()
	for {
		select {
		case r := <-v.end:
			return r, nil
		case <-v.ask:
			if err := f.state(ctx, id, v); err != nil {
				return received{}, err
			}
		case <-f.gone:
			return received{}, f.err
		case <-ctx.Done():
			return received{}, context.Cause(ctx)
		}
	}
}

// state subscribes and takes the snapshot of the acknowledgement. Where the
// subscription is refused (too many, say), the document tells the state, and
// the organization's events the rest.
func (f *follower) state(ctx context.Context, id string, v *followed) error {
	ask, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	args, err := f.client.EmitWithAck(ask, "video:subscribe", id)
	if errors.Is(err, sio.ErrNotConnected) {
		return nil // the next connection asks again
	}
	var r received
	if err == nil {
		var s subscription
		if s, err = subscriptionOf(args); err == nil {
			r = received{eventState, s.Cursor, s.Video, time.Now().UTC()}
		}
	}
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var d models.Document
		if d, err = f.app.video(ctx, id); err != nil {
			return err
		}
		raw, _ := json.Marshal(d) // plain structs of plain fields
		r = received{eventState, "", raw, time.Now().UTC()}
	}
	v.take(r, r.digest())
	return nil
}
