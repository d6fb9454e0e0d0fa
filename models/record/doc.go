// Package record holds what every store of videos does alike, whatever its
// database: the first form of a record, one step of its life, and the cursor
// of a list. Adapters differ in how they keep a record, never in what it is.
package record
