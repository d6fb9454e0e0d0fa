// Package models holds what Reelroom is about: videos and their transitions,
// identities, events, tasks, error codes, and the ports that more than one
// storey of the house uses. It imports the standard library and nothing else;
// only the adapters in folders below it import a driver.
package models
