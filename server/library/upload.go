package library

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"syscall"

	"reelroom/models"
	"reelroom/server/capacity"
)

// Upload is a file on its way in.
type Upload struct {
	// FileName is what the uploader calls the file.
	FileName string
	// Title returns the title, or "" for one made of the file's name. It is
	// called once, after Body has ended, because a form may hold it after the
	// file; its error ends the upload. Nil means "".
	Title func() (string, error)
	// Key is the client's idempotency key, or "": the same key of the same user
	// never makes a second video.
	Key string
	// VideoID, where it is set, is the id of the video to be, made by a door that
	// may have to repeat the call: as with Key, it never makes a second video, nor
	// one that was deleted, however long ago.
	VideoID string
	// Size is how many bytes the client announced, 0 when not known. With it, an
	// upload that takes longer is told to the organization while it goes on.
	Size int64
	// Grant is the room that the caller has for it and releases; with nil there is
	// one taken for Size, or, where that is 0, for what comes.
	Grant *capacity.Grant
	// Path, where it is set, is a file of this machine that holds Body and is not
	// written to any more: the video may take it as it is.
	Path string
	// Body is read once, to its end. An error of it that is a [models.Error] is
	// returned as it is; any other means that the upload was cut.
	Body io.Reader
}

// maxKeyBytes bounds an idempotency key.
const maxKeyBytes = 255

var errKey = models.Errorf(models.CodeInvalid, "An Idempotency-Key is 1 to %d printable ASCII characters.", maxKeyBytes)

// Upload takes a file in one pass: into the blob store, its size, hash and kind
// found on the way; then the record; then the task. What it returns without an
// error is on the disk and in the store. repeated tells that the key had made
// the video before; then Body may be unread.
//
// Its codes are forbidden, rate_limited, invalid, empty_file, unsupported_media,
// too_large, upload_incomplete, disk_full, storage_full, quota_exceeded, conflict
// (the key's video was deleted) and those of the stores. After an error nothing is left behind.
func (l *Library) Upload(ctx context.Context, who models.Identity, u Upload) (d models.Document, repeated bool, err error) {
	return l.upload(ctx, who, u, "")
}

// upload is Upload for a file of a batch, or of none.
func (l *Library) upload(ctx context.Context, who models.Identity, u Upload, batch string) (d models.Document, repeated bool, err error) {
	if err := may(who, models.ActionEdit); err != nil {
		return d, false, err
	}
	v := models.Video{ID: models.NewID(l.now()), OrganizationID: who.OrganizationID, UploadedBy: who.UserID, BatchID: batch}
	if u.Key != "" && !validKey(u.Key) {
		return d, false, errKey
	}
	if u.Key != "" || u.VideoID != "" {
		if v.ID = u.VideoID; u.VideoID == "" {
			v.ID = models.DerivedID(who.OrganizationID, who.UserID, u.Key)
		}
		before, err := l.Store.Get(ctx, who.OrganizationID, v.ID)
		if err == nil {
			return l.document(ctx, &before), true, nil
		}
		if !errors.Is(err, models.ErrNotFound) {
			return d, false, err
		}
		if err := l.notGone(ctx, who.OrganizationID, u.VideoID); err != nil {
			return d, false, err
		}
	}
	if err := l.admit(ctx, who.OrganizationID); err != nil {
		return d, false, err
	}
	if u.Grant == nil {
		if u.Grant, err = l.Capacity.Take(ctx, who.OrganizationID, capacity.Want{Videos: 1, Bytes: u.Size}); err != nil {
			return d, false, err
		}
		defer u.Grant.Release()
	}
	// Where an id lives again after a deletion, the time as its first fence
	// keeps out whoever still works on the life before.
	v.Fence = l.now().UnixMilli()
	v.File.Key = models.SourceKey(v.ID, models.NewID(l.now()))
	v.File.Name = cleanName(u.FileName)
	told := l.begin(&v, u)
	defer func() { told.end(d.ID, err) }()
	u.Body = told.reader(u.Body)
	if err := l.receive(ctx, &v, u); err != nil {
		return d, false, classify(ctx, err)
	}
	// The client has sent everything: from here on its going away changes nothing.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	kept, repeated, err := l.accept(ctx, v, u.Grant)
	if err != nil {
		return d, false, err
	}
	if !repeated {
		l.enqueue(ctx, &kept)
	}
	return l.document(ctx, &kept), repeated, nil
}

