package load

// Tally is what one client has received of a run. The events of a run are
// numbered from 1 in the order in which they were sent off. The zero value has
// received nothing. Its methods must not be called at once.
type Tally struct {
	// Received counts every event, also the doubles.
	Received uint64
	// Doubles came more than once, Disorder after one that follows it.
	Doubles  uint64
	Disorder uint64

	last    uint64 // the highest number that came
	lastSeq uint64
	missing map[uint64]struct{}
}

// maxMissing bounds what is remembered of numbers that were passed over.
const maxMissing = 1 << 20

// Add counts event number n. seq is the server's own number, by which order is
// judged: publishers that send at once are overtaken by each other, so that n
// says nothing about it; 0 where the server gives none.
func (t *Tally) Add(n, seq uint64) {
	t.Received++
	if n <= t.last {
		if _, awaited := t.missing[n]; !awaited {
			t.Doubles++
			return
		}
		delete(t.missing, n)
	}
	if seq != 0 && seq <= t.lastSeq || seq == 0 && n < t.last {
		t.Disorder++
	}
	t.lastSeq = max(t.lastSeq, seq)
	for skipped := t.last + 1; skipped < n && len(t.missing) < maxMissing; skipped++ {
		if t.missing == nil {
			t.missing = map[uint64]struct{}{}
		}
		t.missing[skipped] = struct{}{}
	}
	t.last = max(t.last, n)
}

// Lost returns how many of the events 1 to sent have not come.
func (t *Tally) Lost(sent uint64) uint64 {
	lost := uint64(0)
	for n := range t.missing {
		if n <= sent {
			lost++
		}
	}
	if sent > t.last {
		lost += sent - t.last
	}
	return lost
}

// Complete reports whether the events 1 to sent have all come.
func (t *Tally) Complete(sent uint64) bool { return len(t.missing) == 0 && t.last >= sent }
