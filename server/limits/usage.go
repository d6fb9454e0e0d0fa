package limits

import (
	"net/http"
	"time"

	"reelroom/models"
)

// Client returns where a request comes from, for people to read: the address
// behind the trusted proxies, "" when that is not known.
func (l *Limits) Client(r *http.Request) string {
	ip, ok := parseIP(r.RemoteAddr)
	if !ok {
		return ""
	}
	if l != nil && l.trusts(ip) {
		ip = l.forwarded(r.Header.Values("X-Forwarded-For"), ip)
	}
	return ip.String()
}

// Connections returns how many connections an organization has on this node.
func (l *Limits) Connections(org string) int {
	if l == nil {
		return 0
	}
	return l.orgConnections.held(org)
}

// Connected lists the organizations that have a connection on this node, up to
// most of them.
func (l *Limits) Connected(most int) []string {
	if l == nil {
		return nil
	}
	return l.orgConnections.keys(most)
}

// Usage returns what an organization uses on this node of the limits that
// concern all of it.
func (l *Limits) Usage(org string) []models.ConsoleLimit {
	if l == nil {
		return nil
	}
	limit := func(k kind, used int64, most int, unit string) models.ConsoleLimit {
		return models.ConsoleLimit{Name: names[k].limit, Used: used, Limit: int64(most), Unit: unit}
	}
	return []models.ConsoleLimit{
		limit(orgConnections, int64(l.orgConnections.held(org)), l.orgConnections.most, "connections"),
		limit(orgDownloads, int64(l.orgDownloads.held(org)), l.orgDownloads.most, "files"),
		limit(orgEvents, int64(l.orgEvents.used(org)), orgBurst(l.orgEvents), "events"),
	}
}

// Queued returns how many videos an organization may have under way; 0 for any.
func (l *Limits) Queued() int {
	if l == nil {
		return 0
	}
	return l.queued
}

// held returns how many places the key holds.
func (g *Gauge[K]) held(key K) int {
	g.mu.Lock()
	defer g.mu.Unlock()
	if p := g.places[key]; p != nil {
		return p.held
	}
	return 0
}

// orgBurst is how much may be taken at once; 0 for no limit.
func orgBurst(r *Rate[string]) int {
	if r.limit <= 0 {
		return 0
	}
	return r.burst
}

// used returns how many tokens are missing in the key's bucket.
func (r *Rate[K]) used(key K) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	e := r.buckets[key]
	if e == nil {
		return 0
	}
	return max(r.burst-int(e.Value.(*bucket[K]).tokens.TokensAt(time.Now())), 0)
}

// keys lists up to most of those that hold something.
func (g *Gauge[K]) keys(most int) []K {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := make([]K, 0, min(most, len(g.places)))
	for key := range g.places {
		if len(out) == most {
			break
		}
		out = append(out, key)
	}
	return out
}
