package redislog

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/rooms"
)

// Options of a [Log]; zero values mean the defaults in brackets.
type Options struct {
	Logger *slog.Logger
	// Prefix begins every key and channel ["reelroom"].
	Prefix string
	// Retention is how long an event can be read again [15 minutes].
	Retention time.Duration
	// MaxEvents bounds an organization's events [65,536].
	MaxEvents int
	// Memory is how long a video's last revision and progress, and an
	// idempotency id, are remembered [24 hours]. An id of progress, of which there
	// are a thousand a second, is remembered for Retention at most: progress does
	// not fall, so that one which comes again later does no harm.
	Memory time.Duration
	// Timeout bounds each call [3 seconds]. The client should be made with
	// ContextTimeoutEnabled, else its own timeouts and retries come on top.
	Timeout time.Duration
	// CheckEvery is how often the heads of all followed organizations are
	// compared with what was delivered [1 second].
	CheckEvery time.Duration
}

// Log is the event log on Redis. Nothing runs but while somebody follows.
type Log struct {
	client redis.UniversalClient
	opts   Options
	feed   feed
	healed atomic.Uint64
}

var _ rooms.Log = (*Log)(nil)

// onceLife is how long a call may be sent again by the driver.
const onceLife = time.Minute

// readBytes is about how much one call of the read script answers.
const readBytes = 4 << 20

// New makes a log on client, which stays the caller's to close, after the last
// Follow has returned.
func New(client redis.UniversalClient, opts Options) *Log {
	if opts.Logger == nil {
		opts.Logger = slog.New(slog.DiscardHandler)
	}
	if opts.Prefix == "" {
		opts.Prefix = "reelroom"
	}
	opts.Retention = orElse(opts.Retention, 15*time.Minute)
	opts.MaxEvents = orElse(opts.MaxEvents, 1<<16)
	opts.Memory = orElse(opts.Memory, 24*time.Hour)
	opts.Timeout = orElse(opts.Timeout, 3*time.Second)
	opts.CheckEvery = orElse(opts.CheckEvery, time.Second)
	l := &Log{client: client, opts: opts}
	l.feed.init(l)
	return l
}

func orElse[T int | time.Duration](value, fallback T) T {
	if value > 0 {
		return value
	}
	return fallback
}

// Healed counts the times that events which the live channel had not brought
// were found in the stream and delivered.
func (l *Log) Healed() uint64 { return l.healed.Load() }

// Append is [rooms.Log.Append]. The payload must be one JSON object. An event
// that the driver had to send twice is taken once.
//
// A video that is made again under the id of a deleted one starts anew: its
// transitions are told from late ones of the life before by the payload's "ts",
// which is the store's clock, so that clock must not be set back by more than
// the time between a deletion and the next creation. Plain progress has no
// such time and is parted by its revision alone: what a worker of the life
// before, which has missed that it lost the video, sends after the next life
// began may be shown once or twice, until its next heartbeat fails. No
// outcome is affected.
func (l *Log) Append(ctx context.Context, org string, e models.Event) (rooms.Cursor, bool, error) {
	if err := check(org, &e); err != nil {
		return rooms.Cursor{}, false, err
	}
	raw, err := encode(&e)
	if err != nil {
		return rooms.Cursor{}, false, err
	}
	kind, saved, changed := "-", "keep", int64(0)
	switch {
	case e.Transition:
		kind, saved, changed = "t", "drop", changedAt(&e)
		if e.Name == models.EventProgress {
			saved = "set"
		} else if e.Name == models.EventUpdated {
			saved = "keep"
		}
	case e.Name == models.EventProgress:
		kind, saved = "p", "set"
	case e.Name == models.EventQueued:
		kind = "q"
	case e.Name == models.EventUpdated && e.VideoID != "":
		kind = "u"
	}
	k, word := l.keys(org), newWord()
	idKey, idLife := k.once(word), time.Duration(0)
	if e.ID != "" {
		if idKey, idLife = k.id(e.ID), l.opts.Memory; kind == "p" {
			idLife = min(idLife, l.opts.Retention)
		}
	} else if kind == "-" || kind == "u" {
		idLife = onceLife
	}
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	answer, err := appendScript.Run(ctx, l.client,
		[]string{k.head(), k.stream(), k.video(e.VideoID), idKey},
		word, raw, kind, e.Rev, saved, idLife.Milliseconds(), k.channel(),
		l.opts.Retention.Milliseconds(), l.opts.MaxEvents, l.opts.Memory.Milliseconds(),
		changed, e.Name == models.EventDeleted,
	).Slice()
	if err != nil {
		return rooms.Cursor{}, false, unavailable(err)
	}
	if len(answer) != 3 {
		return rooms.Cursor{}, false, unavailable(errAnswer)
	}
	c, err := cursor(answer[1], answer[2])
	fresh, _ := answer[0].(int64)
	return c, fresh == 1, err
}

