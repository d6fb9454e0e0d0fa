package limits

import "reelroom/models"

const (
	// SpareDescriptors is how many files and sockets are left to the process for
	// itself at least, beside those that it had open when the limits were made:
	// for its database, its services, ffmpeg's pipes, and connections that are
	// refused.
	SpareDescriptors = 48
	// mostSpare bounds what is left where a process may have many open: an eighth.
	mostSpare = 4096
	// fewDescriptors are never refused.
	fewDescriptors = 16
)

// spendable returns how many connections and files strangers and members may
// have open together, where the process may have most and has so many already;
// 0 for no limit.
func spendable(most, open uint64) int {
	if most == 0 || most > maxLimit {
		return 0
	}
	spare := min(max(most/8, SpareDescriptors), mostSpare)
	return int(max(most, open+spare+fewDescriptors) - open - spare)
}

// Descriptor takes a place for a connection, or for a file that is open for a
// request. It returns nil where there is none.
func (l *Limits) Descriptor() *Place[struct{}] {
	if l == nil {
		return &Place[struct{}]{gauge: &Gauge[struct{}]{}}
	}
	p := l.descriptors.Take(struct{}{})
	if p == nil {
		l.refused[descriptors].Add(1)
	}
	return p
}

// file takes the place of a file that is open for a request of somebody who has
// taken another place, which is given back where there is none for the file.
func (l *Limits) file(other func()) (leave func(), err error) {
	p := l.Descriptor()
	if p == nil {
		other()
		return nil, models.Errorf(models.CodeUnavailable, "The server has as many open files as it may. Try again shortly.").Again(uploadWait)
	}
	return func() { p.Leave(); other() }, nil
}
