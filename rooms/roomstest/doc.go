// Package roomstest is the suite that every event log passes.
package roomstest
