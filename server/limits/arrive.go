package limits

import (
	"net/http"

	"reelroom/models"
)

// Arrival is a connection that was let in by its address, until [Arrival.Leave].
// Nil, which nobody counts, is that of a peer on this machine.
type Arrival = Place[Address]

// Arrive lets a new connection in, before anything of it was read, or says why
// not: too many bad tokens came from its address, too many handshakes, or too
// many of its connections are open.
func (l *Limits) Arrive(r *http.Request) (*Arrival, error) {
	if l == nil {
		return nil, nil
	}
	from := l.address(r)
	if from == (Address{}) {
		return nil, nil
	}
	if err := l.suspended(from); err != nil {
		return nil, err
	}
	if wait := l.addressHandshakes.Take(from); wait > 0 {
		return nil, l.refuse(addressHandshakes, wait, "Too many connections were opened from this address.")
	}
	a := l.addressConnections.Take(from)
	if a == nil {
		return nil, l.refuse(addressConnections, connectionWait, "This address has too many open connections.")
	}
	return a, nil
}

// Suspended refuses a request of an address from which too many bad tokens came.
func (l *Limits) Suspended(r *http.Request) error {
	if l == nil {
		return nil
	}
	return l.suspended(l.address(r))
}

func (l *Limits) suspended(from Address) error {
	if from == (Address{}) {
		return nil
	}
	if wait := l.addressFailures.Look(from); wait > 0 {
		return l.refuse(addressFailures, wait, "Too many bad tokens came from this address.")
	}
	return nil
}

// Failed counts a token that did not verify against the address of a request. A
// token that has only expired counts for nothing: its client will come with a
// new one, and so will everybody in the same building.
func (l *Limits) Failed(r *http.Request, err error) {
	if l != nil && models.CodeOf(err) == models.CodeTokenInvalid {
		l.failed(l.address(r))
	}
}

// ArrivalFailed is [Limits.Failed] for a connection.
func (l *Limits) ArrivalFailed(a *Arrival, err error) {
	if l != nil && a != nil && models.CodeOf(err) == models.CodeTokenInvalid {
		l.failed(a.key)
	}
}

func (l *Limits) failed(from Address) {
	if from != (Address{}) {
		l.addressFailures.Take(from)
	}
}
