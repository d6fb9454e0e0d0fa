package limits

import (
	"net/http"

	"reelroom/models"
)

// Arrival is a connection that was let in by its address, until [Arrival.Leave].
// Nil, which nobody counts, is that of a peer without an address.
type Arrival = Place[Address]

// Arrive lets a new connection in, before anything of it was read, or says why
// not: too many handshakes came from its address, or too many of its connections
// are open.
func (l *Limits) Arrive(r *http.Request) (*Arrival, error) {
	if l == nil {
		return nil, nil
	}
	from := l.address(r)
	if from == (Address{}) {
		return nil, nil
	}
	if wait := l.addressHandshakes.Take(from); wait > 0 {
		return nil, l.refuse(addressHandshakes, wait, "Too many connections were opened from this address.")
	}
	a := l.addressConnections.Take(from)
	if a == nil {
		return nil, l.refuse(addressConnections, connectionWait, wordsConnections)
	}
	return a, nil
}

// Failed counts a token that did not verify against the address of a request,
// and returns what to answer: err, or that too many came from there. A token
// that has only expired counts for nothing: its client will come with a new one,
// and so will everybody in the same building. Good tokens are not refused for
// the bad ones of the same address, which may be that of a proxy.
func (l *Limits) Failed(r *http.Request, err error) error {
	if l == nil {
		return err
	}
	return l.failed(l.address(r), err)
}

// ArrivalFailed is [Limits.Failed] for a connection.
func (l *Limits) ArrivalFailed(a *Arrival, err error) error {
	if l == nil || a == nil {
		return err
	}
	return l.failed(a.key, err)
}

func (l *Limits) failed(from Address, err error) error {
	if from == (Address{}) || models.CodeOf(err) != models.CodeTokenInvalid {
		return err
	}
	if wait := l.addressFailures.Take(from); wait > 0 {
		return l.refuse(addressFailures, wait, "Too many bad tokens came from this address.")
	}
	return err
}

const wordsConnections = "This address has too many open connections."

// Connect counts a TCP connection of a peer, until the place is left.
func (l *Limits) Connect(from Address) (*Arrival, error) {
	if l == nil || from == (Address{}) {
		return nil, nil
	}
	a := l.addressSockets.Take(from)
	if a == nil {
		return nil, l.refuse(addressSockets, connectionWait, wordsConnections)
	}
	return a, nil
}

// Visit counts a request that came through a trusted proxy in the place of a
// connection of the address behind it, until leave is called. It counts nothing
// where the proxy does not tell that address: the proxy itself has no limit.
func (l *Limits) Visit(r *http.Request) (leave func(), err error) {
	nothing := func() {}
	if l == nil || len(l.proxies) == 0 {
		return nothing, nil
	}
	peer, ok := parseIP(r.RemoteAddr)
	if !ok || !l.trusts(peer) {
		return nothing, nil
	}
	ip := l.forwarded(r.Header.Values("X-Forwarded-For"), peer)
	if l.trusts(ip) {
		return nothing, nil
	}
	a, err := l.Connect(addressOf(ip))
	if err != nil {
		return nil, err
	}
	return a.Leave, nil
}
