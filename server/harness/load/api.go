package load

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// API is a server's HTTP interface as one person sees it.
type API struct {
	HTTP *http.Client
	URL  string
	// Token is asked before each request.
	Token func() (string, error)
}

// Answer is what the server said.
type Answer struct {
	Status int
	Body   []byte
	// After is the server's Retry-After, 0 without one.
	After time.Duration
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 1 << 20

// UnexpectedError is an answer that was not wanted.
type UnexpectedError struct {
	Method, Path string
	Answer
}

func (e *UnexpectedError) Error() string {
	return fmt.Sprintf("%s %s was answered with %d %.200s", e.Method, e.Path, e.Status, e.Body)
}

// Do sends a request; kind is the content type of body, which may be nil. A
// request that came too early for a limit of the server (429) was not acted on:
// it is sent again when the server says, publishTries times at most. Of an event
// stream only the status is returned.
func (a API) Do(ctx context.Context, method, path, kind string, body []byte) (answer Answer, err error) {
	for try := 1; ; try++ {
		answer, err = a.once(ctx, method, path, kind, body)
		if err != nil || answer.Status != http.StatusTooManyRequests || try == publishTries {
			return answer, err
		}
		if err := answer.wait(ctx); err != nil {
			return answer, err
		}
	}
}

// wait lets the time pass that the server asked for, within bounds.
func (a Answer) wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(min(max(a.After, 50*time.Millisecond), publishWait)):
		return nil
	}
}

func (a API) once(ctx context.Context, method, path, kind string, body []byte) (answer Answer, err error) {
	token, err := a.Token()
	if err != nil {
		return answer, err
	}
	req, err := http.NewRequestWithContext(ctx, method, strings.TrimRight(a.URL, "/")+path, bytes.NewReader(body))
	if err != nil {
		return answer, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	if kind != "" {
		req.Header.Set("Content-Type", kind)
	}
	resp, err := a.HTTP.Do(req)
	if err != nil {
		return answer, err
	}
	defer resp.Body.Close()
	answer.Status = resp.StatusCode
	if seconds, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil {
		answer.After = time.Duration(seconds) * time.Second
	}
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		return answer, nil // its body has no end
	}
	answer.Body, err = io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return answer, err
}

// JSON sends in, when it is not nil, and decodes the answer into out, when it
// is not nil. Any status but 2xx is an [UnexpectedError].
func (a API) JSON(ctx context.Context, method, path string, in, out any) error {
	var body []byte
	kind := ""
	if in != nil {
		var err error
		if body, err = json.Marshal(in); err != nil {
			return err
		}
		kind = "application/json"
	}
	answer, err := a.Do(ctx, method, path, kind, body)
	if err != nil {
		return err
	}
	if answer.Status < 200 || answer.Status > 299 {
		return &UnexpectedError{method, path, answer}
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(answer.Body, out)
}

// tiny is a video of one second.
//
//go:embed tiny.mp4
var tiny []byte

// Upload sends a tiny video and returns its id.
func (a API) Upload(ctx context.Context, title string) (id string, err error) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	_ = form.WriteField("title", title) // a buffer takes everything
	part, _ := form.CreateFormFile("file", "tiny.mp4")
	_, _ = part.Write(tiny)
	_ = form.Close()
	answer, err := a.Do(ctx, http.MethodPost, "/api/videos", form.FormDataContentType(), body.Bytes())
	if err != nil {
		return "", err
	}
	var document struct {
		ID string `json:"id"`
	}
	if answer.Status != http.StatusAccepted || json.Unmarshal(answer.Body, &document) != nil || document.ID == "" {
		return "", &UnexpectedError{http.MethodPost, "/api/videos", answer}
	}
	return document.ID, nil
}

// Delete removes a video.
func (a API) Delete(ctx context.Context, id string) error {
	return a.JSON(ctx, http.MethodDelete, "/api/videos/"+url.PathEscape(id), nil, nil)
}

// publishTries and publishWait bound how often a request that the server puts
// off is sent again, and how long it waits in between.
const (
	publishTries = 20
	publishWait  = 2 * time.Second
)

// Publish sends an event that carries the marker and pad bytes more, for a
// video. The event is video:updated, which no server may leave out for a slow
// reader, as it may stale progress. The marker's time is that of the call; a
// publication that the server cannot take now (503) is repeated under the same id, so
// that it happens once.
func (a API) Publish(ctx context.Context, video string, m Marker, pad int) error {
	m.At = time.Now()
	data := map[string]string{Field: m.String()}
	if pad > 0 {
		data["pad"] = strings.Repeat("x", pad)
	}
	body, err := json.Marshal(map[string]any{
		"event": "video:updated", "videoId": video, "data": data,
		"id": fmt.Sprintf("%s.%d.%d", m.Run, m.Org, m.N),
	})
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		answer, err := a.Do(ctx, http.MethodPost, "/api/events", "application/json", body)
		switch {
		case err != nil:
			return err
		case answer.Status == http.StatusAccepted:
			return nil
		case answer.Status != http.StatusServiceUnavailable || try == publishTries:
			return &UnexpectedError{http.MethodPost, "/api/events", answer}
		}
		if err := answer.wait(ctx); err != nil {
			return err
		}
	}
}
