package console

import (
	"context"
	"strings"

	"reelroom/models"
)

// work is what there is to do, and who does it.
type work struct {
	queue   models.ConsoleQueue
	missing []string
}

// maxTasks bounds the running videos that are shown.
const maxTasks = 100

// work reads the queue, the workers and the records of what runs.
func (c *Console) work(ctx context.Context, org string) work {
	out := work{queue: models.ConsoleQueue{Workers: []models.ConsoleWorker{}}}
	loads, err := c.Queue.Loads(ctx, org)
	if err == nil && len(loads) == 1 {
		out.queue.Waiting, out.queue.Running, out.queue.OldestSeconds = loads[0].Waiting, loads[0].Running, loads[0].Oldest.Seconds()
	} else {
		out.missing = append(out.missing, "queue")
	}
	processes, err := c.Queue.Processes(ctx)
	if err != nil {
		out.missing = append(out.missing, "workers")
		return out
	}
	page, err := c.Store.List(ctx, org, models.Page{Limit: maxTasks, Status: []models.Status{models.StatusProcessing}})
	if err != nil {
		out.missing = append(out.missing, "workers")
	}
	for _, p := range processes {
		w := models.ConsoleWorker{ID: p.ID, Concurrency: p.Concurrency, Busy: p.Busy, Videos: []models.ConsoleTask{}}
		for i := range page.Videos {
			if v := &page.Videos[i]; strings.HasPrefix(v.Lease.Worker, p.Name) {
				w.Videos = append(w.Videos, models.ConsoleTask{VideoID: v.ID, Title: v.Title, Stage: v.Stage, Attempt: v.Attempt})
			}
		}
		w.Busy = max(w.Busy, len(w.Videos)) // which is told at once
		out.queue.Workers = append(out.queue.Workers, w)
	}
	return out
}
