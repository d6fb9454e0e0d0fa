package models

import (
	"testing"
	"time"
)

func TestRevocationCovers(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 5, 1, 12, 0, 0, 700e6, time.UTC)
	user := Revocation{OrganizationID: "acme", Kind: RevokeUser, Subject: "ann", At: at}
	token := Revocation{OrganizationID: "acme", Kind: RevokeToken, Subject: "t1", At: at}
	who := func(org, user, id string, issued time.Time) Identity {
		return Identity{OrganizationID: org, UserID: user, TokenID: id, IssuedAt: issued}
	}
	for _, c := range []struct {
		r    Revocation
		who  Identity
		want bool
	}{
		{user, who("acme", "ann", "t1", at.Add(-time.Hour)), true},
		{user, who("acme", "ann", "t1", at.Truncate(time.Second)), true},
		{user, who("acme", "ann", "t1", at), true},
		{user, who("acme", "ann", "t1", time.Time{}), true},
		{user, who("acme", "ann", "t1", at.Add(300*time.Millisecond)), false},
		{user, who("globex", "ann", "t1", at.Add(-time.Hour)), false},
		{user, who("acme", "bob", "ann", at.Add(-time.Hour)), false},
		{token, who("acme", "ann", "t1", at.Add(time.Hour)), true},
		{token, who("acme", "t1", "t2", at.Add(-time.Hour)), false},
		{token, who("globex", "ann", "t1", at.Add(-time.Hour)), false},
		{Revocation{OrganizationID: "acme", Kind: RevokeToken}, who("acme", "ann", "", at), false},
		{Revocation{OrganizationID: "acme", Kind: "other", Subject: "ann"}, who("acme", "ann", "", at), false},
	} {
		if got := c.r.Covers(c.who); got != c.want {
			t.Errorf("%+v covers %+v: %v", c.r, c.who, got)
		}
	}
}
