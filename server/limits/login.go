package limits

import "net/http"

// Attempt is a try of a password, or of another secret that lets somebody in,
// that was permitted. It counts as a failure unless [Attempt.Succeeded] is called.
type Attempt struct{ giveBack []func() }

// AttemptKnown permits a try of a browser that signed in with the account before,
// or of somebody who is signed in: each has a budget of its own, which no
// stranger uses up. It reports false where that one is used up, or known is "".
func (l *Limits) AttemptKnown(known string) (a Attempt, ok bool) {
	switch {
	case known == "":
		return a, false
	case l == nil:
		return a, true
	case l.knownLogins.Take(known) > 0:
		l.refused[knownLogins].Add(1)
		return a, false
	}
	return Attempt{[]func(){func() { l.knownLogins.Give(known) }}}, true
}

// Attempt permits a stranger to try to sign in with an account ("" where none is
// named): by the stranger's address, and by the account.
func (l *Limits) Attempt(r *http.Request, account string) (Attempt, error) {
	if l == nil {
		return Attempt{}, nil
	}
	var a Attempt
	if from := l.address(r); from != (Address{}) {
		if wait := l.addressLogins.Take(from); wait > 0 {
			return a, l.refuse(addressLogins, wait, "Too many people tried to sign in from this address.")
		}
		a.giveBack = append(a.giveBack, func() { l.addressLogins.Give(from) })
	}
	if account == "" {
		return a, nil
	}
	const most = 256 // bytes of a key; no address is longer
	account = account[:min(len(account), most)]
	if wait := l.accountLogins.Take(account); wait > 0 {
		a.Succeeded()
		return Attempt{}, l.refuse(accountLogins, wait, "Too many tried to sign in with this account.")
	}
	a.giveBack = append(a.giveBack, func() { l.accountLogins.Give(account) })
	return a, nil
}

// Succeeded tells that the try was no failure.
func (a *Attempt) Succeeded() {
	for _, back := range a.giveBack {
		back()
	}
	a.giveBack = nil
}
