package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"

	"reelroom/models"
	"reelroom/server/library"
)

const (
	// maxEvents bounds the events of one request, maxEventsBody its bytes.
	maxEvents     = 500
	maxEventsBody = 1 << 20
)

// typeLines is the media type of one JSON value a line.
const typeLines = "application/x-ndjson"

// EventReceipts answers several events that were sent at once, in their order.
type EventReceipts struct {
	Receipts []EventReceipt `json:"receipts"`
}

// EventReceipt is the place that an event got, as in [library.Receipt], or why it
// got none.
type EventReceipt struct {
	Seq      uint64        `json:"seq,omitempty"`
	Cursor   string        `json:"cursor,omitempty"`
	Repeated bool          `json:"repeated,omitempty"`
	Error    *EventRefusal `json:"error,omitempty"`
}

// EventRefusal says why one of several events was not taken.
type EventRefusal struct {
	Code    models.Code `json:"code"`
	Message string      `json:"message"`
}

// publish answers POST /api/events, the door of an outside worker: one event, or
// up to [maxEvents] as an array or as lines ([typeLines]), which are taken in
// order, each by itself.
func (a *api) publish(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if !who.May(models.ActionPublish) { // before the body is read
		return models.Errorf(models.CodeForbidden, "Your role does not permit this.")
	}
	body, kind, err := read(w, r, maxEventsBody, typeLines, "application/json")
	if err != nil {
		return err
	}
	switch body = bytes.TrimLeft(body, " \t\r\n"); {
	case kind == typeLines:
		return a.publishAll(w, r, who, lines(body))
	case len(body) > 0 && body[0] == '[':
		events, err := elements(body)
		if err != nil {
			return errNoObject.Because(err)
		}
		return a.publishAll(w, r, who, events)
	}
	if len(body) > maxJSON {
		return models.Errorf(models.CodeTooLarge, "The event is larger than %d bytes.", maxJSON)
	}
	var p library.Publication
	if err := unmarshal(body, &p); err != nil {
		return err
	}
	receipt, err := a.Library.Publish(r.Context(), who, p)
	if err != nil {
		return err
	}
	return Write(w, http.StatusAccepted, receipt)
}

// elements returns the elements of an array, and of one that has too many no more
// than tell so: a small body can hold half a million.
func elements(body []byte) (events []json.RawMessage, err error) {
	d := json.NewDecoder(bytes.NewReader(body))
	if _, err := d.Token(); err != nil { // the bracket
		return nil, err
	}
	for d.More() {
		var raw json.RawMessage
		if err := d.Decode(&raw); err != nil {
			return nil, err
		}
		if events = append(events, raw); len(events) > maxEvents {
			return events, nil
		}
	}
	if _, err := d.Token(); err != nil { // the other one
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.Join(errTail, err)
	}
	return events, nil
}

var errTail = errors.New("something follows the array")

func lines(body []byte) (events []json.RawMessage) {
	for line := range bytes.Lines(body) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			events = append(events, json.RawMessage(line))
		}
		if len(events) > maxEvents {
			break // enough to be refused
		}
	}
	return events
}

// publishAll publishes one event after the other. One that is wrong keeps none
// of the others away; after one that may be taken later none is taken, so that
// their order holds.
func (a *api) publishAll(w http.ResponseWriter, r *http.Request, who models.Identity, events []json.RawMessage) error {
	if len(events) == 0 || len(events) > maxEvents {
		return models.Errorf(models.CodeInvalid, "The body must hold 1 to %d events.", maxEvents)
	}
	out := EventReceipts{make([]EventReceipt, len(events))}
	var stopped *EventRefusal
	for i, raw := range events {
		if stopped != nil {
			out.Receipts[i].Error = stopped
			continue
		}
		receipt, err := a.publishOne(r, who, raw, i)
		if err == nil {
			out.Receipts[i] = EventReceipt{receipt.Seq, receipt.Cursor, receipt.Repeated, nil}
			continue
		}
		p := problemOf(err)
		if p.Status >= http.StatusInternalServerError {
			entryOf(r).err = err // for the log
		}
		out.Receipts[i].Error = &EventRefusal{p.Code, p.Detail}
		if p.Status >= http.StatusInternalServerError || p.Status == http.StatusTooManyRequests {
			if i == 0 {
				return err // nothing was taken: as of a single event
			}
			stopped = out.Receipts[i].Error
		}
	}
	return Write(w, http.StatusAccepted, out)
}

func (a *api) publishOne(r *http.Request, who models.Identity, raw json.RawMessage, i int) (receipt library.Receipt, err error) {
	if i > 0 { // the gate has counted the first one
		if err := a.Limits.Event(who); err != nil {
			return receipt, err
		}
	}
	if len(raw) > maxJSON {
		return receipt, models.Errorf(models.CodeTooLarge, "The event is larger than %d bytes.", maxJSON)
	}
	var p library.Publication
	if err := unmarshal(raw, &p); err != nil {
		return receipt, err
	}
	return a.Library.Publish(r.Context(), who, p)
}
