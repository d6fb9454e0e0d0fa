package queue

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"reelroom/models"
)

const (
	// orderKeys begins every key of the order; the braces keep them in one slot.
	orderKeys = "reelroom:{queue}:"
	// orderLife is how long an order that nobody touches is kept.
	orderLife = 24 * time.Hour
	// maxEntries bounds the order, some 200 bytes each. What does not fit is
	// carried by its permit alone.
	maxEntries = 100_000
	// maxServed bounds how many organizations are remembered as served.
	maxServed = 10_000
	// maxOrganizations bounds those over which a position is computed.
	maxOrganizations = 1_000

	// takeTime is how long a worker has to say for the first time that it still
	// has what it took, holdTime how long each time after that holds: a little
	// longer than the record's own lease, which decides.
	takeTime = 2 * models.HeartbeatEvery
	holdTime = models.LeaseTime + models.HeartbeatEvery
	// restTime is the pause of a video that could not be worked on because
	// something did not answer.
	restTime = 5 * time.Second
)

// order is the fair order of what waits, on Redis: a list for each organization,
// and turns. The organization that was served least lately comes next. What is
// taken stays known until it is done, and comes back when its worker falls
// silent. It is a copy of what the records say, made again by the reconciler
// when Redis has lost it; it holds each attempt of a video once.
type order struct{ redis redis.UniversalClient }

// taken is a video that was taken from the order.
type taken struct {
	task models.Task
	id   string
}

// How a taking ends; see leaveScript.
const (
	leaveDone = "done"
	leaveSkip = "skip"
	leaveBack = "back"
	leaveRest = "rest"
)

func member(videoID string, attempt int) string {
	return models.Segment(videoID) + ":" + strconv.Itoa(attempt)
}

func entryID(t models.Task) string {
	return models.Segment(t.OrganizationID) + ":" + member(t.VideoID, t.Attempt)
}

var errOrder = errors.New("the order on Redis is not of this version")

// taskOfEntry is the reverse of entryID.
func taskOfEntry(id, fence string) (models.Task, error) {
	parts := strings.Split(id, ":")
	if len(parts) != 3 {
		return models.Task{}, errOrder
	}
	org, bad1 := url.PathUnescape(parts[0])
	video, bad2 := url.PathUnescape(parts[1])
	attempt, bad3 := strconv.Atoi(parts[2])
	n, bad4 := strconv.ParseInt(fence, 10, 64)
	if errors.Join(bad1, bad2, bad3, bad4) != nil {
		return models.Task{}, errOrder
	}
	return models.Task{OrganizationID: org, VideoID: video, Attempt: attempt, Fence: n}, nil
}

func (o order) run(ctx context.Context, script *redis.Script, args ...any) *redis.Cmd {
	keys := []string{orderKeys, orderKeys + "turns", orderKeys + "served", orderKeys + "entries", orderKeys + "taken", orderKeys + "clock"}
	return script.Run(ctx, o.redis, keys, append([]any{orderLife.Milliseconds()}, args...)...)
}

// add puts a video in line, unless it is there. It answers false while a living
// worker has it: then it needs no permit.
func (o order) add(ctx context.Context, t models.Task) (wanted bool, err error) {
	begun := 0
	if t.Begun {
		begun = 1
	}
	n, err := o.run(ctx, addScript, entryID(t), t.Fence, begun, maxEntries).Int()
	return n != 0, err
}

// take answers with the next video. With none, it is the permit's own, unless
// that is with a living worker; then ok is false. waited tells that the order
// gave it.
func (o order) take(ctx context.Context, own models.Task) (next taken, waited, ok bool, err error) {
	answer, err := o.run(ctx, takeScript, entryID(own), takeTime.Milliseconds(), maxServed).StringSlice()
	switch {
	case err != nil:
		return taken{}, false, false, err
	case len(answer) == 2:
		task, err := taskOfEntry(answer[0], answer[1])
		return taken{task, answer[0]}, true, err == nil, err
	case len(answer) == 1:
		return taken{}, false, false, nil
	}
	return taken{own, entryID(own)}, false, true, nil
}

// leave ends a taking.
func (o order) leave(ctx context.Context, t taken, how string) error {
	return o.run(ctx, leaveScript, t.id, t.task.Fence, how, restTime.Milliseconds()).Err()
}

// renew says that these are still being worked on.
func (o order) renew(ctx context.Context, held []taken) error {
	args := []any{holdTime.Milliseconds()}
	for _, t := range held {
		args = append(args, t.id, t.task.Fence)
	}
	return o.run(ctx, renewScript, args...).Err()
}

// lacking returns those of the tasks that the order does not know.
func (o order) lacking(ctx context.Context, tasks []models.Task) ([]models.Task, error) {
	if len(tasks) == 0 {
		return nil, nil
	}
	args := make([]any, 0, 2*len(tasks))
	for _, t := range tasks {
		args = append(args, entryID(t), t.Fence)
	}
	known, err := o.run(ctx, lackScript, args...).Int64Slice()
	if err != nil {
		return nil, err
	}
	if len(known) != len(tasks) {
		return nil, errOrder
	}
	var lacking []models.Task
	for i, n := range known {
		if n == 0 {
			lacking = append(lacking, tasks[i])
		}
	}
	return lacking, nil
}

// waiting counts what waits and returns up to most of it. What a dead worker
// had taken waits again.
func (o order) waiting(ctx context.Context, most int) (n int, some []models.Task, err error) {
	answer, err := o.run(ctx, waitingScript, most).Slice()
	if err != nil {
		return 0, nil, err
	}
	if len(answer)%2 != 1 {
		return 0, nil, errOrder
	}
	for i := 1; i < len(answer); i += 2 {
		t, err := taskOfEntry(fmt.Sprint(answer[i]), fmt.Sprint(answer[i+1]))
		if err != nil {
			return 0, nil, err
		}
		some = append(some, t)
	}
	count, _ := answer[0].(int64)
	return int(count), some, nil
}

// OrderStats are figures of the whole installation.
type OrderStats struct {
	// Waiting videos have no worker, Running ones have; Organizations are those
	// that wait for something.
	Waiting, Running, Organizations int
	// Oldest is how long the video that has waited longest has done so.
	Oldest time.Duration
}

func (o order) stats(ctx context.Context) (OrderStats, error) {
	answer, err := o.run(ctx, statsScript, maxOrganizations).Int64Slice()
	if err != nil {
		return OrderStats{}, err
	}
	if len(answer) != 5 {
		return OrderStats{}, errOrder
	}
	s := OrderStats{Waiting: int(answer[0] - answer[1]), Running: int(answer[1]), Organizations: int(answer[2])}
	if answer[3] > 0 {
		s.Oldest = max(time.Duration(answer[4]-answer[3])*time.Millisecond, 0)
	}
	return s, nil
}
