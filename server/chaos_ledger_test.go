//go:build linux

package main

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/rooms"
)

// problem is something that may not be; the words help to find its story.
type problem struct {
	what  string
	words []string
}

// audit compares the ledger with the store, and both with what clients saw. A
// world may need a while to settle: it is asked again until nothing is found.
type audit struct {
	w        *world
	ledger   *ledger
	watchers []*watcher
	oracle   *oracle // nil where the log is in the server's process
	token    string

	docs     []models.Document
	problems []problem
	// figures of the last pass
	outcomes map[string]int
	strays   int
}

func (a *audit) bad(words []string, format string, args ...any) {
	a.problems = append(a.problems, problem{fmt.Sprintf(format, args...), words})
}

// pass looks at everything once.
func (a *audit) pass(ctx context.Context) []problem {
	a.problems, a.outcomes = nil, map[string]int{}
	docs, err := a.w.list(ctx, a.token, 0)
	if err != nil {
		a.bad(nil, "the videos cannot be listed: %v", err)
		return a.problems
	}
	a.docs = docs
	a.records()
	a.left()
	a.queue(ctx)
	for _, c := range a.watchers {
		a.client(c)
		a.stream(c)
	}
	return a.problems
}

// records holds the store to the ledger.
func (a *audit) records() {
	titles, ids := map[string]models.Document{}, map[string]models.Document{}
	for _, d := range a.docs {
		if _, twice := titles[d.Title]; twice {
			a.bad([]string{d.Title}, "%s was made twice", d.Title)
		}
		titles[d.Title], ids[d.ID] = d, d
	}
	for _, e := range a.ledger.entries {
		d, kept := titles[e.title]
		delete(titles, e.title)
		words := []string{e.title, e.id, d.ID}
		switch {
		case e.accepted && kept && d.ID != e.id:
			a.bad(words, "%s was accepted as %s and is kept as %s", e.title, e.id, d.ID)
		case e.deleted > 0 && kept:
			a.bad(words, "%s was deleted and is still there", e.title)
		case e.accepted && e.deleted == 0 && e.maybe["delete"] == 0 && !kept:
			a.bad(words, "%s was accepted and is lost", e.title)
		case !e.accepted && !e.unsure && kept:
			a.bad(words, "%s was never sent and is there", e.title)
		}
		if kept {
			a.record(e, d, words)
		} else if e.accepted {
			a.outcomes["deleted"]++
		} else {
			a.outcomes["refused, absent"]++
		}
	}
	for title := range titles {
		a.bad([]string{title}, "nobody uploaded %s", title)
	}
}

// record holds one record to what its user did.
func (a *audit) record(e *entry, d models.Document, words []string) {
	if !e.accepted {
		a.outcomes["refused, yet whole"]++
	}
	a.outcomes[string(d.Status)]++
	if d.Attempt > 1 {
		a.outcomes["of these in a later attempt"]++
	}
	if !d.Status.Terminal() {
		a.bad(words, "%s has no outcome: %s in stage %s, attempt %d, rev %d", e.title, d.Status, deref(d.Stage), d.Attempt, d.Rev)
		return
	}
	if d.SHA256 != e.film.sum || d.Size != int64(len(e.film.data)) {
		a.bad(words, "%s is not what was uploaded", e.title)
	}
	if least, most := 1+e.retried, 1+e.retried+e.maybe["retry"]; d.Attempt < least || d.Attempt > most {
		a.bad(words, "%s is in attempt %d, and was retried %d to %d times", e.title, d.Attempt, least-1, most-1)
	}
	switch d.Status {
	case models.StatusCompleted:
		if e.film.broken != "" {
			a.bad(words, "%s completed, and its file is %s", e.title, e.film.broken)
		}
		if d.Metadata == nil || d.Thumbnail == nil || d.Sensitivity == nil {
			a.bad(words, "%s completed without a stage's result", e.title)
		}
	case models.StatusFailed:
		code := deref(d.Code)
		a.outcomes["failed as "+code]++
		if code != string(e.film.broken) { // nor does a healthy one fail
			a.bad(words, "%s (%s) failed as %s", e.title, e.film.name, code)
		}
	case models.StatusCancelled:
		if e.cancelled == 0 && e.maybe["cancel"] == 0 {
			a.bad(words, "%s was cancelled by nobody", e.title)
		}
	}
}

