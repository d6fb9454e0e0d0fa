package socketio

import (
	"sync"
	"time"
)

// complainEvery is how often the same trouble is told: where the log is away,
// thousands of connections have it at once, again and again.
const complainEvery = 10 * time.Second

// complaints are what was told, by its words, which are few and constant.
type complaints struct {
	mu   sync.Mutex
	told map[string]complaint
}

type complaint struct {
	last   time.Time
	untold int // since then
}

// complain warns of a trouble that others may have, too.
func (d *Door) complain(words string, err error) {
	c := &d.complaints
	c.mu.Lock()
	now, known := time.Now(), c.told[words]
	if !known.last.IsZero() && now.Sub(known.last) < complainEvery {
		known.untold++
		c.told[words] = known
		c.mu.Unlock()
		return
	}
	if c.told == nil {
		c.told = map[string]complaint{}
	}
	c.told[words] = complaint{last: now}
	c.mu.Unlock()
	d.log.Warn(words, "error", err, "untold", known.untold)
}
