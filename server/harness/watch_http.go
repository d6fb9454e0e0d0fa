package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"time"

	"reelroom/models"
	"reelroom/server/harness/eventsource"
)

// silence is how long a stream may say nothing, not even that it is there.
const silence = 45 * time.Second

// errNoStream is an answer that is none of a Reelroom server's.
var errNoStream = models.Errorf(models.CodeUnsupported, "the answer is no stream of events")

// overHTTP listens at a door without a connection of its own kind.
type overHTTP struct {
	*watching
	cursor string
	// asked tells that the state was shown since the last connection.
	asked bool
}

func listenSSE(ctx context.Context, w *watching) error {
	o := &overHTTP{watching: w}
	return o.comeAgain(ctx, o.stream)
}

func listenPoll(ctx context.Context, w *watching) error {
	o := &overHTTP{watching: w}
	return o.comeAgain(ctx, o.poll)
}

// comeAgain calls attempt until ctx ends, with a wait after each that failed. It
// reports whether the server let it in; one that never did, or that refuses for
// good, ends the command.
func (o *overHTTP) comeAgain(ctx context.Context, attempt func(context.Context) (bool, error)) error {
	ever, failed := false, 0
	for {
		in, err := attempt(ctx)
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			ever, failed = true, 0
			continue
		case in:
			ever, failed = true, 0
		}
		if failed++; !ever || final(err) || failed > patient.Attempts {
			return err
		}
		wait := patient.Wait(failed)
		o.app.note("connection lost (%s); trying again in %.1f s", explain(err, o.app.address()).Message, wait.Seconds())
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// final reports whether a refusal will be the same next time.
func final(err error) bool {
	p, ok := errors.AsType[*problem](err)
	return ok && p.Status >= 400 && p.Status < 500 && p.Status != http.StatusTooManyRequests && p.Status != http.StatusRequestTimeout ||
		errors.Is(err, errNoStream)
}

// path is the address of all events, with those of --video's own room.
func (o *overHTTP) path(query url.Values) string {
	if o.Video != "" {
		query.Set("video", o.Video)
	}
	if len(query) == 0 {
		return o.app.address() + "/api/events"
	}
	return o.app.address() + "/api/events?" + query.Encode()
}

// stream reads one answer to its end.
func (o *overHTTP) stream(ctx context.Context) (in bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	body, err := o.open(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = body.Close() }()
	alive := time.AfterFunc(silence, cancel)
	defer alive.Stop()
	reader := eventsource.NewReader(body, o.cursor)
	reader.Comment = func(string) { alive.Reset(silence) }
	why := errors.New("the stream has ended")
	o.asked = false
	for {
		e, err := reader.Next()
		alive.Reset(silence)
		o.cursor = reader.LastID
		switch {
		case errors.Is(err, io.EOF):
			return in, why
		case err != nil:
			return in, err
		}
		in = true
		if e.Name == "stream:place" { // the reader has noted it
			continue
		}
		if e.Name == "stream:end" {
			var end struct{ Code, Message string }
			_ = json.Unmarshal(e.Data, &end)
			why = models.Errorf(models.Code(end.Code), "%s", end.Message)
			continue
		}
		o.take(ctx, received{e.Name, e.ID, e.Data, time.Now().UTC()})
	}
}

func (o *overHTTP) open(ctx context.Context) (io.ReadCloser, error) {
	token, err := o.app.bearer(localAdmin)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.path(url.Values{}), nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "text/event-stream")
	if o.cursor != "" {
		req.Header.Set("Last-Event-ID", o.cursor)
	}
	resp, err := o.app.http.Do(req)
	if err != nil {
		return nil, err
	}
	kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if resp.StatusCode == http.StatusOK && kind == "text/event-stream" {
		return resp.Body, nil
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusOK {
		return nil, errNoStream
	}
	start, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return nil, problemOf(resp.StatusCode, start)
}

// poll asks once; the first time, only for the place to begin at.
func (o *overHTTP) poll(ctx context.Context) (in bool, err error) {
	query := url.Values{"wait": {"0"}}
	if o.cursor != "" {
		query = url.Values{"after": {o.cursor}, "limit": {"256"}}
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, o.path(query), nil)
	if err != nil {
		return false, err
	}
	var answer struct {
		Data []struct {
			Event, Cursor string
			Payload       json.RawMessage
		}
		Cursor string
		Reset  bool
		Reason string
	}
	if err := o.app.call(req, localAdmin, &answer); err != nil {
		return false, err
	}
	first := o.cursor == ""
	o.cursor, o.asked = answer.Cursor, false
	if first {
		o.take(ctx, readyAt(answer.Cursor))
	}
	if answer.Reset {
		raw, _ := json.Marshal(models.StreamReset{Reason: answer.Reason, Cursor: answer.Cursor}) // plain strings
		o.take(ctx, received{string(models.EventStreamReset), answer.Cursor, raw, time.Now().UTC()})
	}
	for _, e := range answer.Data {
		o.take(ctx, received{e.Event, e.Cursor, e.Payload, time.Now().UTC()})
	}
	return true, nil
}

// readyAt is what a stream begins with.
func readyAt(cursor string) received {
	raw, _ := json.Marshal(models.StreamReady{Cursor: cursor}) // plain strings
	return received{string(models.EventStreamReady), cursor, raw, time.Now().UTC()}
}

// take shows what came. The present state is asked for where it is not what the
// events before have told.
func (o *overHTTP) take(ctx context.Context, r received) {
	switch models.EventName(r.Event) {
	case models.EventStreamReady:
		var ready models.StreamReady
		_ = json.Unmarshal(r.Payload, &ready)
		if ready.Recovered {
			o.app.note("resumed at %s", o.app.address())
			return
		}
		o.app.note("connected to %s", o.app.address())
		o.state(ctx, r.Cursor)
	case models.EventStreamReset:
		o.show(r)
		o.state(ctx, r.Cursor)
	default:
		o.show(r)
	}
}

// state shows the video's document; events after the cursor complete it.
func (o *overHTTP) state(ctx context.Context, cursor string) {
	if o.Video == "" || o.asked || o.ended {
		return
	}
	o.asked = true
	d, err := o.app.video(ctx, o.Video)
	if err != nil {
		if ctx.Err() == nil {
			o.finish(err)
		}
		return
	}
	raw, _ := json.Marshal(d) // plain structs of plain fields
	o.show(received{eventState, cursor, raw, time.Now().UTC()})
}
