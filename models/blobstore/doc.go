// Package blobstore keeps blobs as plain files below one folder, the
// organization's name first. A blob is written under another name, synced, and
// then renamed: it is there whole, or not at all.
package blobstore
