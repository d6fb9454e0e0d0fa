//go:build linux

package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/models/modelstest/testenv"
)

// film is a file that users upload.
type film struct {
	name string
	data []byte
	sum  string
	// broken is the code with which it must fail; "" for one that is well.
	broken models.Code
}

// films makes what is uploaded, once for a test.
func films(t *testing.T) []film {
	t.Helper()
	ffmpeg := testenv.Program(t, "ffmpeg")
	const picture = "-f lavfi -i testsrc2=s=%s:r=25:d=%d -pix_fmt yuv420p "
	good := made(t, ffmpeg, "short.mp4", fmt.Sprintf(picture, "320x180", 6)+"-c:v libx264 -preset ultrafast -g 25")
	all := []film{
		{name: "short.mp4", data: good},
		{name: "middle.mp4", data: made(t, ffmpeg, "m.mp4", fmt.Sprintf(picture, "640x360", 20)+"-c:v libx264 -preset ultrafast -g 25")},
		{name: "long.mp4", data: made(t, ffmpeg, "l.mp4", fmt.Sprintf(picture, "640x360", 40)+"-c:v libx264 -preset ultrafast -g 50")},
		{name: "old.avi", data: made(t, ffmpeg, "o.avi", fmt.Sprintf(picture, "320x180", 10)+"-c:v mpeg4")},
		{name: "headless.mp4", data: noMoov(good), broken: models.CodeCorrupt},
		{name: "deaf.mp4", data: made(t, ffmpeg, "a.mp4", "-f lavfi -i sine=d=3 -c:a aac"), broken: models.CodeNoVideo},
	}
	return summed(all)
}

// shortFilms makes healthy files that are processed quickly.
func shortFilms(t *testing.T) []film {
	t.Helper()
	ffmpeg := testenv.Program(t, "ffmpeg")
	const picture = "-f lavfi -i testsrc2=s=%s:r=25:d=%d -pix_fmt yuv420p "
	return summed([]film{
		{name: "a.mp4", data: made(t, ffmpeg, "a.mp4", fmt.Sprintf(picture, "320x180", 2)+"-c:v libx264 -preset ultrafast -g 25")},
		{name: "b.mkv", data: made(t, ffmpeg, "b.mkv", fmt.Sprintf(picture, "160x120", 1)+"-c:v libx264 -preset ultrafast -g 5")},
		{name: "c.avi", data: made(t, ffmpeg, "c.avi", fmt.Sprintf(picture, "160x120", 2)+"-c:v mpeg4")},
		{name: "d.mp4", data: made(t, ffmpeg, "d.mp4", fmt.Sprintf(picture, "320x180", 6)+"-c:v libx264 -preset ultrafast -g 25")},
	})
}

func summed(all []film) []film {
	for i := range all {
		sum := sha256.Sum256(all[i].data)
		all[i].sum = hex.EncodeToString(sum[:])
	}
	return all
}

// entry is a line of the ledger: an upload, and what its user did and was told.
// It is its user's until the user has gone.
type entry struct {
	title, key string
	film       *film
	// accepted tells that the user was answered with 202; unsure, that at least
	// one upload was answered with an error or not at all.
	accepted, unsure bool
	id               string
	// What was answered with success, and what was not answered so that it may
	// have been done.
	cancelled, deleted, retried int
	maybe                       map[string]int
}

// ledger is every upload of a world.
type ledger struct {
	mu       sync.Mutex
	entries  []*entry
	accepted atomic.Int64
}

func (l *ledger) add(e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, e)
}

// user uploads one video after another and does to some of them what users do.
type user struct {
	w      *world
	name   string
	token  string
	films  []film
	ledger *ledger
	random *rand.Rand
	client *http.Client
	// emit sends an event over somebody's socket.
	emit func(ctx context.Context, name, id string) (json.RawMessage, error)
}

const (
	// callTime bounds one request of a user.
	callTime = 25 * time.Second
	// lifeTime is how long a user stays with a video.
	lifeTime = 25 * time.Second
	// keepTime is how long one stays that does nothing else.
	keepTime = 3 * time.Minute
)

// run uploads until ctx ends; the video under way then is left to itself.
func (u *user) run(ctx context.Context) {
	for n := 1; ctx.Err() == nil; n++ {
		e := &entry{title: fmt.Sprintf("%s-%d", u.name, n), film: &u.films[u.random.IntN(len(u.films))], maybe: map[string]int{}}
		if u.random.IntN(2) == 0 {
			e.key = "key-" + e.title
		}
		u.ledger.add(e)
		u.life(ctx, e)
	}
}

// keep uploads a video until it is accepted, and waits for its outcome.
func (u *user) keep(ctx context.Context, n int64) {
	e := &entry{title: fmt.Sprintf("%s-%d", u.name, n), film: &u.films[int(n)%len(u.films)], maybe: map[string]int{}}
	e.key = "key-" + e.title
	u.ledger.add(e)
	for !u.upload(ctx, e) && ctx.Err() == nil {
		u.rest(ctx, u.some(time.Second))
	}
	u.settled(ctx, e, time.Now().Add(keepTime))
}

