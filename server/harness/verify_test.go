package main

import (
	"testing"
	"time"

	"reelroom/models"
)

func TestVerifyUsage(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	for _, args := range [][]string{{"--clients", "0"}, {"--events", "0"}, {"--cuts", "-1"}, {"--rate", "0"}, {"--rate", "1001"},
		{"--settle", "0s"}, {"--timeout", "0s"}, {"--token", "t"}, {"--other-token", "t"}} {
		f.harness(t.Context(), append([]string{"verify"}, args...)...).want(t, 2, "", "usage: …")
	}
	harness(t.Context(), "verify", "--url", f.url, "--data-dir", t.TempDir()).want(t, 1, "", "token_missing: …")
}

// Two tokens of one organization cannot show that two are apart.
func TestVerifyNeedsTwoOrganizations(t *testing.T) {
	t.Parallel()
	f := newFake(t)
	var tokens []string
	for range 2 {
		token, _, err := settings{Secret: testSecret}.mint(localAdmin, mintedTTL, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	harness(t.Context(), "verify", "--url", f.url, "--token", tokens[0], "--other-token", tokens[1]).
		want(t, 1, "…", "…both tenants are \"local\"\n")
}

func TestOrganizationOfAToken(t *testing.T) {
	t.Parallel()
	token, _, err := settings{Secret: testSecret}.mint(person{"u", "acme", models.RoleAdmin}, mintedTTL, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if org, err := organizationOf(token); org != "acme" || err != nil {
		t.Error(org, err)
	}
	for _, bad := range []string{"", "a.b", "a.b.c", "a.e30.c"} {
		if org, err := organizationOf(bad); err == nil {
			t.Errorf("%q is of %q", bad, org)
		}
	}
}
