//go:build !unix

package limits

// openDescriptors returns 0: this system sets no limit of that kind.
func openDescriptors() (most, open uint64) { return 0, 0 }

// Descriptors returns 0: this system sets no limit of that kind.
func Descriptors() uint64 { return 0 }
