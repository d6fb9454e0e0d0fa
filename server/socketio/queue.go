package socketio

import (
	"sync/atomic"
	"time"
)

// queue is what waits for one reader: messages, bounded in bytes. Its owner's
// lock guards it.
//
// Progress that a slower reader has not yet been sent is replaced by the newer
// one of the same video: when the queue would be full, and already when it is
// half full and nothing was taken for a while. A reader that keeps up sees all
// of it. Nothing but video:progress is ever dropped.
type queue struct {
	list  []*message
	size  int       // bytes in list, and those that were taken but not yet sent
	taken time.Time // when something was taken last, while there is much
	next  int       // from which size on the next thinning may be worth while
}

// staleTime is how long nothing may be taken from a queue that is half full
// until stale progress is dropped.
const staleTime = 250 * time.Millisecond

// push appends a message and reports false when the queue is full.
func (q *queue) push(m *message, most int, d *Door) bool {
	q.list = append(q.list, m)
	q.size += len(m.frame)
	if q.size <= most/2 {
		q.taken, q.next = time.Time{}, 0
		return true
	}
	if q.size > most {
		q.thin(&d.stats.dropped)
		return q.size <= most
	}
	now := time.Now()
	if q.taken.IsZero() {
		q.taken = now
	}
	if q.size >= q.next && now.Sub(q.taken) > staleTime {
		q.thin(&d.stats.dropped)
		// Not again until there is something new: a full pass for every message
		// would make a slow reader expensive.
		q.next = q.size + most/16
	}
	return true
}

// thin drops the progress that a newer one in the queue replaces.
func (q *queue) thin(dropped *atomic.Uint64) {
	newest := make(map[progressKey]struct{})
	kept := len(q.list)
	for i := len(q.list) - 1; i >= 0; i-- {
		m := q.list[i]
		if m.progress != (progressKey{}) {
			if _, stale := newest[m.progress]; stale {
				q.size -= len(m.frame)
				dropped.Add(1)
				continue
			}
			newest[m.progress] = struct{}{}
		}
		kept--
		q.list[kept] = m
	}
	clear(q.list[:kept])
	q.list = q.list[kept:]
}

// take removes messages of at least most bytes, if there are so many, and with 0
// all. They count until they are [queue.sent].
func (q *queue) take(most int) []*message {
	n, bytes := 0, 0
	for n < len(q.list) && (most == 0 || bytes < most) {
		bytes += len(q.list[n].frame)
		n++
	}
	batch := q.list[:n:n]
	if q.list = q.list[n:]; len(q.list) == 0 {
		q.list = nil
	}
	if most == 0 {
		q.sent(bytes)
	}
	return batch
}

// first removes at most n messages, which are sent.
func (q *queue) first(n int) []*message {
	if n >= len(q.list) {
		return q.take(0)
	}
	batch, bytes := q.list[:n:n], 0
	for _, m := range batch {
		bytes += len(m.frame)
	}
	q.list = q.list[n:]
	q.sent(bytes)
	return batch
}

// sent tells that bytes went out.
func (q *queue) sent(bytes int) {
	q.size -= bytes
	q.taken = time.Time{}
}

// skip removes n bytes that were written, after those of the first message that
// begun counts, and returns how many of the first that is left are written.
func (q *queue) skip(begun, n int) int {
	q.sent(n)
	for n += begun; len(q.list) > 0 && n >= len(q.list[0].frame); q.list = q.list[1:] {
		n -= len(q.list[0].frame)
		q.list[0] = nil
	}
	if len(q.list) == 0 {
		q.list = nil
	}
	return n
}

func (q *queue) clear() { q.list, q.size = nil, 0 }
