//go:build linux || darwin

package models

import (
	"strconv"
	"syscall"
)

// DiskOf looks at the file system that holds path, which must exist; ok is false
// where that cannot be known.
func DiskOf(path string) (d Disk, ok bool) {
	var fs syscall.Statfs_t
	var file syscall.Stat_t
	if syscall.Statfs(path, &fs) != nil || syscall.Stat(path, &file) != nil {
		return d, false
	}
	block := int64(fs.Bsize)
	return Disk{ID: strconv.FormatUint(uint64(file.Dev), 36), Free: int64(fs.Bavail) * block, Size: int64(fs.Blocks) * block}, true
}
