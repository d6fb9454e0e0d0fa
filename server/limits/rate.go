package limits

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// maxKeys bounds the keys that one rate remembers, at about 300 bytes each.
const maxKeys = 1 << 16

// Rate gives each key a bucket of tokens that fills with time. A key whose
// bucket is full again is forgotten; of more than [maxKeys] keys, the one that
// was not used for the longest time is, which gives it a full bucket.
type Rate[K comparable] struct {
	limit rate.Limit
	burst int
	most  int           // keys
	fill  time.Duration // after which an unused bucket is full

	mu      sync.Mutex
	buckets map[K]*list.Element
	order   *list.List // of *bucket[K], the last used in front
}

type bucket[K comparable] struct {
	key    K
	tokens *rate.Limiter
	used   time.Time
}

// NewRate lets each key take so many a second, and as many as burst at once; a
// rate of 0 refuses nothing.
func NewRate[K comparable](perSecond float64, burst int) *Rate[K] {
	r := &Rate[K]{limit: rate.Limit(perSecond), burst: max(burst, 1), most: maxKeys, buckets: map[K]*list.Element{}, order: list.New()}
	if perSecond > 0 {
		r.fill = time.Duration(float64(r.burst) / perSecond * float64(time.Second))
	}
	return r
}

// Take takes a token. Where there is none it returns how long it takes until
// there is one, and takes nothing.
func (r *Rate[K]) Take(key K) (wait time.Duration) {
	if r.limit <= 0 {
		return 0
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	b := r.bucket(key, now)
	taken := b.tokens.ReserveN(now, 1)
	if wait = taken.DelayFrom(now); wait > 0 {
		taken.CancelAt(now)
	}
	return wait
}

// Give gives a token back that was taken.
func (r *Rate[K]) Give(key K) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e := r.buckets[key]; e != nil {
		e.Value.(*bucket[K]).tokens.AllowN(time.Now(), -1)
	}
}

// Look returns how long it takes until there is a token, and takes none.
func (r *Rate[K]) Look(key K) (wait time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.buckets[key]
	if e == nil {
		return 0 // full, or no limit
	}
	missing := 1 - e.Value.(*bucket[K]).tokens.TokensAt(time.Now())
	return max(time.Duration(missing/float64(r.limit)*float64(time.Second)), 0)
}

// Keys returns how many keys are remembered.
func (r *Rate[K]) Keys() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sweep(time.Now())
	return len(r.buckets)
}

// bucket finds the key's bucket or makes a full one; mu is held.
func (r *Rate[K]) bucket(key K, now time.Time) *bucket[K] {
	if e, ok := r.buckets[key]; ok {
		b := e.Value.(*bucket[K])
		b.used = now
		r.order.MoveToFront(e)
		return b
	}
	r.sweep(now)
	if len(r.buckets) >= r.most {
		r.drop(r.order.Back())
	}
	b := &bucket[K]{key, rate.NewLimiter(r.limit, r.burst), now}
	r.buckets[key] = r.order.PushFront(b)
	return b
}

// sweep forgets the keys whose buckets are full again; mu is held. They stand at
// the end of the order, so that nothing else is looked at.
func (r *Rate[K]) sweep(now time.Time) {
	for e := r.order.Back(); e != nil && now.Sub(e.Value.(*bucket[K]).used) >= r.fill; e = r.order.Back() {
		r.drop(e)
	}
}

func (r *Rate[K]) drop(e *list.Element) {
	delete(r.buckets, e.Value.(*bucket[K]).key)
	r.order.Remove(e)
}
