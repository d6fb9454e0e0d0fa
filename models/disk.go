package models

// Disk is what is known of the file system of a folder.
type Disk struct {
	// ID is the same for two folders of one file system, within this process.
	ID string
	// Free is what an ordinary user may still write, Size is all of it, in bytes.
	Free, Size int64
}

// FreeDisk is the Free of [DiskOf], or all that can be counted where it is not
// known.
func FreeDisk(path string) int64 {
	d, ok := DiskOf(path)
	if !ok {
		return 1<<63 - 1
	}
	return d.Free
}
