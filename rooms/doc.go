// Package rooms decides who hears what: the names of rooms and who may join
// them, the cursor, the event log of each organization, and the hub that
// brings it to the listeners of this node.
package rooms
