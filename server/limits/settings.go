package limits

import (
	"fmt"
	"net/netip"
	"strings"
)

// Settings are the limits of one node. 0 turns a limit off.
type Settings struct {
	// TrustedProxies are addresses and networks, comma separated, whose
	// X-Forwarded-For is believed.
	TrustedProxies string `env:"TRUSTED_PROXIES"`

	OrgConnections     int `env:"LIMIT_ORG_CONNECTIONS" envDefault:"50000"`     // sockets at once
	UserConnections    int `env:"LIMIT_USER_CONNECTIONS" envDefault:"20000"`    // sockets at once
	AddressConnections int `env:"LIMIT_ADDRESS_CONNECTIONS" envDefault:"10000"` // connections at once, with or without a token
	AddressHandshakes  int `env:"LIMIT_ADDRESS_HANDSHAKES" envDefault:"500"`    // a second; twenty times as many at once
	AddressFailures    int `env:"LIMIT_ADDRESS_FAILURES" envDefault:"60"`       // bad tokens a minute; as many at once
	AddressLogins      int `env:"LIMIT_ADDRESS_LOGINS" envDefault:"30"`         // failed sign-ins, and what else takes a secret, a minute; as many at once
	AccountLogins      int `env:"LIMIT_ACCOUNT_LOGINS" envDefault:"60"`         // failed sign-ins of unknown browsers with one account, a minute; as many at once
	UserHandshakes     int `env:"LIMIT_USER_HANDSHAKES" envDefault:"500"`       // with a good token, a second; twenty times as many at once
	UserMessages       int `env:"LIMIT_USER_MESSAGES" envDefault:"100"`         // a minute; as many at once
	UserSubscriptions  int `env:"LIMIT_USER_SUBSCRIPTIONS" envDefault:"100"`    // a second; fifty times as many at once
	UserRequests       int `env:"LIMIT_USER_REQUESTS" envDefault:"100"`         // a second; ten times as many at once
	UserUploads        int `env:"LIMIT_USER_UPLOADS" envDefault:"64"`           // at once
	OrgDownloads       int `env:"LIMIT_ORG_DOWNLOADS" envDefault:"5000"`        // files that are being sent, at once
	UserUnfinished     int `env:"LIMIT_USER_UNFINISHED" envDefault:"256"`       // resumable uploads that are not whole
	OrgUnfinished      int `env:"LIMIT_ORG_UNFINISHED" envDefault:"1000"`       // resumable uploads that are not whole
	UserUnfinishedMB   int `env:"LIMIT_USER_UNFINISHED_MB" envDefault:"262144"` // their announced sizes together, in MiB
	OrgUnfinishedMB    int `env:"LIMIT_ORG_UNFINISHED_MB" envDefault:"1048576"` // their announced sizes together, in MiB
	OrgStoredMB        int `env:"LIMIT_ORG_STORED_MB" envDefault:"1048576"`     // files as they were uploaded, with the announced sizes of those on their way, in MiB
	OrgVideos          int `env:"LIMIT_ORG_VIDEOS" envDefault:"100000"`         // videos, with those on their way
	OrgQueued          int `env:"LIMIT_ORG_QUEUED" envDefault:"10000"`          // videos whose work has not ended
	OrgEvents          int `env:"LIMIT_ORG_EVENTS" envDefault:"1000"`           // published from outside, a second; twice as many at once
}

// maxLimit bounds every setting.
const maxLimit = 1_000_000_000

// Validate returns every mistake at once, each by the name of its variable.
func (s *Settings) Validate() []error {
	var wrong []error
	for _, each := range []struct {
		name  string
		value int
	}{
		{"LIMIT_ORG_CONNECTIONS", s.OrgConnections}, {"LIMIT_USER_CONNECTIONS", s.UserConnections},
		{"LIMIT_ADDRESS_CONNECTIONS", s.AddressConnections}, {"LIMIT_ADDRESS_HANDSHAKES", s.AddressHandshakes},
		{"LIMIT_ADDRESS_FAILURES", s.AddressFailures}, {"LIMIT_ADDRESS_LOGINS", s.AddressLogins}, {"LIMIT_ACCOUNT_LOGINS", s.AccountLogins}, {"LIMIT_USER_HANDSHAKES", s.UserHandshakes}, {"LIMIT_USER_MESSAGES", s.UserMessages},
		{"LIMIT_USER_SUBSCRIPTIONS", s.UserSubscriptions}, {"LIMIT_USER_REQUESTS", s.UserRequests},
		{"LIMIT_USER_UPLOADS", s.UserUploads}, {"LIMIT_ORG_DOWNLOADS", s.OrgDownloads}, {"LIMIT_USER_UNFINISHED", s.UserUnfinished}, {"LIMIT_ORG_UNFINISHED", s.OrgUnfinished},
		{"LIMIT_USER_UNFINISHED_MB", s.UserUnfinishedMB}, {"LIMIT_ORG_UNFINISHED_MB", s.OrgUnfinishedMB}, {"LIMIT_ORG_STORED_MB", s.OrgStoredMB}, {"LIMIT_ORG_VIDEOS", s.OrgVideos}, {"LIMIT_ORG_QUEUED", s.OrgQueued}, {"LIMIT_ORG_EVENTS", s.OrgEvents},
	} {
		if each.value < 0 || each.value > maxLimit {
			wrong = append(wrong, fmt.Errorf("%s=%d is not between 0 (no limit) and %d", each.name, each.value, maxLimit))
		}
	}
	_, more := s.proxies()
	return append(wrong, more...)
}

func (s *Settings) proxies() (networks []netip.Prefix, wrong []error) {
	for part := range strings.SplitSeq(s.TrustedProxies, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		network, err := netip.ParsePrefix(part)
		if ip, single := netip.ParseAddr(part); single == nil {
			network, err = ip.Prefix(ip.BitLen())
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("TRUSTED_PROXIES holds %q, which is no address and no network such as 10.0.0.0/8", part))
			continue
		}
		networks = append(networks, network.Masked())
	}
	return networks, wrong
}
