package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/singleflight"

	"reelroom/models"
)

const (
	// name is asynq's queue, kind its task type.
	name = "videos"
	kind = "video:process"
	// maxRetry bounds asynq's own retries of one task; the reconciler makes a
	// new one for a video that is still unsettled after them.
	maxRetry = 20
	// taskTime bounds one run of a task. The pipeline's own limits are
	// shorter; without this asynq would cut every task after 30 minutes.
	taskTime = 24 * time.Hour
	// enqueueTime bounds one call to Redis.
	enqueueTime = 3 * time.Second
	// maxSpares is how many permits stand in for one whose name is taken by a
	// task that is running, or seems to be.
	maxSpares = 3
)

// Client enqueues tasks. It implements [models.Queue].
type Client struct {
	redis     redis.UniversalClient
	inspector *asynq.Inspector
	order     order
	counts    counts
	asking    singleflight.Group // of asynq; see soon
}

// NewClient returns a client over a connection that the caller keeps.
func NewClient(redis redis.UniversalClient) *Client {
	return &Client{redis: redis, inspector: asynq.NewInspectorFromRedisClient(redis), order: order{redis}}
}

// taskID names a task by what it asks for, so that asking twice queues once.
func taskID(t models.Task) string {
	return fmt.Sprintf("%s.%s.%d.%d", models.Segment(t.OrganizationID), models.Segment(t.VideoID), t.Attempt, t.Fence)
}

// Enqueue puts the video in line and adds a permit to work on something,
// unless it is in line or being worked on. It returns [models.CodeUnavailable]
// when Redis does not answer.
func (c *Client) Enqueue(ctx context.Context, org string, t models.Task) error {
	if t.OrganizationID != org {
		return models.Errorf(models.CodeInternal, "The task belongs to another organization.")
	}
	ctx, cancel := context.WithTimeout(ctx, enqueueTime)
	defer cancel()
	wanted, err := c.order.add(ctx, t)
	if err == nil && wanted {
		err = c.permit(ctx, t)
	}
	if err != nil {
		return unavailable(err)
	}
	return nil
}

// permit adds asynq's task for t unless it is queued or waits for a retry. One
// of the same name that has ended, which asynq may still keep, is replaced.
// One that is active may be working on another video, or have died with its
// worker: then a spare is added.
func (c *Client) permit(ctx context.Context, t models.Task) error {
	payload, err := json.Marshal(t)
	if err != nil {
		return err
	}
	// A client of asynq remembers which queues it has registered; a new one each
	// time registers them again with a Redis that has lost everything.
	client := asynq.NewClientFromRedisClient(c.redis)
	id := taskID(t)
	for spare := range maxSpares {
		if spare > 0 {
			id = taskID(t) + "." + strconv.Itoa(spare)
		}
		add := func() error {
			_, err := client.EnqueueContext(ctx, asynq.NewTask(kind, payload),
				asynq.TaskID(id), asynq.Queue(name), asynq.MaxRetry(maxRetry), asynq.Timeout(taskTime))
			return err
		}
		err := add()
		if !errors.Is(err, asynq.ErrTaskIDConflict) {
			return err
		}
		info, look := c.inspector.GetTaskInfo(name, id)
		switch {
		case look == nil && info.State == asynq.TaskStateActive:
			continue
		case look == nil && info.State != asynq.TaskStateArchived && info.State != asynq.TaskStateCompleted:
			return nil
		}
		// Gone, or ended: whoever else removes it meanwhile does no harm.
		_ = c.inspector.DeleteTask(name, id)
		if err = add(); !errors.Is(err, asynq.ErrTaskIDConflict) {
			return err
		}
		return nil
	}
	return nil
}

// Depth returns how many tasks wait, for metrics.
func (c *Client) Depth() (int, error) {
	info, err := soon(context.Background(), &c.asking, "info", c.info)
	if err != nil || info == nil {
		return 0, err
	}
	return info.Pending + info.Retry + info.Scheduled, nil
}

// Order returns the figures of what waits.
func (c *Client) Order(ctx context.Context) (OrderStats, error) {
	ctx, cancel := context.WithTimeout(ctx, positionTime)
	defer cancel()
	return c.order.stats(ctx)
}

// info is nil before the first task.
func (c *Client) info() (*asynq.QueueInfo, error) {
	queues, err := c.inspector.Queues()
	if err != nil || !slices.Contains(queues, name) {
		return nil, err
	}
	return c.inspector.GetQueueInfo(name)
}

// lacking returns those of the tasks that are neither in line nor, as their
// fence has it, worked on.
func (c *Client) lacking(ctx context.Context, tasks []models.Task) ([]models.Task, error) {
	ctx, cancel := context.WithTimeout(ctx, enqueueTime)
	defer cancel()
	lacking, err := c.order.lacking(ctx, tasks)
	if err != nil {
		return nil, unavailable(err)
	}
	return lacking, nil
}

// heal adds permits where fewer are pending than videos wait: one died with its
// worker, or waits for a retry of its own.
func (c *Client) heal(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, enqueueTime)
	defer cancel()
	waiting, some, err := c.order.waiting(ctx, healed)
	if err != nil {
		return unavailable(err)
	}
	if waiting == 0 {
		return nil
	}
	info, err := c.info()
	if err != nil {
		return unavailable(err)
	}
	if info != nil && info.Pending >= waiting {
		return nil
	}
	for _, t := range some {
		if err := c.permit(ctx, t); err != nil {
			return unavailable(err)
		}
	}
	return nil
}

// healed is how many videos one pass of heal gives a permit.
const healed = 100
