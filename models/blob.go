package models

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"
)

const (
	// maxKeyBytes bounds a blob's key, maxKeyPart a part of it: file systems
	// take 255 bytes for a name.
	maxKeyBytes = 512
	maxKeyPart  = 200
	// hashed begins the folder of an organization whose name is too long for a
	// file system. [Segment] never writes it ("%h" is no escape).
	hashed = "%h"
)

// BlobPath returns the place of an organization's blob below the root of a
// store, slash-separated: the organization's folder, then the key. No two blobs
// share a place, and none begins with a dot or holds "..". It returns an error
// with [CodeInvalid] for what cannot be a key.
func BlobPath(org, key string) (string, error) {
	if !ValidID(org) || !validKey(key) {
		return "", Errorf(CodeInvalid, "This is not the key of a file.")
	}
	return Folder(org) + "/" + key, nil
}

// Folder returns the name of an organization's folder, which is its [Segment]
// unless that is longer than a name may be. No two organizations share one.
func Folder(org string) string {
	folder := Segment(org)
	if len(folder) > maxKeyPart {
		sum := sha256.Sum256([]byte(org))
		folder = hashed + hex.EncodeToString(sum[:])
	}
	return folder
}

// BlobOwner is the way back from a [BlobPath]; ok is false for what is none, and
// for the organizations with the longest names, which their folder does not tell.
func BlobOwner(place string) (org, key string, ok bool) {
	folder, key, ok := strings.Cut(place, "/")
	if !ok || !validKey(key) {
		return "", "", false
	}
	org, ok = Unsegment(folder)
	return org, key, ok && ValidID(org)
}

func validKey(key string) bool {
	if len(key) > maxKeyBytes {
		return false
	}
	for part := range strings.SplitSeq(key, "/") {
		if !ValidKeyPart(part) {
			return false
		}
	}
	return true
}

// ValidKeyPart allows [A-Za-z0-9._-] without a leading dot: no "..", no hidden
// file, no name that means something to a file system.
func ValidKeyPart(part string) bool {
	if part == "" || part[0] == '.' || len(part) > maxKeyPart {
		return false
	}
	for i := range len(part) {
		if c := part[i]; c != '.' && !segmentByte(c) {
			return false
		}
	}
	return true
}

// VideoOfKey tells to which video a blob belongs, and the folder of that
// upload: see [SourceKey]. ok is false for a key of another form.
func VideoOfKey(key string) (videoID, folder string, ok bool) {
	parts := strings.SplitN(key, "/", 4)
	if len(parts) != 4 || parts[0] != "videos" {
		return "", "", false
	}
	return parts[1], strings.Join(parts[:3], "/"), true
}

// BlobEntry is one blob of a listing.
type BlobEntry struct {
	OrganizationID string
	Key            string
	Size           int64 // bytes
	// ModTime is no later than the moment from which the blob exists.
	ModTime time.Time
}

// BlobKeeping is what the sweep needs of a store of blobs. Like [Backlog] it
// looks over all organizations, and hands out names, never contents.
type BlobKeeping interface {
	Blobs
	// Each visits every blob, those of one folder one after another, and holds
	// few of them in memory. It ends with the first error of visit. What is
	// written or deleted meanwhile may be visited or not; what is no blob of
	// ours, or of an organization that [BlobOwner] cannot tell, is not.
	Each(ctx context.Context, visit func(BlobEntry) error) error
	// Tidy removes what was begun before a time and neither committed nor
	// aborted: what processes that died have left. What a living process of
	// this machine works with stays.
	Tidy(ctx context.Context, before time.Time) (Removed, error)
}

// Removed counts what was removed; Bytes is 0 where a store cannot tell.
type Removed struct {
	Count int
	Bytes int64
}