// changedAt is when the record changed, in ms, or 0 when the payload does not tell.
func changedAt(e *models.Event) int64 {
	var b struct {
		TS time.Time `json:"ts"`
	}
	if json.Unmarshal(e.Payload, &b) != nil {
		return 0
	}
	return max(b.TS.UnixMilli(), 0)
}

func check(org string, e *models.Event) error {
	switch {
	case !models.ValidID(org) || e.OrganizationID != "" && e.OrganizationID != org:
		return models.Errorf(models.CodeInvalid, "The event is of no or another organization.")
	case e.VideoID != "" && !models.ValidID(e.VideoID), e.VideoID == "" && (e.Transition || e.Name == models.EventProgress):
		return models.Errorf(models.CodeInvalid, "The event names no video.")
	case e.Audience == models.ToVideo && e.VideoID == "", e.Audience == models.ToUser && e.UserID == "":
		return models.Errorf(models.CodeInvalid, "The event names nobody who could hear it.")
	case !isObject(e.Payload):
		return models.Errorf(models.CodeInvalid, "The event's payload is not a JSON object.")
	}
	return nil
}

// Place is [rooms.Log.Place].
func (l *Log) Place(ctx context.Context, org, id string) (rooms.Cursor, bool, error) {
	if !models.ValidID(org) || id == "" {
		return rooms.Cursor{}, false, models.Errorf(models.CodeInvalid, "This is not an id of an event of an organization.")
	}
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	k := l.keys(org)
	var kept *redis.StringCmd
	var epoch *redis.StringCmd
	_, err := l.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		kept, epoch = p.Get(ctx, k.id(id)), p.HGet(ctx, k.head(), "epoch")
		return nil
	})
	if errors.Is(err, redis.Nil) {
		return rooms.Cursor{}, false, nil
	}
	if err != nil {
		return rooms.Cursor{}, false, unavailable(err)
	}
	place, _, _ := strings.Cut(kept.Val(), ":")
	c, err := rooms.ParseCursor(place)
	return c, err == nil && c.Epoch == epoch.Val(), nil
}

// Head is [rooms.Log.Head]. An organization that has no log yet gets an epoch.
func (l *Log) Head(ctx context.Context, org string) (rooms.Cursor, error) {
	_, head, err := l.page(ctx, org, rooms.Cursor{}, 0)
	return head, err
}

// After is [rooms.Log.After].
func (l *Log) After(ctx context.Context, org string, c rooms.Cursor, limit int) ([]models.Event, error) {
	var events []models.Event
	for len(events) < limit {
		page, head, err := l.page(ctx, org, c, limit-len(events))
		if err != nil {
			return nil, err
		}
		events = append(events, page...)
		if len(page) == 0 {
			break
		}
		if c = rooms.CursorOf(&page[len(page)-1]); c == head {
			break
		}
	}
	return events, nil
}

