package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/server/harness/sio"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 4 << 20

// print writes one JSON value a line to the output.
func (a *app) print(v any) error {
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return err
	}
	if a.board != nil {
		return a.board.print(a.out, strings.TrimSuffix(line.String(), "\n"))
	}
	_, err := a.out.Write(line.Bytes())
	return err
}

// call sends a request as p and decodes a 2xx answer into out (nil to ignore
// it). Any other answer is a [problem].
func (a *app) call(req *http.Request, p person, out any) error {
	token, err := a.keep(p)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	resp, err := a.http.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return problemOf(resp.StatusCode, body)
	}
	if err != nil || out == nil {
		return err
	}
	if err := json.Unmarshal(body, out); err != nil {
		return models.Errorf(models.CodeUnsupported, "the answer of %s is not what a Reelroom server sends", a.address()).Because(err)
	}
	return nil
}

// postJSON posts body, which is JSON already.
func (a *app) postJSON(ctx context.Context, path string, p person, body []byte, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.address()+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	return a.call(req, p, out)
}

// video fetches the document of a video.
func (a *app) video(ctx context.Context, id string) (d models.Document, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.address()+"/api/videos/"+url.PathEscape(id), nil)
	if err != nil {
		return d, err
	}
	err = a.call(req, localAdmin, &d)
	return d, err
}

// patient is how long a command that watches bears a lost connection.
var patient = sio.Backoff{Min: 500 * time.Millisecond, Max: 5 * time.Second, Attempts: 100}

// client fills in where to connect and as whom, and says on the screen when
// the connection is lost.
func (a *app) client(c sio.Config) *sio.Client {
	c.URL, c.HTTP = a.address(), a.http
	c.Token = func() (string, error) { return a.bearer(localAdmin) }
	c.OnDisconnect = func(err error, wait time.Duration) {
		a.note("connection lost (%s); trying again in %.1f s", explain(err, a.address()).Message, wait.Seconds())
	}
	return sio.New(c)
}

// note tells a person about something beside the result.
func (a *app) note(format string, args ...any) {
	line := clean(fmt.Sprintf(format, args...), false)
	switch {
	case a.JSON:
	case a.board != nil:
		_ = a.board.print(a.screen, line)
	default:
		_, _ = fmt.Fprintln(a.screen, line)
	}
}

// subscription is the acknowledgement of video:subscribe.
type subscription struct {
	OK     bool            `json:"ok"`
	Video  json.RawMessage `json:"video"`
	Cursor string          `json:"cursor"`
	Error  struct {
		Code    models.Code `json:"code"`
		Message string      `json:"message"`
	} `json:"error"`
}

// subscriptionOf reads the acknowledgement; a refusal is an [models.Error].
func subscriptionOf(args []json.RawMessage) (s subscription, err error) {
	if len(args) == 0 || json.Unmarshal(args[0], &s) != nil {
		return s, models.Errorf(models.CodeUnsupported, "the acknowledgement of video:subscribe is not what a Reelroom server sends")
	}
	if !s.OK {
		return s, models.Errorf(s.Error.Code, "%s", s.Error.Message)
	}
	return s, nil
}
