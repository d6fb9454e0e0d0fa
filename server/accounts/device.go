package accounts

import (
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"reelroom/models"
)

const (
	// deviceCookie begins the names of the cookies by which a browser is known to
	// have signed in with an account (OWASP, "Device cookies"). They let nobody
	// in: they only keep strangers who guess from locking the owner out.
	deviceCookie = cookieName + "_device_"
	deviceLife   = 365 * 24 * time.Hour
	// maxDevices bounds the accounts that one browser is known for.
	maxDevices = 8
)

func deviceName(u *models.User) string {
	return deviceCookie + hashOf(ticket{u.OrganizationID, u.ID, ""}.String())[:12]
}

// sealDevice returns the value of a device cookie.
func (a *Accounts) sealDevice(u *models.User, id string, until int64) string {
	end := strconv.FormatInt(until, 36)
	return id + "." + end + "." + base64.RawURLEncoding.EncodeToString(a.Tokens.Seal("device", u.OrganizationID, u.ID, id, end))
}

// hasDevice reports whether the request comes from a browser that signed in
// before, with whatever account it says.
func (a *Accounts) hasDevice(r *http.Request) bool {
	return slices.ContainsFunc(a.cookies().Of(r), func(c *http.Cookie) bool { return strings.HasPrefix(c.Name, deviceCookie) })
}

// deviceOf returns by what a browser is known that signed in with the account
// before; "" for every other.
func (a *Accounts) deviceOf(r *http.Request, u *models.User) string {
	for _, c := range a.cookies().Of(r) {
		if c.Name != deviceName(u) {
			continue
		}
		parts := strings.Split(c.Value, ".")
		if len(parts) != 3 {
			continue
		}
		until, err := strconv.ParseInt(parts[1], 36, 64)
		want := a.sealDevice(u, parts[0], until)
		if err == nil && time.Now().Unix() < until && subtle.ConstantTimeCompare([]byte(c.Value), []byte(want)) == 1 {
			return "device " + parts[0]
		}
	}
	return ""
}

// knowDevice lets the browser be known for the account. It is forgotten for
// others when it is known for too many.
func (a *Accounts) knowDevice(w http.ResponseWriter, r *http.Request, u *models.User) {
	name := deviceName(u)
	a.cookie(w, name, a.sealDevice(u, models.NewID(time.Now()), time.Now().Add(deviceLife).Unix()), int(deviceLife/time.Second))
	others := slices.DeleteFunc(a.cookies().Of(r), func(c *http.Cookie) bool { return c.Name == name || !strings.HasPrefix(c.Name, deviceCookie) })
	for i := range max(len(others)-maxDevices+1, 0) {
		a.cookie(w, others[i].Name, "", -1)
	}
}
