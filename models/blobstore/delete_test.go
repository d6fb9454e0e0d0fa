package blobstore

import "testing"

// Another Delete may have pruned the folder that a deletion makes durable.
func TestDeletionOutlivesItsFolder(t *testing.T) {
	t.Parallel()
	s := open(t, t.TempDir())
	if err := s.syncNearest("acme/videos"); err != nil {
		t.Errorf("below a folder that is gone: %v", err)
	}
}
