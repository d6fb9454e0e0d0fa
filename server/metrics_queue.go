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
	var last queue.OrderStats
	var failed error
	// One answer serves all figures of a scrape.
	order := func(figure func(queue.OrderStats) float64) func() float64 {
		return func() float64 {
			mu.Lock()
			defer mu.Unlock()
			if time.Since(read) > time.Second {
				last, failed = q.Order(context.Background())
				read = time.Now()
			}
			if failed != nil {
				return -1
			}
			return figure(last)
		}
	}
	const away = "; -1 when the queue does not answer."
	gauge("queue_waiting", "Videos that wait for a worker"+away,
		order(func(s queue.OrderStats) float64 { return float64(s.Waiting) }), nil)
	gauge("queue_running", "Videos that workers have taken"+away,
		order(func(s queue.OrderStats) float64 { return float64(s.Running) }), nil)
	gauge("queue_organizations", "Organizations whose videos wait"+away,
		order(func(s queue.OrderStats) float64 { return float64(s.Organizations) }), nil)
	gauge("queue_oldest_seconds", "How long the video that has waited longest has done so"+away,
		order(func(s queue.OrderStats) float64 { return s.Oldest.Seconds() }), nil)
	gauge("queue_tasks", "asynq's tasks that are not running, one for each video that waits"+away, func() float64 {
		n, err := q.Depth()
		if err != nil {
			return -1
		}
		return float64(n)
	}, nil)
	for state, figure := range map[string]func(queue.Process) int{
		"all": func(p queue.Process) int { return p.Concurrency }, "busy": func(p queue.Process) int { return p.Busy },
	} {
		gauge("queue_slots", "Videos that the workers of the whole installation can work on at once, and those that they do"+away, func() float64 {
			list, err := q.Processes(context.Background()) // bounded
			if err != nil {
				return -1
			}
			sum := 0
			for _, p := range list {
				sum += figure(p)
			}
			return float64(sum)
		}, prometheus.Labels{"state": state})
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
