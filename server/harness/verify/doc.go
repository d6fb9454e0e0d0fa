// Package verify tries an installation from outside, as its users reach it:
// that nothing is lost, doubled or out of order, in bursts and over cut
// connections and on whichever node a client comes back; that an
// acknowledgement and the events after it give the present state; and that two
// organizations cannot see each other, nor tell what the other one has.
package verify
