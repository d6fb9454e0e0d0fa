//go:build !linux

package testenv

// Forbidden does nothing: only Linux can forbid a program what it has.
func Forbidden() {}
