//go:build !unix

package load

// Descriptors returns how many files and sockets this process may have open:
// this system sets no limit of that kind.
func Descriptors() uint64 { return 1 << 20 }
