package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/harness/sio"
)

// ear listens for somebody through one door for as long as the realm stands.
type ear struct {
	realm  *realm
	person *person
	door   string
	client *http.Client
	// quiet is a door that tells nothing but what it knows of a job.
	quiet bool

	socket *sio.Client // nil at other doors
	end    func()

	mu      sync.Mutex
	follows map[string]bool
	until   map[string]int64 // of those followed once
	pid     string
	offset  string
}

func newEar(w *realm, p *person, door string) *ear {
	e := &ear{realm: w, person: p, door: door, follows: map[string]bool{}, until: map[string]int64{}}
	e.client = w.tapped(door, p, e.mayHear)
	return e
}

// mayHear reports whether what only followers of a video hear may come: it was
// followed at the time of that step, or since.
func (e *ear) mayHear(video string, step int64) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	end, once := e.until[video]
	return e.follows[video] || once && end >= step
}

func (e *ear) follow(video string, on bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.follows[video] && !on {
		e.until[video] = e.realm.step.Load()
	}
	if e.follows[video] = on; !on {
		delete(e.follows, video)
	}
}

func (e *ear) unfollow() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for video := range e.follows {
		e.until[video] = e.realm.step.Load()
	}
	clear(e.follows)
}

// earTime bounds each wait for an ear, on a machine with much else to do.
const earTime = 30 * time.Second

// connect opens the socket with a pid and an offset that may be anybody's. It
// returns what the server said first.
func (e *ear) connect(transport sio.Transport, token, pid, offset string) (recovered bool, refused error) {
	first, over := make(chan sio.Event, 64), make(chan error, 1)
	session := make(chan sio.Session, 1)
	e.socket = sio.New(sio.Config{
		URL: e.realm.house.url, HTTP: e.client, Transport: transport, PID: pid, Offset: offset, ConnectTimeout: earTime,
		Token:     func() (string, error) { return token, nil },
		OnConnect: func(s sio.Session) { session <- s },
		OnEvent: func(ev sio.Event) {
			if ev.Name == string(models.EventStreamReady) || ev.Name == string(models.EventStreamReset) {
				select {
				case first <- ev:
				default:
				}
			}
		},
	})
	client, ctx := e.socket, e.realm.ctx
	go func() { over <- client.Run(context.WithoutCancel(ctx)) }()
	e.end = func() {
		for {
			_ = client.Cut() // without a word
			select {
			case err := <-over:
				over <- err
				return
			case <-time.After(time.Millisecond):
			}
		}
	}
	select {
	case s := <-session:
		recovered = s.Recovered
	case err := <-over:
		over <- err
		e.socket = nil
		return false, err
	case <-ctx.Done():
		return false, ctx.Err()
	}
	for {
		select {
		case ev := <-first:
			if ev.Name == string(models.EventStreamReady) {
				return recovered, nil
			}
			recovered = false // stream:reset
		case err := <-over:
			over <- err
			return false, err
		case <-time.After(earTime):
			return false, fmt.Errorf("no stream:ready")
		}
	}
}

// leave cuts the socket and keeps what its client would remember.
func (e *ear) leave() {
	e.end()
	e.pid, e.offset = e.socket.Offset()
}

// emit asks over the socket and returns the answer as it is.
func (e *ear) emit(name string, arg any) (json.RawMessage, error) {
	ctx, cancel := context.WithTimeout(e.realm.ctx, earTime)
	defer cancel()
	args, err := e.socket.EmitWithAck(ctx, name, arg)
	if err != nil || len(args) != 1 {
		return nil, fmt.Errorf("%s: %s, %v", name, args, err)
	}
	return args[0], nil
}

// stream reads an answer that does not end, to show it to the tap.
func (e *ear) stream(path string, header ...string) error {
	ctx, cancel := context.WithCancel(e.realm.ctx)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, e.realm.house.url+path, nil)
	if err != nil {
		cancel()
		return err
	}
	r.Header.Set("Authorization", "Bearer "+e.person.good)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := e.client.Do(r)
	if err != nil || answer.StatusCode != http.StatusOK {
		cancel()
		return fmt.Errorf("%s: %v, %v", path, answer, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}()
	e.end = func() { cancel(); <-done }
	return nil
}

// socketOf follows a job over a raw WebSocket, to show it to the tap.
func (e *ear) socketOf(path string) error {
	ctx, cancel := context.WithCancel(e.realm.ctx)
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(e.realm.house.url, "http")+path, &websocket.DialOptions{
		HTTPClient: e.client, HTTPHeader: http.Header{"Authorization": {"Bearer " + e.person.good}},
	})
	if err != nil {
		cancel()
		return err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for err == nil {
			_, _, err = conn.Read(ctx)
		}
		_ = conn.CloseNow()
	}()
	e.end = func() { cancel(); <-done }
	return nil
}

