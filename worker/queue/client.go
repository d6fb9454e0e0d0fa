package queue

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/hibiken/asynq"
	"github.com/redis/go-redis/v9"

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
)

// Client enqueues tasks. It implements [models.Queue].
type Client struct {
	redis     redis.UniversalClient
	inspector *asynq.Inspector
}

// NewClient returns a client over a connection that the caller keeps.
func NewClient(redis redis.UniversalClient) *Client {
	return &Client{redis, asynq.NewInspectorFromRedisClient(redis)}
}

// taskID names a task by what it asks for, so that asking twice queues once.
func taskID(t models.Task) string {
	return fmt.Sprintf("%s.%s.%d.%d", models.Segment(t.OrganizationID), models.Segment(t.VideoID), t.Attempt, t.Fence)
}

// Enqueue adds the task unless it is queued, waiting for a retry or running. A
// task of the same name that has ended, which asynq may still keep, is
// replaced. It returns [models.CodeUnavailable] when Redis does not answer.
func (c *Client) Enqueue(ctx context.Context, org string, t models.Task) error {
	if t.OrganizationID != org {
		return models.Errorf(models.CodeInternal, "The task belongs to another organization.")
	}
	ctx, cancel := context.WithTimeout(ctx, enqueueTime)
	defer cancel()
	payload, err := json.Marshal(t)
	if err != nil {
		return err
	}
	id := taskID(t)
	// A client of asynq remembers which queues it has registered; a new one each
	// time registers them again with a Redis that has lost everything.
	client := asynq.NewClientFromRedisClient(c.redis)
	add := func() error {
		_, err := client.EnqueueContext(ctx, asynq.NewTask(kind, payload),
			asynq.TaskID(id), asynq.Queue(name), asynq.MaxRetry(maxRetry), asynq.Timeout(taskTime))
		return err
	}
	err = add()
	if errors.Is(err, asynq.ErrTaskIDConflict) {
		info, look := c.inspector.GetTaskInfo(name, id)
		if look == nil && info.State != asynq.TaskStateArchived && info.State != asynq.TaskStateCompleted {
			return nil
		}
		// Gone, or ended: whoever else removes it meanwhile does no harm.
		_ = c.inspector.DeleteTask(name, id)
		if err = add(); errors.Is(err, asynq.ErrTaskIDConflict) {
			return nil
		}
	}
	if err != nil {
		return models.Errorf(models.CodeUnavailable, "The queue does not answer.").Again(5 * time.Second).Because(err)
	}
	return nil
}

// Depth returns how many tasks wait, for metrics.
func (c *Client) Depth() (int, error) {
	queues, err := c.inspector.Queues()
	if err != nil || !slices.Contains(queues, name) {
		return 0, err
	}
	info, err := c.inspector.GetQueueInfo(name)
	if err != nil {
		return 0, err
	}
	return info.Pending + info.Retry + info.Scheduled, nil
}