// client holds what a client knows at the end to the store.
func (a *audit) client(c *watcher) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, d := range a.docs {
		k, ok := c.known[d.ID]
		if !ok || k.Rev != d.Rev || k.Status != d.Status || k.Attempt != d.Attempt || c.gone[d.ID] {
			a.bad([]string{d.ID}, "%s believes %s %s: %s, attempt %d, rev %d (gone: %v); it is %s, attempt %d, rev %d",
				c.name, d.ID, d.Title, k.Status, k.Attempt, k.Rev, c.gone[d.ID], d.Status, d.Attempt, d.Rev)
		}
	}
	for id, k := range c.known {
		if !c.gone[id] && !slices.ContainsFunc(a.docs, func(d models.Document) bool { return d.ID == id }) {
			a.bad([]string{id}, "%s believes that %s %s is still there: %s", c.name, id, k.Title, k.Status)
		}
	}
}

// life is what a client saw of one video.
type life struct {
	ended   map[int]seen // the outcome, by attempt
	deleted int64        // the revision
	places  map[int64]rooms.Cursor
}

// stream holds the order and number of a client's events to the log, and each
// attempt to one outcome.
func (a *audit) stream(c *watcher) {
	c.mu.Lock()
	defer c.mu.Unlock()
	lives := map[string]*life{}
	var at rooms.Cursor
	got := map[rooms.Cursor]bool{}
	from := rooms.Cursor{} // since when there is no gap
	for _, e := range c.seen {
		if e.fresh {
			a.complete(c, got, from, at)
			from, at = e.at, e.at
			continue
		}
		if e.at.Epoch == "" || e.name == string(models.EventStreamReady) {
			continue
		}
		if e.at.Epoch != at.Epoch || e.at.Seq <= at.Seq {
			a.bad([]string{c.name}, "%s saw %s at %s after %s", c.name, e.name, e.at, at)
		}
		at, got[e.at] = e.at, true
		if e.VideoID != "" {
			l := lives[e.VideoID]
			if l == nil {
				l = &life{ended: map[int]seen{}, places: map[int64]rooms.Cursor{}}
				lives[e.VideoID] = l
			}
			a.outcome(c, l, e)
		}
	}
	last := at
	if a.oracle != nil {
		a.oracle.mu.Lock()
		last = a.oracle.head
		a.oracle.mu.Unlock()
	}
	a.complete(c, got, from, last)
}

// outcome follows one event of one video.
func (a *audit) outcome(c *watcher, l *life, e seen) {
	words := []string{e.VideoID}
	if l.deleted > 0 && e.Rev > l.deleted {
		a.bad(words, "%s saw %s of %s %s after its deletion", c.name, e.name, e.VideoID, e.Title)
	}
	before, ended := l.ended[e.Attempt]
	switch models.EventName(e.name) {
	case models.EventDeleted:
		l.deleted = e.Rev
	case models.EventProcessed, models.EventFailed, models.EventCancelled:
		if ended && before.Rev != e.Rev {
			a.bad(words, "%s saw two outcomes of attempt %d of %s %s: %s rev %d at %s, %s rev %d at %s", c.name, e.Attempt,
				e.VideoID, e.Title, before.name, before.Rev, before.at, e.name, e.Rev, e.at)
		}
		l.ended[e.Attempt] = e
	case models.EventProgress:
		if ended && (e.Rev >= before.Rev || e.at.Epoch == before.at.Epoch) {
			a.bad(words, "%s saw progress of %s %s, rev %d at %s, after its outcome %s, rev %d at %s", c.name,
				e.VideoID, e.Title, e.Rev, e.at, before.name, before.Rev, before.at)
		}
	}
}

