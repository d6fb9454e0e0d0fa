package main

import (
	"fmt"
	"os"
	"time"

	"reelroom/models"
	"reelroom/server/capacity"
	"reelroom/worker/backend"
)

// openCapacity looks at the disks of uploads.
func (c *config) openCapacity(b *backend.Backend) (*capacity.Capacity, error) {
	if err := os.MkdirAll(c.UploadDir, 0o700); err != nil {
		return nil, fmt.Errorf("%s: make the folder of uploads: %w", c.uploadVariable, err)
	}
	minFree := int64(-1)
	if c.MinFreeMB != nil {
		minFree = int64(*c.MinFreeMB) << 20
	}
	usedFor := time.Duration(0)
	if c.MongoURI != "" { // which adds up over an index, where SQLite has a counter
		usedFor = 10 * time.Second
	}
	blobs, ok := b.Blobs.(models.BlobAdopter)
	return capacity.New(capacity.Config{
		Parts: c.UploadDir, Blobs: c.BlobsDir(), Moves: ok && blobs.Adopts(c.UploadDir), MinFree: minFree,
		Most: models.Usage{Videos: c.Limits.OrgVideos, Bytes: int64(c.Limits.OrgStoredMB) << 20}, Used: b.Store.Usage, UsedFor: usedFor,
	}), nil
}
