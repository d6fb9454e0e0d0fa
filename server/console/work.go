package console

import (
	"context"
	"strings"
	"sync"

	"reelroom/models"
	"reelroom/worker/queue"
)

// work is what there is to do, and who does it.
type work struct {
	queue   models.ConsoleQueue
	missing []string
}

// maxTasks bounds the running videos that are shown.
const maxTasks = 100

// work reads the queue, the workers and the records of what runs, all at once:
// each may have to be waited for.
func (c *Console) work(ctx context.Context, org string) work {
	out := work{queue: models.ConsoleQueue{Workers: []models.ConsoleWorker{}}}
	var all sync.WaitGroup
	var loads []queue.Load
	var processes []queue.Process
	var page models.VideoPage
	var unloaded, unknown, unread error
	all.Go(func() { loads, unloaded = c.Queue.Loads(ctx, org) })
	all.Go(func() { processes, unknown = c.Queue.Processes(ctx) })
	all.Go(func() {
		page, unread = c.Store.List(ctx, org, models.Page{Limit: maxTasks, Status: []models.Status{models.StatusProcessing}})
	})
	all.Wait()
	if unloaded == nil && len(loads) == 1 {
		out.queue.Waiting, out.queue.Running, out.queue.OldestSeconds = loads[0].Waiting, loads[0].Running, loads[0].Oldest.Seconds()
	} else {
		out.missing = append(out.missing, "queue")
	}
	if unknown != nil || unread != nil {
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
