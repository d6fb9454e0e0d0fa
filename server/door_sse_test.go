package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"reelroom/models"
)

// organizationWide is what a door hears that follows no video.
func organizationWide(e *models.Event) bool { return e.Audience == models.ToOrganization }

func everything(*models.Event) bool { return true }

// bySSE reads the organization's stream; with video the one that follows it, too.
func bySSE(video bool) *door {
	d := &door{name: "SSE of the organization", hears: organizationWide}
	if video {
		d.name, d.hears = "SSE of the organization and the video", everything
	}
	d.follow = func(ctx context.Context, v *viewer) error {
		path := "/api/events"
		if video {
			path += "?video=" + v.video
		}
		return v.stream(ctx, path, func(name, id string, data json.RawMessage) {
			switch about, _ := placeOf(data); {
			case name == string(models.EventStreamReset):
				v.complain("stream:reset: %s", data)
			case strings.HasPrefix(name, "video:") && about == v.video:
				v.see(name, id, data)
			}
		})
	}
	return d
}

// byJobSSE reads the job's stream, which tells the job as each event leaves it.
func byJobSSE() *door {
	d := &door{name: "SSE of the job", hears: everything, same: sameJob}
	d.follow = func(ctx context.Context, v *viewer) error {
		return v.stream(ctx, "/api/jobs/"+v.video+"/stream", func(name, id string, data json.RawMessage) {
			var m struct{ Event, Cursor string }
			if name != "message" {
				return
			}
			if err := json.Unmarshal(data, &m); err != nil || m.Cursor != id {
				v.complain("id %s: %s", id, data)
			}
			v.see(m.Event, id, data)
		})
	}
	return d
}

// sameJob compares what a door of jobs says with the event.
func sameJob(e *models.Event, s sighting) bool {
	var said struct {
		JobID    string
		Seq      uint64
		Progress int // at the one
		Pct      int // at the other
		Result   json.RawMessage
	}
	var p struct{ Progress *int }
	if json.Unmarshal(s.payload, &said) != nil || json.Unmarshal(e.Payload, &p) != nil || said.JobID != e.VideoID || said.Seq != e.Seq {
		return false
	}
	if said.Result != nil && s.door == wsName && !sameJSON(models.WithSeq(e.Payload, e.Seq), said.Result) {
		return false
	}
	return e.Name != models.EventProgress || p.Progress == nil || max(said.Progress, said.Pct) == *p.Progress
}

// byPoll asks for what came, again and again; with video for the one that it
// follows, too.
func byPoll(video bool) *door {
	d := &door{name: "poll of the organization", hears: organizationWide}
	if video {
		d.name, d.hears = "poll of the organization and the video", everything
	}
	d.follow = func(ctx context.Context, v *viewer) error {
		for ctx.Err() == nil {
			q := url.Values{"after": {v.at()}, "wait": {"20"}, "limit": {"7"}}
			if video {
				q.Set("video", v.video)
			}
			answer, err := v.get(ctx, "/api/events?"+q.Encode())
			if err != nil || answer == nil {
				return err
			}
			var page struct {
				Data []struct {
					Event, Cursor string
					Payload       json.RawMessage
				}
				Cursor string
				Reset  bool
			}
			err = json.NewDecoder(answer).Decode(&page)
			answer.Close()
			if err != nil {
				return v.unlessCut(ctx, err)
			}
			if page.Reset {
				v.complain("a reset")
			}
			for _, e := range page.Data {
				if id, _ := placeOf(e.Payload); id == v.video {
					v.see(e.Event, e.Cursor, e.Payload)
				}
			}
			v.passed(page.Cursor)
		}
		return nil
	}
	return d
}

func (v *viewer) unlessCut(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// get asks; nil is the answer when there is nothing to tell, or at a cut.
func (v *viewer) get(ctx context.Context, path string, header ...string) (io.ReadCloser, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, v.house.url+path, nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+v.token)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := v.house.client.Do(r)
	if err != nil {
		return nil, v.unlessCut(ctx, err)
	}
	switch answer.StatusCode {
	case http.StatusOK:
		return answer.Body, nil
	case http.StatusNoContent:
		answer.Body.Close()
		v.rest(ctx)
		return nil, nil
	case http.StatusNotFound:
		answer.Body.Close()
		return nil, errGone
	}
	defer answer.Body.Close()
	words, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
	return nil, fmt.Errorf("%s answered %d %s", path, answer.StatusCode, words)
}

// rest waits a little before a door is asked again that had nothing to tell.
func (v *viewer) rest(ctx context.Context) {
	select {
	case <-ctx.Done():
	case <-time.After(30 * time.Millisecond):
	}
}

// stream reads Server-Sent Events as a browser does (HTML standard, 9.2.6).
func (v *viewer) stream(ctx context.Context, path string, show func(name, id string, data json.RawMessage)) error {
	header := []string{"Accept", "text/event-stream"}
	if at := v.at(); at != "" {
		header = append(header, "Last-Event-ID", at)
	}
	body, err := v.get(ctx, path, header...)
	if err != nil || body == nil {
		return err
	}
	defer body.Close()
	lines := bufio.NewReaderSize(body, 4<<10)
	name, id, data := "message", v.at(), ""
	for {
		line, err := lines.ReadString('\n')
		if errors.Is(err, io.EOF) {
			v.rest(ctx)
			return nil
		}
		if err != nil {
			return v.unlessCut(ctx, err)
		}
		field, value, _ := strings.Cut(strings.TrimRight(line, "\r\n"), ":")
		value = strings.TrimPrefix(value, " ")
		switch field {
		case "event":
			name = value
		case "id":
			id = value
		case "data":
			data += value
		case "":
			if data != "" {
				show(name, id, json.RawMessage(data))
			}
			if line == "\n" {
				name, data = "message", ""
			}
		}
	}
}
