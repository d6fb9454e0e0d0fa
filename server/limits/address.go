package limits

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Address is who sends a request, as far as the limits are concerned: an IPv4
// address, or the /64 network of an IPv6 address, which is what one subscriber
// gets (RFC 6177). The zero value is nobody, whom no limit holds.
type Address struct{ ip netip.Addr }

func (a Address) String() string {
	if a.ip.Is6() {
		return a.ip.String() + "/64"
	}
	return a.ip.String()
}

func addressOf(ip netip.Addr) Address {
	ip = ip.Unmap().WithZone("")
	if ip.Is6() {
		network, _ := ip.Prefix(64) // 64 bits are in every IPv6 address
		ip = network.Addr()
	}
	return Address{ip}
}

// address tells who has sent a request. The peer of the connection has, unless
// it is a trusted proxy: then it is the rightmost address of X-Forwarded-For
// that is none, as whatever stands to the left of it is the sender's own word.
// A loopback address is one like any other: behind it may be a proxy that was
// not named.
func (l *Limits) address(r *http.Request) Address {
	peer, ok := parseIP(r.RemoteAddr)
	if !ok {
		return Address{}
	}
	ip := peer
	if l.trusts(peer) {
		ip = l.forwarded(r.Header.Values("X-Forwarded-For"), peer)
	} else if peer.IsLoopback() || peer.IsPrivate() {
		l.suspect(r, peer)
	}
	return addressOf(ip)
}

// Peer returns who has opened a connection, and whether that is a trusted proxy.
func (l *Limits) Peer(peer net.Addr) (from Address, trusted bool) {
	ip, ok := parseIP(peer.String())
	if !ok {
		return Address{}, false
	}
	return addressOf(ip), l != nil && l.trusts(ip)
}

// forwarded walks back from the peer, proxy by proxy, as far as each is trusted.
func (l *Limits) forwarded(headers []string, ip netip.Addr) netip.Addr {
	for _, header := range slices.Backward(headers) {
		for header != "" && l.trusts(ip) {
			var last string
			if i := strings.LastIndexByte(header, ','); i >= 0 {
				header, last = header[:i], header[i+1:]
			} else {
				header, last = "", header
			}
			before, ok := parseIP(strings.TrimSpace(last))
			if !ok {
				return ip
			}
			ip = before
		}
	}
	return ip
}

func (l *Limits) trusts(ip netip.Addr) bool {
	return slices.ContainsFunc(l.proxies, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// suspect says once in the log that a proxy seems to be missing in the settings:
// all who come through it count as one address.
func (l *Limits) suspect(r *http.Request, peer netip.Addr) {
	if r.Header.Get("X-Forwarded-For") == "" {
		return
	}
	l.suspected.Do(func() {
		l.log.Warn("requests are passed on by a proxy that TRUSTED_PROXIES does not name: limits by address do not see who is behind it",
			"proxy", peer.String())
	})
}

// parseIP reads an address with or without a port.
func parseIP(s string) (netip.Addr, bool) {
	ip, err := netip.ParseAddr(s)
	if err != nil {
		pair, err := netip.ParseAddrPort(s)
		if err != nil {
			return ip, false
		}
		ip = pair.Addr()
	}
	return ip.Unmap().WithZone(""), true
}