// life is that of one video.
func (u *user) life(ctx context.Context, e *entry) {
	deadline := time.Now().Add(lifeTime)
	for !u.upload(ctx, e) {
		u.rest(ctx, time.Second)
		// Only an upload with a key can be sent again without making two videos.
		if e.key == "" || ctx.Err() != nil || time.Now().After(deadline) {
			return
		}
	}
	what := u.random.IntN(100)
	switch {
	case what < 12:
		u.rest(ctx, u.some(3*time.Second))
		if u.cancel(ctx, e) && what < 8 {
			u.rest(ctx, u.some(time.Second))
			u.retry(ctx, e)
		}
	case what < 24:
		u.rest(ctx, u.some(4*time.Second))
		u.act(ctx, e, "delete", http.MethodDelete, "", &e.deleted)
		return
	}
	status := u.settled(ctx, e, deadline)
	if status == models.StatusFailed && what < 60 || status == models.StatusCancelled && what < 5 {
		u.retry(ctx, e)
		u.settled(ctx, e, deadline)
	}
}

func (u *user) some(most time.Duration) time.Duration {
	return time.Duration(u.random.Int64N(int64(most)))
}

func (u *user) rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// call sends a request to some server; status 0 means that no answer came.
func (u *user) call(ctx context.Context, method, path, kind, key string, body io.Reader) (status int, answer []byte) {
	// A request goes on when the faults end: half of one is no upload.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), callTime)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, method, u.w.url(u.random.IntN(len(u.w.fronts)))+path, body)
	if err != nil {
		return 0, nil
	}
	r.Header.Set("Authorization", "Bearer "+u.token)
	if kind != "" {
		r.Header.Set("Content-Type", kind)
	}
	if key != "" {
		r.Header.Set("Idempotency-Key", key)
	}
	response, err := u.client.Do(r)
	if err != nil {
		return 0, nil
	}
	defer response.Body.Close()
	answer, err = io.ReadAll(response.Body)
	if err != nil {
		return 0, nil
	}
	return response.StatusCode, answer
}

// upload reports whether the video was accepted.
func (u *user) upload(ctx context.Context, e *entry) bool {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	err := form.WriteField("title", e.title)
	part, failed := form.CreateFormFile("file", e.film.name)
	if failed == nil {
		_, failed = part.Write(e.film.data)
	}
	if errors.Join(err, failed, form.Close()) != nil {
		return false
	}
	status, answer := u.call(ctx, http.MethodPost, "/api/videos", form.FormDataContentType(), e.key, &body)
	var d models.Document
	if status == http.StatusAccepted && json.Unmarshal(answer, &d) == nil {
		e.accepted, e.id = true, d.ID
		u.ledger.accepted.Add(1)
	} else {
		e.unsure = true
	}
	u.w.story.note("%s uploaded %s (%s, key %q): %d %s", u.name, e.title, e.film.name, e.key, status, e.id)
	return e.accepted
}

// act changes a video; it reports whether that was done for certain. Conflict
// and not found are answers that say that it was not.
func (u *user) act(ctx context.Context, e *entry, what, method, suffix string, done *int) bool {
	status, answer := u.call(ctx, method, "/api/videos/"+e.id+suffix, "", "", nil)
	u.w.story.note("%s: %s %s: %d %s", e.title, what, e.id, status, brief(answer))
	switch {
	case status/100 == 2:
		*done++
		return true
	case status == 0 || status >= 500:
		e.maybe[what]++
	}
	return false
}

func brief(answer []byte) string {
	var p struct{ Status, Code any }
	_ = json.Unmarshal(answer, &p)
	return strings.TrimSuffix(fmt.Sprint(p.Code), "<nil>")
}

// cancel goes the way of HTTP or of the socket.
func (u *user) cancel(ctx context.Context, e *entry) bool {
	if u.random.IntN(2) == 0 {
		return u.act(ctx, e, "cancel", http.MethodPost, "/cancel", &e.cancelled)
	}
	answer, err := u.emit(ctx, "video:cancel", e.id)
	u.w.story.note("%s: video:cancel %s: %.80s %v", e.title, e.id, answer, err)
	var ack struct {
		OK    bool `json:"ok"`
		Error struct{ Code models.Code }
	}
	switch {
	case err != nil || json.Unmarshal(answer, &ack) != nil:
		e.maybe["cancel"]++
	case ack.OK:
		e.cancelled++
		return true
	case ack.Error.Code != models.CodeConflict && ack.Error.Code != models.CodeNotFound:
		e.maybe["cancel"]++
	}
	return false
}

func (u *user) retry(ctx context.Context, e *entry) bool {
	return u.act(ctx, e, "retry", http.MethodPost, "/retry", &e.retried)
}

// settled waits for the outcome, but not for ever.
func (u *user) settled(ctx context.Context, e *entry, deadline time.Time) models.Status {
	for ctx.Err() == nil && time.Now().Before(deadline) {
		status, answer := u.call(ctx, http.MethodGet, "/api/videos/"+e.id, "", "", nil)
		var d models.Document
		if status == http.StatusOK && json.Unmarshal(answer, &d) == nil && d.Status.Terminal() {
			return d.Status
		}
		u.rest(ctx, 250*time.Millisecond)
	}
	return ""
}