// page reads once: fewer events than limit do not mean that there are no more.
// The head is told with [models.ErrReset] too.
func (l *Log) page(ctx context.Context, org string, c rooms.Cursor, limit int) ([]models.Event, rooms.Cursor, error) {
	if !models.ValidID(org) {
		return nil, rooms.Cursor{}, models.Errorf(models.CodeInvalid, "This is not an organization.")
	}
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	k := l.keys(org)
	answer, err := readScript.Run(ctx, l.client, []string{k.head(), k.stream()},
		newWord(), c.Epoch, strconv.FormatUint(c.Seq, 10), limit, readBytes).Slice()
	if err != nil {
		return nil, rooms.Cursor{}, unavailable(err)
	}
	if len(answer) < 3 || len(answer)%2 != 1 {
		return nil, rooms.Cursor{}, unavailable(errAnswer)
	}
	head, err := cursor(answer[0], answer[1])
	if err != nil {
		return nil, rooms.Cursor{}, err
	}
	if whole, _ := answer[2].(int64); whole == 0 {
		return nil, head, models.ErrReset
	}
	events := make([]models.Event, 0, (len(answer)-3)/2)
	for i := 3; i < len(answer); i += 2 {
		place, err := cursor(answer[0], answer[i])
		raw, _ := answer[i+1].(string)
		if err != nil {
			return nil, head, err
		}
		e, err := decode([]byte(raw), org, place.Epoch, place.Seq)
		if err != nil {
			l.opts.Logger.Warn("an event in the log cannot be read", "organization", org, "cursor", place.String(), "error", err)
			return nil, head, models.ErrReset.Because(err)
		}
		events = append(events, e)
	}
	return events, head, nil
}

// progressBatch is how many videos one round trip asks for.
const progressBatch = 128

// Progress is [rooms.Log.Progress].
func (l *Log) Progress(ctx context.Context, org string, videoIDs ...string) (map[string]models.Event, error) {
	if !models.ValidID(org) {
		return nil, models.Errorf(models.CodeInvalid, "This is not an organization.")
	}
	k, found := l.keys(org), make(map[string]models.Event)
	for len(videoIDs) > 0 {
		batch := videoIDs[:min(len(videoIDs), progressBatch)]
		videoIDs = videoIDs[len(batch):]
		if err := l.progress(ctx, org, k, batch, found); err != nil {
			return nil, err
		}
	}
	return found, nil
}

func (l *Log) progress(ctx context.Context, org string, k keys, ids []string, found map[string]models.Event) error {
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	answers := make([]*redis.SliceCmd, len(ids))
	_, err := l.client.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, id := range ids {
			answers[i] = p.HMGet(ctx, k.video(id), "epoch", "seq", "e")
		}
		return nil
	})
	if err != nil {
		return unavailable(err)
	}
	for i, answer := range answers {
		fields := answer.Val()
		raw, ok := fields[2].(string)
		if !ok {
			continue
		}
		place, err := cursor(fields[0], fields[1])
		if err != nil {
			return err
		}
		if e, err := decode([]byte(raw), org, place.Epoch, place.Seq); err == nil {
			found[ids[i]] = e
		}
	}
	return nil
}

// Ping is [rooms.Log.Ping].
func (l *Log) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, l.opts.Timeout)
	defer cancel()
	if err := l.client.Ping(ctx).Err(); err != nil {
		return unavailable(err)
	}
	return nil
}

var errAnswer = errors.New("redislog: unexpected answer")

func cursor(epoch, seq any) (rooms.Cursor, error) {
	e, _ := epoch.(string)
	s, _ := seq.(string)
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil || e == "" {
		return rooms.Cursor{}, unavailable(errAnswer)
	}
	return rooms.Cursor{Epoch: e, Seq: n}, nil
}

func unavailable(cause error) error {
	return models.Errorf(models.CodeUnavailable, "Live events are not available at the moment.").Because(cause).Again(time.Second)
}