// receive writes the body to the blob store and fills in what the record says
// about it. After an error the blob does not exist.
func (l *Library) receive(ctx context.Context, v *models.Video, u Upload) error {
	head := make([]byte, sniffBytes)
	n, err := io.ReadFull(u.Body, head)
	head = head[:n]
	switch {
	case err == io.EOF:
		return models.Errorf(models.CodeEmptyFile, "The file is empty.")
	case err != nil && (err != io.ErrUnexpectedEOF || n == 0): // else: shorter than head
		return cut(err)
	}
	if v.File.MediaType, err = sniff(head); err != nil {
		return err
	}
	blob, err := l.begins(ctx, v, u)
	if err != nil {
		return err
	}
	defer blob.Abort() // does nothing after Commit
	hash := sha256.New()
	if v.File.Size, err = l.copy(ctx, io.MultiWriter(blob, hash), head, u.Body); err != nil {
		return err
	}
	v.File.SHA256 = hex.EncodeToString(hash.Sum(nil))
	var title string
	if u.Title != nil {
		if title, err = u.Title(); err != nil {
			return cut(err)
		}
	}
	v.Title = titleOf(title, v.File.Name)
	return blob.Commit()
}

// copyBytes is the step of the copy.
const copyBytes = 256 << 10

// copy writes head and then the rest, up to the limit. Errors of the reader and
// of the writer mean different things, so io.Copy will not do.
func (l *Library) copy(ctx context.Context, to io.Writer, head []byte, from io.Reader) (size int64, err error) {
	buffer := make([]byte, copyBytes)
	piece, end := head, error(nil)
	for {
		if size += int64(len(piece)); size > l.MaxUpload {
			return 0, TooLarge(l.MaxUpload)
		}
		if _, err := to.Write(piece); err != nil {
			return 0, err
		}
		if end == io.EOF {
			return size, nil
		}
		if end != nil {
			return 0, cut(end)
		}
		if err := ctx.Err(); err != nil {
			return 0, cut(err)
		}
		piece, end = fill(buffer, from)
	}
}

// fill reads until the buffer is full or the reader has ended: a form's parser
// hands out a few kilobytes at a time, and the disk likes more.
func fill(buffer []byte, from io.Reader) (piece []byte, end error) {
	n := 0
	for n < len(buffer) && end == nil {
		var m int
		m, end = from.Read(buffer[n:])
		n += m
	}
	return buffer[:n], end
}

// accept makes the record. Whatever the store answers, a file is removed only
// where it is certain that no record speaks of it.
func (l *Library) accept(ctx context.Context, v models.Video, g *capacity.Grant) (kept models.Video, repeated bool, err error) {
	err = g.Commit(v.File.Size, func() (err error) {
		kept, err = l.Publisher.Create(ctx, v.OrganizationID, v)
		return err
	})
	if err == nil {
		return kept, false, nil
	}
	before, look := l.Store.Get(ctx, v.OrganizationID, v.ID)
	switch {
	case look == nil && before.File.Key == v.File.Key:
		return before, false, nil // written; only the answer was lost
	case look == nil:
		l.discard(ctx, &v)
		return before, true, nil // another upload with this key was first
	case errors.Is(look, models.ErrNotFound):
		l.discard(ctx, &v)
		if errors.Is(err, models.ErrConflict) {
			err = models.Errorf(models.CodeConflict, "The video that this Idempotency-Key made was deleted.")
		}
	}
	return models.Video{}, false, err
}

// notGone refuses a call that is repeated after its video was made and deleted:
// the record is gone soon after, and the trail remembers.
func (l *Library) notGone(ctx context.Context, org, videoID string) error {
	if videoID == "" {
		return nil
	}
	trail, err := l.Audit.ListAudit(ctx, org, models.AuditPage{VideoID: videoID, Limit: 1})
	if err == nil && len(trail.Entries) > 0 && trail.Entries[0].Action == models.AuditDelete {
		err = models.Errorf(models.CodeConflict, "The video of this upload was deleted.")
	}
	return err
}

func (l *Library) discard(ctx context.Context, v *models.Video) {
	if err := l.Blobs.Delete(ctx, v.OrganizationID, v.File.Key); err != nil {
		l.Logger.Warn("a file that no video needs could not be removed",
			"organization", v.OrganizationID, "key", v.File.Key, "error", err)
	}
}

// TooLarge is the refusal of a file above limit bytes.
func TooLarge(limit int64) error {
	return models.Errorf(models.CodeTooLarge, "The file is larger than %d bytes, the most that is taken.", limit)
}

// cut says that the body ended before its end, unless the reader knows better.
func cut(err error) error {
	if e, ok := errors.AsType[*models.Error](err); ok {
		return e
	}
	return errIncomplete.Because(err)
}

var errIncomplete = models.Errorf(models.CodeUploadIncomplete, "The upload ended before its end. Nothing was kept; send it again.")

// classify gives a failed upload its code where the blob store could not: it
// does not know that the client has gone, and may not know a full disk.
func classify(ctx context.Context, err error) error {
	code := models.CodeOf(err)
	switch {
	case ctx.Err() != nil && (code == models.CodeInternal || code == models.CodeUnavailable):
		return errIncomplete.Because(err)
	case code == models.CodeInternal && errors.Is(err, syscall.ENOSPC):
		return models.Errorf(models.CodeStorageFull, "The storage is full. Nothing was kept.").Because(err)
	}
	return err
}

func validKey(key string) bool {
	if len(key) > maxKeyBytes {
		return false
	}
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return false
		}
	}
	return true
}
