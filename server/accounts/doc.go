// Package accounts signs in the people of organizations that bring no issuer of
// their own: founding, sign-in, invitations, roles, and who is out.
//
// An access token lives for a quarter of an hour and is of the same kind as any
// other; what renews it is a session, of which the browser holds a cookie and
// the store a hash. Whatever takes a right away is written first and then
// revokes the tokens that are out, so that it holds at every door within 2 s.
package accounts
