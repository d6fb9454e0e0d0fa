package models

import (
	"context"
	"io"
	"path"
	"strconv"
	"time"
)

// Videos is the store of records. Every call names the organization; a video
// of another one answers [ErrNotFound], and so does a deleted one.
//
// When the store cannot be reached, calls return an [Error] with
// [CodeUnavailable] and Retry set.
type Videos interface {
	// Create adds a queued record of rev 1; [ErrConflict] when the id is taken.
	Create(ctx context.Context, org string, v Video) (Video, error)
	// Get returns one record.
	Get(ctx context.Context, org, id string) (Video, error)
	// List returns a page in the order asked for. An [Error] with [CodeInvalid]
	// tells of a sort that is none, of a query that is too long or no text, and
	// of a cursor that another query gave.
	List(ctx context.Context, org string, page Page) (VideoPage, error)
	// Count returns how many videos the organization has. It reads counters or
	// an index, never the records.
	Count(ctx context.Context, org string) (Counts, error)
	// Advance applies t to the record in one atomic write and returns the
	// record as written. An error of t is returned as it is, and nothing is
	// written. t is given the store's time, in UTC and whole milliseconds.
	Advance(ctx context.Context, org, id string, t Transition) (Video, error)
}

// Backlog is what the reconciler reads. It is the one port that looks over all
// organizations, and hands out references, never contents.
type Backlog interface {
	// Unsettled returns, oldest first, up to limit records after the given one
	// that still need something: work (queued, or processing without a live
	// lease), a publication (publishedRev < rev), or removal (deleted).
	Unsettled(ctx context.Context, after VideoRef, limit int) ([]Video, error)
	// Purge removes a deleted record for good; [ErrNotFound] for any other.
	Purge(ctx context.Context, org, id string) error
}

// VideoRef names a record over all organizations, in the order of Unsettled.
type VideoRef struct {
	CreatedAt      time.Time
	OrganizationID string
	VideoID        string
}

// Waiting tells how much work an organization has under way.
type Waiting interface {
	// Waiting counts the organization's videos that wait for a worker or are
	// with one. It reads an index that holds only those.
	Waiting(ctx context.Context, org string) (int, error)
}

// Usage is what an organization keeps: its videos, without deleted ones, and the
// bytes of their files as they were uploaded. What the server makes of them
// (pictures, versions for browsers) does not count.
type Usage struct {
	Videos int
	Bytes  int64
}

// Usages tells how much an organization keeps.
type Usages interface {
	// Usage reads counters or an index, never the records.
	Usage(ctx context.Context, org string) (Usage, error)
}

// Settings keeps small values of the whole installation.
type Settings interface {
	// Once returns the value kept under name; the first caller's becomes it.
	Once(ctx context.Context, name, value string) (string, error)
}

// Store is what a database adapter offers. Every adapter passes the one suite
// in modelstest.
type Store interface {
	Videos
	Backlog
	Waiting
	Usages
	Settings
	Estimates
	Revocations
	Policies
	Audit
	Batches
	Accounts
	// Ping reports whether the store answers.
	Ping(ctx context.Context) error
	Close(ctx context.Context) error
}

// Blobs keeps files. Keys are made by the server, never by a client. A blob
// that was not committed does not exist.
type Blobs interface {
	// Create begins a blob. Write to it, then Commit or Abort; Abort after
	// Commit does nothing. A full disk gives [CodeStorageFull].
	Create(ctx context.Context, org, key string) (BlobWriter, error)
	// Open reads a blob; [ErrNotFound] when absent. The context is that of the
	// whole reading. A reader sees one version of the blob: what it reads after
	// another was committed is of its own, or an error.
	Open(ctx context.Context, org, key string) (Blob, error)
	// Local returns a path on this machine that holds the blob until release
	// is called: ffmpeg reads files.
	Local(ctx context.Context, org, key string) (path string, release func(), err error)
	// Delete removes every blob whose key is prefix or begins with prefix+"/".
	Delete(ctx context.Context, org, prefix string) error
	// Ping reports whether the blobs can be reached.
	Ping(ctx context.Context) error
}

// BlobAdopter is an ability of [Blobs] in a folder: to take a file that is
// written already.
type BlobAdopter interface {
	// Adopt makes the file at an absolute path the blob. Both names then have one
	// file, which must not be written to any more; the caller removes the path.
	Adopt(ctx context.Context, org, key, path string) error
	// Adopts reports whether the files of a folder can be adopted: it has to be on
	// the same file system.
	Adopts(folder string) bool
}

// BlobWriter is a blob being written.
type BlobWriter interface {
	io.Writer
	// Commit makes the blob exist, durably and at once.
	Commit() error
	// Abort drops what was written.
	Abort()
}

// Blob is a blob being read.
type Blob interface {
	io.ReadSeekCloser
	Size() int64
	ModTime() time.Time
}

// SourceKey is the blob that holds an uploaded file. The nonce is of the one
// upload: an id may live again, or two uploads race for it, and neither meets
// the other's files.
func SourceKey(videoID, nonce string) string {
	return "videos/" + Segment(videoID) + "/" + Segment(nonce) + "/source"
}

// Folder is the prefix of every blob of the video; "" when it has no file.
func (v *Video) Folder() string {
	if v.File.Key == "" {
		return ""
	}
	return path.Dir(v.File.Key)
}

// ThumbnailKey is the blob that holds the picture made by the present attempt.
func (v *Video) ThumbnailKey() string {
	return v.Folder() + "/thumbnail-" + strconv.Itoa(v.Attempt) + ".webp"
}

// StoryboardKey is the blob that holds the sheet of small pictures for
// scrubbing, made by the present attempt.
func (v *Video) StoryboardKey() string {
	return v.Folder() + "/storyboard-" + strconv.Itoa(v.Attempt) + ".jpg"
}

// EvidenceKey is the blob that holds the picture of the frame at a moment.
func (v *Video) EvidenceKey(atMs int64) string {
	return v.Folder() + "/evidence/" + strconv.FormatInt(atMs, 10) + ".jpg"
}

// ScoresKey is the blob that holds the scores of the present attempt's frames,
// in the form of [EncodeScores].
func (v *Video) ScoresKey() string {
	return v.Folder() + "/scores-" + strconv.Itoa(v.Attempt) + ".bin"
}
