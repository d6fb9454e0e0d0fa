package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"reelroom/models"
	"reelroom/server/harness/sio"
)

type watchCommand struct {
	Video        string        `help:"Subscribe to this video and show its events only (and those of no video)." placeholder:"ID"`
	Door         string        `help:"How to listen: socketio, ws, sse or poll." default:"socketio" enum:"socketio,ws,sse,poll"`
	Transport    string        `help:"Transport of the socketio door: websocket or polling." default:"websocket" enum:"websocket,polling"`
	UntilOutcome bool          `help:"End with the outcome of --video; exit code 1 unless it was processed."`
	Count        int           `help:"End after this many events; 0 means never." placeholder:"N"`
	Timeout      time.Duration `help:"End after this time; exit code 1 when an outcome or a count was waited for." placeholder:"DURATION"`
}

// The ways in which watching ends by itself.
var (
	errEnough  = errors.New("enough was seen")
	errTimeout = errors.New("the time is over")
)

func (c watchCommand) Run(a *app) error {
	switch {
	case c.UntilOutcome && c.Video == "":
		return usage("--until-outcome needs --video")
	case c.Count < 0 || c.Timeout < 0:
		return usage("--count and --timeout cannot be negative")
	}
	ctx, end := context.WithCancelCause(a.ctx)
	defer end(nil)
	if c.Timeout > 0 {
		defer time.AfterFunc(c.Timeout, func() { end(errTimeout) }).Stop()
	}
	w := &watching{watchCommand: c, app: a, end: end, lines: newLines(time.Local)}
	if err := listeners[c.Door](ctx, w); err != nil && ctx.Err() == nil {
		return err
	}
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errEnough), a.ctx.Err() != nil:
		return nil
	case !errors.Is(cause, errTimeout):
		return cause
	case c.UntilOutcome:
		return models.Errorf(models.CodeTimeout, "no outcome within %s", c.Timeout)
	case c.Count > 0:
		return models.Errorf(models.CodeTimeout, "%d of %d events came within %s", w.seen, c.Count, c.Timeout)
	}
	return nil
}

// watching is one run of the command. Its methods are called by the listener,
// one at a time.
type watching struct {
	watchCommand
	app    *app
	client *sio.Client // of the socketio door
	end    context.CancelCauseFunc
	lines  *lines
	seen   int
	ended  bool
}

// listener listens at one door until ctx ends; an error means that it makes no
// sense to go on. It gives [watching.show] the present state of --video first,
// and again after each stream:reset, and every event once; it comes again by
// itself after a cut, from where it was, and tells of it with [app.note].
type listener func(ctx context.Context, w *watching) error

// listeners are the doors that can be listened at, by their names.
var listeners = map[string]listener{
	"socketio": listenSocketIO,
	"ws":       listenWS,
	"sse":      listenSSE,
	"poll":     listenPoll,
}

func listenSocketIO(ctx context.Context, w *watching) error {
	w.client = w.app.client(sio.Config{
		Transport: sio.Transport(w.Transport), Backoff: patient,
		OnConnect: w.connected, OnEvent: w.event,
	})
	return w.client.Run(ctx)
}

func (w *watching) connected(s sio.Session) {
	how := "connected to"
	if s.Recovered {
		how = "resumed at"
	}
	w.app.note("%s %s", how, w.app.address())
	if !s.Recovered {
		w.ask()
	}
}

// ask wants the video's present state.
func (w *watching) ask() {
	if w.Video == "" {
		return
	}
	ctx, cancel := context.WithTimeout(w.app.ctx, askTime)
	defer cancel()
	err := w.client.EmitFunc(ctx, w.subscribed, "video:subscribe", w.Video)
	if err != nil && !errors.Is(err, sio.ErrNotConnected) {
		w.finish(err)
	}
}

// askTime bounds the wait for an acknowledgement that the harness needs.
const askTime = 10 * time.Second

func (w *watching) subscribed(args []json.RawMessage, err error) {
	if errors.Is(err, sio.ErrNotConnected) {
		return // the next connection asks again
	}
	if err == nil {
		var s subscription
		if s, err = subscriptionOf(args); err == nil {
			w.show(received{eventState, s.Cursor, s.Video, time.Now().UTC()})
			return
		}
	}
	w.finish(err)
}

// event takes what the server sends. That the stream is ready is no news; after
// a reset what was missed is in the present state.
func (w *watching) event(e sio.Event) {
	if e.Name == string(models.EventStreamReady) {
		return
	}
	w.show(receivedOf(e))
	if e.Name == string(models.EventStreamReset) {
		w.ask()
	}
}

// show prints an event and sees whether it was the last one wanted.
func (w *watching) show(r received) {
	d := r.digest()
	if w.ended || w.Video != "" && d.VideoID != "" && d.VideoID != w.Video {
		return
	}
	var err error
	if w.app.JSON {
		err = w.app.print(r)
	} else {
		_, err = fmt.Fprintln(w.app.out, w.lines.line(r, d))
	}
	if r.Event != eventState {
		w.seen++
	}
	switch {
	case err != nil:
		w.finish(err)
	case w.UntilOutcome && d.VideoID == w.Video && r.ends(d):
		w.finish(verdict(r, d))
	case w.Count > 0 && w.seen >= w.Count:
		w.finish(errEnough)
	}
}

func (w *watching) finish(cause error) {
	w.ended = true
	w.end(cause)
}

// verdict is [errEnough] for a processed video, and for any other outcome the
// error that ends the command as failed: the event itself was printed.
func verdict(r received, d digest) error {
	if r.Event == string(models.EventProcessed) || d.Status == models.StatusCompleted {
		return errEnough
	}
	return errReported
}
