package console

import (
	"sync"
	"sync/atomic"
	"time"
)

const (
	// width is how long one point of a series lasts, slots how many there are:
	// ten minutes.
	width = 5 * time.Second
	slots = 120
	// maxTracks bounds the organizations that are measured at once, at about 30 kB
	// each where events never rest; those that come later are not.
	maxTracks = 500
	// sweepEvery is how often those are looked for of which nothing was heard.
	sweepEvery = time.Second
)

// Meter measures, for each organization, what comes and what is delivered on
// this node. Its methods take the time of an event each, whoever looks or not.
type Meter struct {
	mu     sync.RWMutex
	tracks map[string]*track
	swept  time.Time
}

// NewMeter makes a meter.
func NewMeter() *Meter { return &Meter{tracks: map[string]*track{}} }

// track is the last ten minutes of an organization: a ring by time.
type track struct {
	mu   sync.Mutex
	last atomic.Int64 // the slot in which something was heard last
	ring [slots]slot
}

// slot is what was measured in one [width] of time.
type slot struct {
	number    int64 // since 1970
	events    uint32
	delivered uint64
	ages      *ages // nil for none
	// What was sampled at last; -1 where nothing was.
	connections, waiting, running int32
}

func slotOf(t time.Time) int64 { return t.UnixNano() / int64(width) }

// now returns the present slot; mu is held.
func (t *track) now(at time.Time) *slot {
	n := slotOf(at)
	s := &t.ring[n%slots]
	if s.number != n {
		*s = slot{number: n, connections: -1, waiting: -1, running: -1}
	}
	return s
}

// Events counts events of an organization that came to this node.
func (m *Meter) Events(org string, n int) {
	m.note(org, func(s *slot) { s.events += uint32(n) })
}

// Delivered counts events that were handed to readers that are no sockets.
func (m *Meter) Delivered(org string, n int) {
	m.note(org, func(s *slot) { s.delivered += uint64(n) })
}

// Socket counts an event that was handed to so many sockets at an age, which is
// less than 0 where it is not known.
func (m *Meter) Socket(org string, sockets int, age time.Duration) {
	m.note(org, func(s *slot) {
		s.delivered += uint64(sockets)
		if age < 0 {
			return
		}
		if s.ages == nil {
			s.ages = new(ages)
		}
		s.ages[stepOf(age)]++
	})
}

func (m *Meter) note(org string, change func(*slot)) {
	now := time.Now()
	t := m.track(org, now)
	if t == nil {
		return
	}
	t.last.Store(slotOf(now))
	t.change(now, change)
}

// sampled is note for what only was looked at: that lets nobody be remembered.
func (m *Meter) sampled(org string, change func(*slot)) {
	m.mu.RLock()
	t := m.tracks[org]
	m.mu.RUnlock()
	if t != nil {
		t.change(time.Now(), change)
	}
}

func (t *track) change(now time.Time, change func(*slot)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	change(t.now(now))
}

// track finds or begins the organization's; nil where there are too many.
func (m *Meter) track(org string, now time.Time) *track {
	m.mu.RLock()
	t := m.tracks[org]
	full := t == nil && len(m.tracks) >= maxTracks && now.Sub(m.swept) < sweepEvery
	m.mu.RUnlock()
	if t != nil || full {
		return t
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if t = m.tracks[org]; t != nil {
		return t
	}
	if len(m.tracks) >= maxTracks {
		m.sweep(now)
	}
	if len(m.tracks) >= maxTracks {
		return nil
	}
	t = &track{}
	t.last.Store(slotOf(now))
	m.tracks[org] = t
	return t
}

// sweep forgets whom nothing was heard of for as long as a series lasts; mu is held.
func (m *Meter) sweep(now time.Time) {
	m.swept = now
	oldest := slotOf(now) - slots
	for org, t := range m.tracks {
		if t.last.Load() <= oldest {
			delete(m.tracks, org)
		}
	}
}

// organizations lists those that are measured.
func (m *Meter) organizations() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sweep(time.Now())
	out := make([]string, 0, len(m.tracks))
	for org := range m.tracks {
		out = append(out, org)
	}
	return out
}

// past returns what is known of the organization's last ten minutes.
func (m *Meter) past(org string) []span {
	m.mu.RLock()
	t := m.tracks[org]
	m.mu.RUnlock()
	if t == nil {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	oldest := slotOf(time.Now()) - slots
	var out []span
	for i := range t.ring {
		if s := &t.ring[i]; s.number > oldest {
			out = append(out, spanOf(s))
		}
	}
	return out
}
