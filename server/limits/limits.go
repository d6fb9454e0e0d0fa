package limits

import (
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"

	"reelroom/models"
)

// Limits are the limits of one node. Its methods may be called by many at once,
// and on nil, which refuses nothing.
type Limits struct {
	log       *slog.Logger
	proxies   []netip.Prefix
	suspected sync.Once

	orgConnections     *Gauge[string]
	userConnections    *Gauge[user]
	addressConnections *Gauge[Address]
	addressSockets     *Gauge[Address]
	descriptors        *Gauge[struct{}]
	userUploads        *Gauge[user]
	orgDownloads       *Gauge[string]
	queued             int  // 0: no limit
	userMost, orgMost  Held // unfinished uploads; 0: no limit

	addressHandshakes *Rate[Address]
	addressFailures   *Rate[Address]
	addressLogins     *Rate[Address]
	accountLogins     *Rate[string]
	knownLogins       *Rate[string]
	userHandshakes    *Rate[user]
	userMessages      *Rate[user]
	userSubscriptions *Rate[user]
	userRequests      *Rate[user]
	orgEvents         *Rate[string]

	refused [kinds]atomic.Uint64
}

// user is the key of a user: user ids are unique in their organization only.
type user struct{ org, id string }

func userOf(who models.Identity) user { return user{who.OrganizationID, who.UserID} }

// kind is one of the limits.
type kind int

const (
	orgConnections kind = iota
	userConnections
	addressConnections
	addressHandshakes
	addressFailures
	userHandshakes
	userMessages
	userFlood
	userSubscriptions
	userRequests
	userUploads
	orgDownloads
	userUnfinished
	orgUnfinished
	orgQueued
	orgEvents
	addressLogins
	accountLogins
	addressSockets
	descriptors
	knownLogins
	kinds
)

// names are those of the metrics: the limit, and whose it is.
var names = [kinds]struct{ limit, scope string }{
	orgConnections:     {"connections", "organization"},
	userConnections:    {"connections", "user"},
	addressConnections: {"connections", "address"},
	addressHandshakes:  {"handshakes", "address"},
	addressFailures:    {"failed_tokens", "address"},
	userHandshakes:     {"handshakes", "user"},
	userMessages:       {"messages", "user"},
	userFlood:          {"flood", "user"},
	userSubscriptions:  {"subscriptions", "user"},
	userRequests:       {"requests", "user"},
	userUploads:        {"uploads", "user"},
	orgDownloads:       {"downloads", "organization"},
	userUnfinished:     {"unfinished_uploads", "user"},
	orgUnfinished:      {"unfinished_uploads", "organization"},
	orgQueued:          {"queued", "organization"},
	orgEvents:          {"events", "organization"},
	addressLogins:      {"logins", "address"},
	accountLogins:      {"logins", "account"},
	addressSockets:     {"tcp_connections", "address"},
	descriptors:        {"open_files", "process"},
	knownLogins:        {"logins", "browser"},
}

// knownTries is how many failures a minute a browser may have that signed in
// with the account before, and as many at once.
const knownTries = 10

// New makes the limits of a node. The settings must be valid. A nil logger logs
// nothing.
func New(s Settings, log *slog.Logger) *Limits {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	proxies, _ := s.proxies()
	const minute = 60
	return &Limits{
		log: log, proxies: proxies, queued: s.OrgQueued,
		orgConnections:     NewGauge[string](s.OrgConnections),
		userConnections:    NewGauge[user](s.UserConnections),
		addressConnections: NewGauge[Address](s.AddressConnections),
		addressSockets:     NewGauge[Address](s.AddressConnections),
		descriptors:        NewGauge[struct{}](spendable(openDescriptors())),
		userUploads:        NewGauge[user](s.UserUploads),
		orgDownloads:       NewGauge[string](s.OrgDownloads),
		userMost:           Held{s.UserUnfinished, int64(s.UserUnfinishedMB) << 20},
		orgMost:            Held{s.OrgUnfinished, int64(s.OrgUnfinishedMB) << 20},
		addressHandshakes:  NewRate[Address](float64(s.AddressHandshakes), 20*s.AddressHandshakes),
		addressFailures:    NewRate[Address](float64(s.AddressFailures)/minute, s.AddressFailures),
		addressLogins:      NewRate[Address](float64(s.AddressLogins)/minute, s.AddressLogins),
		accountLogins:      NewRate[string](float64(s.AccountLogins)/minute, s.AccountLogins),
		knownLogins:        NewRate[string](float64(min(s.AccountLogins, knownTries))/minute, min(s.AccountLogins, knownTries)),
		userHandshakes:     NewRate[user](float64(s.UserHandshakes), 20*s.UserHandshakes),
		userMessages:       NewRate[user](float64(s.UserMessages)/minute, s.UserMessages),
		userSubscriptions:  NewRate[user](float64(s.UserSubscriptions), 50*s.UserSubscriptions),
		userRequests:       NewRate[user](float64(s.UserRequests), 10*s.UserRequests),
		orgEvents:          NewRate[string](float64(s.OrgEvents), 2*s.OrgEvents),
	}
}

// Stat is the figure of one limit.
type Stat struct {
	// Limit and Scope name it: what is limited, and whether by organization,
	// user or address.
	Limit, Scope string
	// Refused counts the refusals since the start.
	Refused func() uint64
	// Keys is how many organizations, users or addresses are remembered; nil
	// where another limit remembers them.
	Keys func() int
}

// Stats returns the figures of every limit, for /metrics. None names a tenant.
func (l *Limits) Stats() []Stat {
	keys := [kinds]func() int{
		l.orgConnections.Keys, l.userConnections.Keys, l.addressConnections.Keys, l.addressHandshakes.Keys,
		l.addressFailures.Keys, l.userHandshakes.Keys, l.userMessages.Keys, nil, l.userSubscriptions.Keys, l.userRequests.Keys,
		l.userUploads.Keys, l.orgDownloads.Keys, nil, nil, nil, l.orgEvents.Keys, l.addressLogins.Keys, l.accountLogins.Keys,
		l.addressSockets.Keys, nil, l.knownLogins.Keys,
	}
	out := make([]Stat, kinds)
	for k := range out {
		out[k] = Stat{names[k].limit, names[k].scope, l.refused[k].Load, keys[k]}
	}
	return out
}
