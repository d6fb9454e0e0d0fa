//go:build !linux

package modelstest

import "testing"

// SmallDisk returns a folder on a file system of its own that holds so many
// bytes; ok is false where this process may not mount one.
func SmallDisk(testing.TB, int) (dir string, ok bool) { return "", false }
