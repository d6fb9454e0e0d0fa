package capacity

import (
	"context"
	"sync"

	"reelroom/models"
)

const (
	// floorShare is the part of a disk that stays free where no floor is set, and
	// floorMost the most that this is, in bytes.
	floorShare = 20
	floorMost  = 1 << 30
)

// disk is a file system that uploads are written to. Nil has room without end.
type disk struct {
	dir     string
	minFree int64 // below 0: a share of the disk

	mu       sync.Mutex
	reserved int64 // announced, and not written yet
}

// State is how a disk stands.
type State struct {
	// Folder is "uploads" for that of parts, "blobs" for that of whole files.
	Folder string `json:"folder"`
	// FreeBytes is what may still be written to it, ReservedBytes what of that was
	// announced, and FloorBytes what uploads leave free.
	FreeBytes     int64 `json:"freeBytes"`
	ReservedBytes int64 `json:"reservedBytes"`
	FloorBytes    int64 `json:"floorBytes"`
	// Known tells that the system says what is free.
	Known bool `json:"known"`
	// Full tells that uploads are refused.
	Full bool `json:"full"`
}

// freeSpace returns the free bytes and how many of them must stay free; ok is false where the
// system does not tell.
func (d *disk) freeSpace() (free, floor int64, ok bool) {
	now, ok := models.DiskOf(d.dir)
	if floor = d.minFree; floor < 0 {
		floor = min(now.Size/floorShare, floorMost)
	}
	return now.Free, floor, ok
}

// take reserves so many bytes, or refuses with disk_full.
func (d *disk) take(bytes int64) error {
	if d == nil || bytes <= 0 {
		return nil
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if free, floor, ok := d.freeSpace(); ok && bytes > free-floor-d.reserved {
		return errDiskFull
	}
	d.reserved += bytes
	return nil
}

// force reserves what was granted by an earlier process.
func (d *disk) force(bytes int64) {
	if d != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.reserved += bytes
	}
}

// give returns bytes that were written, or will not be.
func (d *disk) give(bytes int64) {
	if d != nil {
		d.force(-bytes)
	}
}

func (d *disk) state(folder string) State {
	d.mu.Lock()
	defer d.mu.Unlock()
	free, floor, ok := d.freeSpace()
	return State{folder, free, d.reserved, floor, ok, ok && free-floor-d.reserved <= 0}
}

// Check returns an error, for people to read, while a disk has no more free than
// uploads leave so, whatever was announced.
func (c *Capacity) Check(context.Context) error {
	for _, s := range c.States() {
		if s.Known && s.FreeBytes <= s.FloorBytes {
			return models.Errorf(models.CodeDiskFull, "The disk of the folder of %s is full: new files are refused, deleting works.", s.Folder)
		}
	}
	return nil
}

var errDiskFull = models.Errorf(models.CodeDiskFull, "The server has not enough room on its disk for this file.")
