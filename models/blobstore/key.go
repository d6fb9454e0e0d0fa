package blobstore

import (
	"crypto/sha256"
	"encoding/hex"
	"path/filepath"
	"strings"

	"reelroom/models"
)

const (
	// maxKeyBytes bounds a key, maxSegmentBytes a part of it: file systems take
	// 255 bytes for a name.
	maxKeyBytes     = 512
	maxSegmentBytes = 200
)

// place returns where a key of the organization is kept, below the root. It
// returns an error with [models.CodeInvalid] for what cannot be a key.
func place(org, key string) (string, error) {
	if !models.ValidID(org) || len(key) > maxKeyBytes {
		return "", models.Errorf(models.CodeInvalid, "This is not the key of a file.")
	}
	for part := range strings.SplitSeq(key, "/") {
		if !validPart(part) {
			return "", models.Errorf(models.CodeInvalid, "This is not the key of a file.")
		}
	}
	return filepath.Join(folder(org), filepath.FromSlash(key)), nil
}

// validPart allows [A-Za-z0-9._-] without a leading dot: no "..", no hidden
// file, no name that means something to a file system.
func validPart(part string) bool {
	if part == "" || part[0] == '.' || len(part) > maxSegmentBytes {
		return false
	}
	for i := range len(part) {
		c := part[i]
		if !('a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '.' || c == '_' || c == '-') {
			return false
		}
	}
	return true
}

// folder is the organization's name as a folder. One too long for a file
// system is named by its hash, in a way that [models.Segment] never writes
// ("%h" is no escape), so that no two organizations share a folder.
func folder(org string) string {
	name := models.Segment(org)
	if len(name) <= maxSegmentBytes {
		return name
	}
	sum := sha256.Sum256([]byte(org))
	return "%h" + hex.EncodeToString(sum[:])
}