// open brings the ears of a tenant to its doors.
func (w *realm) open(t *tenant) error {
	for i, transport := range []sio.Transport{sio.WebSocket, sio.WebSocket, sio.Polling} {
		e := newEar(w, t.people[[]int{0, 1, 4}[i]], "Socket.IO by "+string(transport))
		if _, err := e.connect(transport, e.person.good, "", ""); err != nil {
			return err
		}
		t.ears = append(t.ears, e)
	}
	for _, path := range []string{"/api/events", "/api/events?video=" + t.videos[0], "/api/jobs/" + t.videos[0] + "/stream"} {
		e := newEar(w, t.of(models.RoleViewer), "SSE "+path)
		if path != "/api/events" {
			e.follows[t.videos[0]] = true
		}
		e.quiet = strings.HasPrefix(path, "/api/jobs/")
		if err := e.stream(path, eventStream...); err != nil {
			return err
		}
		t.ears = append(t.ears, e)
	}
	for _, path := range []string{"/ws?jobId=" + t.videos[0], "/ws/batch/" + t.batches[0]} {
		e := newEar(w, t.of(models.RoleService), "ws "+path)
		e.quiet = true
		if err := e.socketOf(path); err != nil {
			return err
		}
		t.ears = append(t.ears, e)
	}
	return nil
}

func (w *realm) close() {
	for _, t := range w.tenants {
		for _, e := range t.ears {
			if e.end != nil {
				e.end()
			}
			e.client.CloseIdleConnections()
		}
	}
}

// sockets are the ears that can speak.
func (t *tenant) sockets() (out []*ear) {
	for _, e := range t.ears {
		if strings.HasPrefix(e.door, "Socket.IO") && e.socket != nil {
			out = append(out, e)
		}
	}
	return out
}

// whisper appends what only a video's followers, or only a person, may hear; or
// with neither the whole organization. It is not of the record, so that nothing
// else tells it.
func (w *realm) whisper(t *tenant, video string, to *person, final bool) (text string, err error) {
	m := mark{tenant: t, video: video, person: to, final: final}
	text = w.note(word("whisper"), m)
	e := models.Event{OrganizationID: t.id, Audience: models.ToOrganization, Name: models.EventChat}
	payload := map[string]any{"organizationId": t.id, "text": text, "userId": "u"}
	switch {
	case to != nil:
		e.Audience, e.Name, e.UserID = models.ToUser, models.EventNotification, to.user
		payload = map[string]any{"organizationId": t.id, "message": text}
	case video != "":
		v, err := w.house.back.Store.Get(w.ctx, t.id, video)
		if err != nil {
			return "", err
		}
		e.Audience, e.Name, e.VideoID, e.Attempt, e.Rev = models.ToVideo, models.EventProgress, video, v.Attempt, v.Rev
		payload = map[string]any{"organizationId": t.id, "videoId": video, "whisper": text, "status": v.Status, "attempt": v.Attempt, "rev": v.Rev, "progress": 10}
	}
	if e.Payload, err = json.Marshal(payload); err != nil {
		return "", err
	}
	var c rooms.Cursor
	if c, _, err = w.house.back.Log.Append(w.ctx, t.id, e); err == nil {
		t.head = c.String()
	}
	return text, err
}

// settle says something to everybody and waits until everybody has heard it who
// should: so the ears are not deaf.
func (w *realm) settle() error {
	var due []string
	for _, t := range w.tenants {
		all, err := w.whisper(t, "", nil, true)
		if err != nil {
			return err
		}
		own := map[*person]string{}
		for _, e := range t.ears {
			if own[e.person] == "" {
				if own[e.person], err = w.whisper(t, "", e.person, true); err != nil {
					return err
				}
			}
		}
		for _, e := range t.ears {
			if e.quiet {
				continue
			}
			for _, text := range []string{all, own[e.person]} {
				due = append(due, e.door+" "+t.id+" "+e.person.user+" "+text)
			}
			for video := range e.follows {
				text, err := w.whisper(t, video, nil, true)
				if err != nil {
					continue // it is gone
				}
				due = append(due, e.door+" "+t.id+" "+e.person.user+" "+text)
				break
			}
		}
	}
	for deadline := time.Now().Add(earTime); ; time.Sleep(time.Millisecond) {
		missing := ""
		w.mu.RLock()
		for _, line := range due {
			if w.finals[line] == 0 {
				missing = line
			}
		}
		w.mu.RUnlock()
		if missing == "" {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("never heard: %s", missing)
		}
	}
}
