// Package blobstore keeps blobs as plain files below one folder, the
// organization's name first. A blob is written under another name, synced, and
// then renamed: it is there whole, or not at all.
//
// gocloud.dev's fileblob, which serves the same URLs, is not used: it renames
// without a sync, so that a power cut leaves a blob that is empty or half there
// under its final name; what a killed process had begun stays for ever; it
// follows links out of its folder; and it removes a prefix one file at a time.
package blobstore
