package limits

import "net/http"

// LoginFrom permits an address to try a password, or another secret that lets
// somebody in.
func (l *Limits) LoginFrom(r *http.Request) error {
	if l == nil {
		return nil
	}
	from := l.address(r)
	if from == (Address{}) {
		return nil
	}
	if wait := l.addressLogins.Take(from); wait > 0 {
		return l.refuse(addressLogins, wait, "Too many people tried to sign in from this address.")
	}
	return nil
}

// LoginAs permits somebody to try the password of an account, wherever from.
func (l *Limits) LoginAs(account string) error {
	if l == nil {
		return nil
	}
	const most = 256 // bytes of a key; no address is longer
	if wait := l.accountLogins.Take(account[:min(len(account), most)]); wait > 0 {
		return l.refuse(accountLogins, wait, "Too many tried to sign in with this account.")
	}
	return nil
}
