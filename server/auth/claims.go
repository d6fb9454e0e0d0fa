package auth

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"reelroom/models"
)

const (
	// leeway allows for clocks that differ, in nbf and iat. There is none for
	// exp: every door closes by it.
	leeway = 30 * time.Second
	// maxDate is the last second of the year 9999; a date beyond it is a mistake.
	maxDate = 253402300799
	// maxList bounds the roles and audiences of one token.
	maxList = 64
)

// identityOf reads verified claims. Names are matched exactly; a claim that is
// null counts as absent.
func (v *Verifier) identityOf(c map[string]any, own bool) (who models.Identity, err error) {
	now := v.config.Now()
	if who.ExpiresAt, err = date(c, "exp"); err != nil {
		return who, err
	}
	if who.ExpiresAt.IsZero() {
		return who, errors.New("exp is missing")
	}
	for _, name := range []string{"nbf", "iat"} {
		t, err := date(c, name)
		if err != nil {
			return who, err
		}
		if now.Add(leeway).Before(t) {
			return who, fmt.Errorf("%s is in the future", name)
		}
		if name == "iat" {
			who.IssuedAt = t
		}
	}
	if most := v.config.MaxLife; most > 0 {
		if who.IssuedAt.IsZero() {
			return who, errors.New("iat is missing, and lives are limited")
		}
		if who.ExpiresAt.Sub(who.IssuedAt) > most {
			return who, errors.New("the token lives longer than is allowed")
		}
	}
	if err := v.audience(c, own); err != nil {
		return who, err
	}
	if who.UserID, err = id(c, "userId", "sub"); err != nil {
		return who, err
	}
	if who.OrganizationID, err = id(c, "organizationId", "org_id"); err != nil {
		return who, err
	}
	if who.Role, err = role(c); err != nil {
		return who, err
	}
	if jti, err := idText(c["jti"]); err == nil {
		who.TokenID = jti
	}
	if !now.Before(who.ExpiresAt) {
		return who, errExpired.Because(errors.New("exp has passed"))
	}
	return who, nil
}

// audience checks iss and aud where they are asked for. Those of an issuer
// elsewhere are not those of the accounts here.
func (v *Verifier) audience(c map[string]any, own bool) error {
	issuer, audience := v.config.Issuer, v.config.Audience
	if own {
		issuer, audience = ownIssuer, ownIssuer
	}
	if want := issuer; want != "" && c["iss"] != want {
		return errors.New("iss is another issuer")
	}
	if want := audience; want != "" {
		aud, err := texts(c["aud"])
		if err != nil || !slices.Contains(aud, want) {
			return errors.New("aud does not name this audience")
		}
	}
	return nil
}

// date reads a NumericDate; the zero time when absent.
func date(c map[string]any, name string) (time.Time, error) {
	value := c[name]
	if value == nil {
		return time.Time{}, nil
	}
	n, ok := value.(json.Number)
	if !ok {
		return time.Time{}, fmt.Errorf("%s is not a number", name)
	}
	if n == "0" && name == "nbf" { // some issuers write it for none
		return time.Time{}, nil
	}
	f, err := n.Float64()
	if err != nil || f <= 0 || f > maxDate {
		return time.Time{}, fmt.Errorf("%s is not a date", name)
	}
	return time.Unix(int64(f), 0), nil
}

// id reads an id under either of two names; both must agree where both stand.
func id(c map[string]any, name, alias string) (string, error) {
	var found string
	for _, n := range []string{name, alias} {
		value := c[n]
		if value == nil {
			continue
		}
		s, err := idText(value)
		if err != nil {
			return "", fmt.Errorf("%s is not an id: %w", n, err)
		}
		if found != "" && found != s {
			return "", fmt.Errorf("%s and %s disagree", name, alias)
		}
		found = s
	}
	if found == "" {
		return "", fmt.Errorf("neither %s nor %s is there", name, alias)
	}
	return found, nil
}

// maxInteger is the largest integer, and the smallest below zero, that an id may
// be: numbers beyond it lose digits in JavaScript, and two of them become one.
const maxInteger = 1 << 53

// idText returns the text of an id: a text as it is, or an integer in decimal.
func idText(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, models.CheckID(v)
	case json.Number:
		n, err := strconv.ParseInt(v.String(), 10, 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) || v == "-0" {
			return "", errors.New("it is a number that is not written as an integer")
		}
		if err != nil || n > maxInteger || n < -maxInteger {
			return "", errors.New("it is an integer beyond 2^53; write it as text")
		}
		return v.String(), nil
	}
	return "", errors.New("it is neither a text nor an integer")
}

// role reads role and roles, each a string or a list. Of several roles the
// highest counts. Words that mean nothing here give no right and are passed
// over, because an outside issuer has roles of its own: with none that is
// known, the member is a viewer. Service is for programs and stands alone:
// together with another known role the token is refused.
func role(c map[string]any) (models.Role, error) {
	var found models.Role
	for _, name := range []string{"role", "roles"} {
		if c[name] == nil {
			continue
		}
		words, err := texts(c[name])
		if err != nil {
			return "", fmt.Errorf("%s is neither a text nor a list of texts", name)
		}
		r, err := highest(words)
		if err != nil {
			return "", err
		}
		if found != "" && found != r {
			return "", errors.New("role and roles disagree")
		}
		found = r
	}
	if found == "" {
		found = models.RoleViewer
	}
	return found, nil
}

func highest(words []string) (models.Role, error) {
	service := slices.Contains(words, string(models.RoleService))
	for _, r := range []models.Role{models.RoleAdmin, models.RoleEditor, models.RoleViewer} {
		if slices.Contains(words, string(r)) {
			if service {
				return "", errors.New("service stands beside another role")
			}
			return r, nil
		}
	}
	if service {
		return models.RoleService, nil
	}
	return models.RoleViewer, nil
}

// texts reads a text or a list of texts.
func texts(value any) ([]string, error) {
	switch v := value.(type) {
	case string:
		return []string{v}, nil
	case []any:
		if len(v) > maxList {
			return nil, errors.New("the list is too long")
		}
		out := make([]string, 0, len(v))
		for _, x := range v {
			s, ok := x.(string)
			if !ok {
				return nil, errors.New("the list holds something else than texts")
			}
			out = append(out, s)
		}
		return out, nil
	}
	return nil, errors.New("this is not a text")
}
