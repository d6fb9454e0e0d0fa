// Package stream is the way from the event log to a door without rooms: what
// was missed, then what comes, in bounded memory, for as long as a token holds.
package stream
