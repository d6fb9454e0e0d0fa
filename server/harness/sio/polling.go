package sio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
)

// separator stands between the packets of one polling payload.
const separator = "\x1e"

// pollWire is the HTTP long-polling transport: GET receives, POST sends, one
// of each at a time.
type pollWire struct {
	client *http.Client
	url    url.URL
	life   context.Context
	end    context.CancelFunc
	queue  []string
	polls  int

	sending sync.Mutex
}

// dialPolling makes the handshake; the session id that it learns is part of
// the address of every later request.
func dialPolling(ctx context.Context, client *http.Client, u *url.URL) (wire, error) {
	w := &pollWire{client: client, url: *u}
	w.life, w.end = context.WithCancel(context.WithoutCancel(ctx))
	packets, err := w.get(ctx)
	if err != nil {
		w.end()
		return nil, err
	}
	open, err := parseOpening(packets[0])
	if err != nil {
		w.end()
		return nil, err
	}
	q := w.url.Query()
	q.Set("sid", open.SID)
	w.url.RawQuery = q.Encode()
	w.queue = packets
	return w, nil
}

func (w *pollWire) read() (string, error) {
	for len(w.queue) == 0 {
		packets, err := w.get(w.life)
		if err != nil {
			return "", err
		}
		w.queue = packets
	}
	next := w.queue[0]
	w.queue = w.queue[1:]
	return next, nil
}

func (w *pollWire) get(ctx context.Context) ([]string, error) {
	// Each poll has a name of its own, as those of the official client. net/http
	// sends a GET again by itself where a kept connection ends before the answer:
	// the server then sees that an answer was lost, and ends the session.
	u := w.url
	q := u.Query()
	w.polls++
	q.Set("t", strconv.Itoa(w.polls))
	u.RawQuery = q.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	body, err := w.do(req)
	if err != nil {
		return nil, err
	}
	return strings.Split(body, separator), nil
}

func (w *pollWire) write(ctx context.Context, packet string) error {
	w.sending.Lock()
	defer w.sending.Unlock()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url.String(), strings.NewReader(packet))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	_, err = w.do(req)
	return err
}

func (w *pollWire) do(req *http.Request) (string, error) {
	resp, err := w.client.Do(req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		err := handshakeError(resp)
		if req.URL.Query().Has("sid") {
			// The session is unknown by now: a new one can be made.
			return "", fmt.Errorf("%w: %v", errPollEnded, err)
		}
		return "", err
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxMessageBytes+1))
	if len(body) > MaxMessageBytes {
		return "", ErrTooLarge
	}
	return string(body), err
}

var errPollEnded = errors.New("the polling session ended")

func (w *pollWire) abort() { w.end() }

func (w *pollWire) part(packet string) {
	ctx, cancel := context.WithTimeout(context.Background(), partingTime)
	defer cancel()
	// One after the other, as a stock client does: in one payload the official
	// server acts on the second packet first.
	if w.write(ctx, packet) == nil {
		_ = w.write(ctx, string(engineClose))
	}
	w.end()
}
