package main

import (
	"context"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/coder/websocket"

	"reelroom/models"
)

// overWS listens at the raw WebSocket door, which tells one job.
type overWS struct {
	*watching
	cursor string
}

// listenWS ends when the server has told the outcome.
func listenWS(ctx context.Context, w *watching) error {
	if w.Video == "" {
		return usage("--door ws needs --video")
	}
	o := &overWS{watching: w}
	ever, failed := false, 0
	for {
		in, err := o.socket(ctx)
		switch {
		case ctx.Err() != nil, err == nil && w.Count == 0:
			return nil
		case err == nil:
			return models.Errorf(models.CodeNotFound, "%d of %d events came before the job ended", w.seen, w.Count)
		}
		if in {
			ever, failed = true, 0
		}
		if failed++; !ever || refusedForGood(err) || failed > patient.Attempts {
			return err
		}
		wait := min(patient.Min<<min(failed, 8), patient.Max)
		wait = wait/2 + rand.N(wait) //nolint:gosec // so that not all come at once
		o.app.note("connection lost (%s); trying again in %.1f s", explain(err, o.app.address()).Message, wait.Seconds())
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// The door's own close codes; see its package.
var rawCodes = map[websocket.StatusCode]models.Code{
	4001: models.CodeTokenMissing, 4003: models.CodeTokenInvalid, 4400: models.CodeInvalid, 4404: models.CodeNotFound,
	websocket.StatusPolicyViolation: models.CodeRateLimited, websocket.StatusTryAgainLater: models.CodeUnavailable,
	websocket.StatusServiceRestart: models.CodeUnavailable,
}

// refusedForGood reports whether the door will say the same next time.
func refusedForGood(err error) bool {
	e, ok := errors.AsType[*models.Error](err)
	return ok && !e.Retry
}

// socket reads one connection to its end: no error when the job has ended. It
// reports whether the server has told anything.
func (o *overWS) socket(ctx context.Context) (in bool, err error) {
	token, err := o.app.bearer(localAdmin)
	if err != nil {
		return false, err
	}
	query := url.Values{"jobId": {o.Video}}
	if o.cursor != "" {
		query.Set("after", o.cursor)
	}
	opening, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	conn, resp, err := websocket.Dial(opening, "ws"+strings.TrimPrefix(o.app.address(), "http")+"/ws?"+query.Encode(), &websocket.DialOptions{
		HTTPHeader: http.Header{"Authorization": {"Bearer " + token}}, // not in the URL: proxies may log that
	})
	if resp != nil && resp.StatusCode != http.StatusSwitchingProtocols {
		return false, models.Errorf(models.CodeUnsupported, "the address answers %s, and is no raw WebSocket door", resp.Status)
	}
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(maxAnswer)
	watched, stop := context.WithCancel(ctx)
	defer stop()
	go watchdog(watched, conn)
	if o.cursor == "" {
		o.app.note("connected to %s", o.app.address())
	} else {
		o.app.note("resumed at %s", o.app.address())
	}
	for {
		_, raw, err := conn.Read(ctx)
		if c, ok := errors.AsType[websocket.CloseError](err); ok {
			return in, ended(c)
		}
		if err != nil {
			return in, err
		}
		in = true
		if err := o.take(raw); err != nil {
			return in, err
		}
	}
}

// wsSilence is how often the server is asked whether it is there.
const wsSilence = 30 * time.Second

// watchdog drops a connection whose server does not answer, until ctx ends.
func watchdog(ctx context.Context, conn *websocket.Conn) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wsSilence):
		}
		asking, done := context.WithTimeout(ctx, askTime)
		if conn.Ping(asking) != nil {
			_ = conn.CloseNow()
		}
		done()
	}
}

// ended makes an error of how the server has closed.
func ended(c websocket.CloseError) error {
	if c.Code == websocket.StatusNormalClosure {
		return nil
	}
	code, known := rawCodes[c.Code]
	if !known {
		code = models.CodeInternal
	}
	err := models.Errorf(code, "closed with %d: %s", c.Code, c.Reason)
	if c.Code < 4000 && c.Code != websocket.StatusPolicyViolation {
		err = err.Again(0)
	}
	return err
}

// take shows a message as the other doors show the event that it was made from.
func (o *overWS) take(raw []byte) error {
	var head struct {
		Type, Event, Cursor, Reset string
		Result                     json.RawMessage
	}
	fields := map[string]json.RawMessage{}
	if json.Unmarshal(raw, &head) != nil || json.Unmarshal(raw, &fields) != nil || head.Type == "" {
		return models.Errorf(models.CodeUnsupported, "the address sends something else than a raw WebSocket door does")
	}
	o.cursor = head.Cursor
	if head.Reset != "" {
		reset, _ := json.Marshal(models.StreamReset{Reason: head.Reset, Cursor: head.Cursor}) // plain strings
		o.show(received{string(models.EventStreamReset), head.Cursor, reset, time.Now().UTC()})
	}
	for from, to := range map[string]string{"jobId": "videoId", "pct": "progress", "stagePct": "stageProgress"} {
		if value, ok := fields[from]; ok {
			fields[to] = value
		}
		delete(fields, from)
	}
	for _, name := range []string{"type", "event", "cursor", "result", "reset"} {
		delete(fields, name)
	}
	payload := head.Result
	if len(payload) == 0 {
		payload, _ = json.Marshal(fields) // what was read
	}
	o.show(received{head.Event, head.Cursor, payload, time.Now().UTC()})
	return nil
}
