package capacity

import (
	"sync"
	"time"

	"reelroom/models"
)

// kept remembers for a while what organizations keep, with what this server adds
// to it, where the store takes long to say so.
type kept struct {
	life time.Duration // 0: nothing is remembered
	mu   sync.Mutex
	orgs map[string]known
}

type known struct {
	usage models.Usage
	until time.Time
}

func (k *kept) get(org string) (models.Usage, bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	u, ok := k.orgs[org]
	return u.usage, ok && time.Now().Before(u.until)
}

// put remembers what the store has said, and forgets what is too old.
func (k *kept) put(org string, u models.Usage) {
	if k.life == 0 {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	for other, old := range k.orgs {
		if now.After(old.until) {
			delete(k.orgs, other)
		}
	}
	k.orgs[org] = known{u, now.Add(k.life)}
}

// add notes a record that was made here.
func (k *kept) add(org string, bytes int64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if u, ok := k.orgs[org]; ok {
		u.usage.Videos++
		u.usage.Bytes += bytes
		k.orgs[org] = u
	}
}
