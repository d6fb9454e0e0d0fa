package main

import (
	"bufio"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/server/harness/sio"
)

const operatorToken = "the-word-of-the-operator-long-enough-to-be-one"

// Announcements, notifications and chat reach, over every door that carries the
// whole organization and under one cursor, those whom they are for, and nobody else.
func TestMessagesReachWhoTheyAreFor(t *testing.T) {
	t.Parallel()
	in := start(t, map[string]string{"WORKER": "off", "OPERATOR_TOKEN": operatorToken})
	type listener struct {
		user, token string
		want        []string
		sockets     <-chan sio.Event
		lines       <-chan string
		after       string
	}
	const chat, toAnn, org, all = `chat:message "hi"`, `notification:personal "psst"`, `server:announcement "here"`, `server:announcement "everywhere"`
	listeners := []*listener{
		{user: "ann", token: in.tokenOf("acme", "ann"), want: []string{chat, toAnn, org, all}},
		{user: "bob", token: in.tokenOf("acme", "bob"), want: []string{chat, org, all}},
		{user: "rival's ann", token: in.tokenOf("rival", "ann"), want: []string{all}},
	}
	var ann *sio.Client
	for _, l := range listeners {
		client, events := in.listen(l.token)
		if l.sockets = events; ann == nil {
			ann = client
		}
		var ready models.StreamReady
		if e := <-events; json.Unmarshal(e.Payload(), &ready) != nil || e.Name != string(models.EventStreamReady) {
			t.Fatalf("first came %s", e.Name)
		}
		l.after = ready.Cursor
		l.lines = in.streamed(l.token, l.after)
	}

	answer, err := ann.EmitWithAck(t.Context(), "chat:message", map[string]string{"text": "hi", "id": "m"})
	var ack struct {
		OK         bool
		ID, Cursor string
	}
	if err != nil || json.Unmarshal(answer[0], &ack) != nil || !ack.OK || ack.ID != "m" || ack.Cursor == "" {
		t.Fatalf("%s, %v", answer, err)
	}
	send := func(path, token, body string) {
		t.Helper()
		if status := in.call(http.MethodPost, path, token, strings.NewReader(body), "application/json", nil); status != http.StatusAccepted {
			t.Fatalf("%s: %d", path, status)
		}
	}
	send("/api/chat", listeners[0].token, `{"text":"hi","id":"m"}`) // again, by another door: nothing
	send("/api/notifications", in.token("acme", models.RoleService), `{"userId":"ann","message":"psst"}`)
	send("/api/announcements", in.token("acme", models.RoleAdmin), `{"message":"here"}`)
	send("/api/operator/announcements", operatorToken, `{"message":"everywhere","id":"x"}`)
	send("/api/operator/announcements", operatorToken, `{"message":"everywhere","id":"x"}`)
	// The last word to each tells that nothing more is on its way.
	send("/api/operator/announcements", operatorToken, `{"message":"end"}`)

	for _, l := range listeners {
		var bySocket []string
		var cursors []string
		for bySocket == nil || bySocket[len(bySocket)-1] != `server:announcement "end"` {
			select {
			case e := <-l.sockets:
				bySocket, cursors = append(bySocket, said(e.Name, e.Payload())), append(cursors, e.Cursor())
			case <-time.After(patience):
				t.Fatalf("%s has heard %q", l.user, bySocket)
			}
		}
		if got := bySocket[:len(bySocket)-1]; !slices.Equal(got, l.want) {
			t.Errorf("%s heard %q by Socket.IO", l.user, got)
		}
		var byStream, ids []string
		for range cursors {
			id, event, data := frame(t, l.lines)
			byStream, ids = append(byStream, said(event, []byte(data))), append(ids, id)
		}
		if !slices.Equal(byStream, bySocket) || !slices.Equal(ids, cursors) {
			t.Errorf("%s heard %q at %q by Server-Sent Events, %q at %q by Socket.IO", l.user, byStream, ids, bySocket, cursors)
		}
		var polled struct {
			Data []struct {
				Event   string
				Cursor  string
				Payload json.RawMessage
			}
		}
		in.call(http.MethodGet, "/api/events?after="+l.after, l.token, nil, "", &polled)
		var byPoll []string
		for _, e := range polled.Data {
			byPoll = append(byPoll, said(e.Event, e.Payload))
		}
		if !slices.Equal(byPoll, bySocket) {
			t.Errorf("%s heard %q by polling", l.user, byPoll)
		}
	}
}

// said is an event and its words.
func said(event string, payload []byte) string {
	var p struct{ Text, Message string }
	_ = json.Unmarshal(payload, &p)
	words, _ := json.Marshal(p.Text + p.Message)
	return event + " " + string(words)
}

// streamed hands out the lines of the organization's Server-Sent Events.
func (in *installation) streamed(token, after string) <-chan string {
	in.t.Helper()
	r, err := http.NewRequestWithContext(in.t.Context(), http.MethodGet, in.url+"/api/events?after="+after, nil)
	if err != nil {
		in.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "text/event-stream")
	answer, err := http.DefaultClient.Do(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		in.t.Fatal(answer, err)
	}
	lines, done := make(chan string, 4096), make(chan struct{})
	go func() {
		defer close(done)
		defer close(lines)
		for scanner := bufio.NewScanner(answer.Body); scanner.Scan(); {
			lines <- scanner.Text()
		}
	}()
	in.t.Cleanup(func() { answer.Body.Close(); <-done })
	return lines
}

// frame reads the next event that has an id and is none of the stream's own.
func frame(t *testing.T, lines <-chan string) (id, event, data string) {
	t.Helper()
	for {
		select {
		case line, open := <-lines:
			if !open {
				t.Fatal("the stream ended")
			}
			name, value, _ := strings.Cut(line, ": ")
			switch {
			case name == "id":
				id = value
			case name == "event":
				event = value
			case name == "data":
				data += value
			case line == "" && strings.HasPrefix(event, "stream:"), line == "" && data == "":
				id, event, data = "", "", ""
			case line == "":
				return id, event, data
			}
		case <-time.After(patience):
			t.Fatal("the stream says nothing")
		}
	}
}