// complete holds that every event of the log from one place to another was got.
func (a *audit) complete(c *watcher, got map[rooms.Cursor]bool, from, to rooms.Cursor) {
	if a.oracle == nil || from.Epoch != to.Epoch {
		if a.oracle != nil && from.Epoch != "" {
			a.bad([]string{c.name}, "%s is at %s, the log at %s", c.name, from, to)
		}
		return
	}
	a.oracle.mu.Lock()
	defer a.oracle.mu.Unlock()
	for at, e := range a.oracle.events {
		if at.Epoch == from.Epoch && at.Seq > from.Seq && at.Seq <= to.Seq && e.Audience == models.ToOrganization && !got[at] {
			a.bad([]string{e.VideoID}, "%s missed %s of %s at %s, between %s and %s", c.name, e.Name, e.VideoID, at, from, to)
		}
	}
}

// left looks for what should not be left behind: processes and files.
func (a *audit) left() {
	for _, tool := range a.w.tools() {
		a.bad(nil, "a tool still runs: %s", tool)
	}
	for _, m := range append(slices.Clone(a.w.servers), a.w.workers...) {
		folders, err := filepath.Glob(filepath.Join(a.w.dir, m.name, "work", "*"))
		if err == nil && len(folders) > 0 {
			a.bad([]string{m.name}, "%s left work folders: %v", m.name, folders)
		}
	}
	kept := map[string]bool{}
	for _, d := range a.docs {
		kept[models.Segment(d.ID)] = true
	}
	unsure, accepted := 0, map[string]bool{}
	for _, e := range a.ledger.entries {
		if e.unsure {
			unsure++
		}
		accepted[models.Segment(e.id)] = e.accepted
	}
	sources, strays := map[string]int{}, map[string]int{}
	blobs := a.w.blobs
	if a.w.redis == nil {
		blobs = filepath.Join(a.w.dir, "server", "blobs")
	}
	_ = fs.WalkDir(os.DirFS(blobs), ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return nil
		}
		parts := strings.Split(path, "/") // organization/videos/id/nonce/name
		if len(parts) < 5 || parts[1] != "videos" {
			a.bad(nil, "a blob of nothing: %s", path)
		} else if !kept[parts[2]] && accepted[parts[2]] {
			a.bad([]string{parts[2]}, "a deleted video left %s", path)
		} else if !kept[parts[2]] {
			strays[strings.Join(parts[:min(len(parts), 4)], "/")]++
		} else if d.Name() == "source" {
			if sources[parts[2]]++; sources[parts[2]] > 1 {
				strays[strings.Join(parts[:4], "/")]++
			}
		}
		return nil
	})
	// A server that is killed between a file and its record leaves the file to
	// the sweep; a video that was accepted never does.
	if a.strays = len(strays); len(strays) > unsure {
		a.bad(nil, "%d folders of blobs belong to no video, and only %d uploads were not answered: %v", len(strays), unsure, strays)
	}
}

// queue looks for tasks of videos that have their outcome.
func (a *audit) queue(ctx context.Context) {
	if a.w.redis == nil {
		return
	}
	client := redis.NewClient(&redis.Options{Addr: a.w.redisAt})
	defer client.Close()
	queues, err := asynq.NewInspectorFromRedisClient(client).Queues()
	for _, name := range queues {
		info, failed := asynq.NewInspectorFromRedisClient(client).GetQueueInfo(name)
		if failed != nil {
			err = cmp.Or(err, failed)
			continue
		}
		if info.Size > 0 {
			a.bad(nil, "queue %s holds tasks: %d pending, %d active, %d scheduled, %d to be retried, %d archived, %d completed", name,
				info.Pending, info.Active, info.Scheduled, info.Retry, info.Archived, info.Completed)
		}
	}
	if err != nil {
		a.bad(nil, "the queue cannot be asked: %v", err)
	}
	keys, err := client.Keys(ctx, "asynq:{*}:t:*").Result()
	if err != nil || len(keys) > 0 {
		a.bad(nil, "tasks are left in Redis: %v, %v", keys, err)
	}
	waiting, err := client.HGetAll(ctx, "reelroom:{queue}:entries").Result()
	if err != nil || len(waiting) > 0 {
		a.bad(nil, "the order of the queue holds videos that have their outcome: %v, %v", waiting, err)
	}
}
