package main

import (
	"context"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"reelroom/worker/queue"
)

// queueMetrics registers the figures of the queue. Those of what waits are of
// the whole installation, the counters of this process.
func queueMetrics(q *queue.Client, gauge func(name, help string, read func() float64, labels prometheus.Labels),
	counter func(name, help string, read func() float64, labels ...prometheus.Labels)) {
	var mu sync.Mutex
	var read time.Time
	var order queue.OrderStats
	var depth int
	var slots map[string]int
	var unordered, unmeasured, unlisted error
	// look asks for everything at once: one answer serves all figures of a scrape,
	// which waits once where none comes.
	look := func(figure func() (float64, error)) func() float64 {
		return func() float64 {
			mu.Lock()
			defer mu.Unlock()
			if time.Since(read) > time.Second {
				var all sync.WaitGroup
				all.Go(func() { order, unordered = q.Order(context.Background()) })
				all.Go(func() { depth, unmeasured = q.Depth() })
				all.Go(func() {
					var list []queue.Process
					list, unlisted = q.Processes(context.Background())
					slots = map[string]int{}
					for _, p := range list {
						slots["all"] += p.Concurrency
						slots["busy"] += p.Busy
					}
				})
				all.Wait()
				read = time.Now()
			}
			if value, err := figure(); err == nil {
				return value
			}
			return -1
		}
	}
	const away = "; -1 when the queue does not answer."
	gauge("queue_waiting", "Videos that wait for a worker"+away,
		look(func() (float64, error) { return float64(order.Waiting), unordered }), nil)
	gauge("queue_running", "Videos that workers have taken"+away,
		look(func() (float64, error) { return float64(order.Running), unordered }), nil)
	gauge("queue_organizations", "Organizations whose videos wait"+away,
		look(func() (float64, error) { return float64(order.Organizations), unordered }), nil)
	gauge("queue_oldest_seconds", "How long the video that has waited longest has done so"+away,
		look(func() (float64, error) { return order.Oldest.Seconds(), unordered }), nil)
	gauge("queue_tasks", "asynq's tasks that are not running, one for each video that waits"+away,
		look(func() (float64, error) { return float64(depth), unmeasured }), nil)
	for _, state := range []string{"all", "busy"} {
		gauge("queue_slots", "Videos that the workers of the whole installation can work on at once, and those that they do"+away,
			look(func() (float64, error) { return float64(slots[state]), unlisted }), prometheus.Labels{"state": state})
	}
	count := func(name, help string, figure func(queue.Counts) uint64) {
		counter(name, help, func() float64 { return float64(figure(q.Counts())) })
	}
	count("queue_reclaimed_total", "Work asked for again by this process because its worker had gone or its pause was over.",
		func(c queue.Counts) uint64 { return c.Reclaimed })
	count("queue_poisoned_total", "Videos given up on this node because they crashed their workers.",
		func(c queue.Counts) uint64 { return c.Poisoned })
	count("queue_republished_total", "Changes of records that this process told late.",
		func(c queue.Counts) uint64 { return c.Republished })
	count("queue_returned_total", "Videos given back when this worker was stopped.",
		func(c queue.Counts) uint64 { return c.Returned })
	count("queue_skipped_total", "Videos that were next on this worker but had nothing to be done.",
		func(c queue.Counts) uint64 { return c.Skipped })
}
