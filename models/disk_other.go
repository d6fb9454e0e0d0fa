//go:build !linux && !darwin

package models

// DiskOf looks at the file system that holds path; here that cannot be known.
func DiskOf(string) (d Disk, ok bool) { return d, false }
