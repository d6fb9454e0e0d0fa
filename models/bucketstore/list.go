package bucketstore

import (
	"context"
	"io"
	"os"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"

	"reelroom/models"
)

// Delete removes a blob and all below a prefix, page by page; after an error,
// some may be gone. That nothing was there is no error. See [models.Blobs].
func (s *Store) Delete(ctx context.Context, org, prefix string) error {
	name, err := s.place(org, prefix)
	if err != nil {
		return err
	}
	if err := s.remove(ctx, name); err != nil {
		return failure(err)
	}
	return failure(s.each(ctx, name+"/", func(o *blob.ListObject) error { return s.remove(ctx, o.Key) }))
}

// remove removes an object; one that is not there is no error.
func (s *Store) remove(ctx context.Context, name string) error {
	err := s.bucket.Delete(ctx, name)
	if gcerrors.Code(err) == gcerrors.NotFound && errorCode(err) != "NoSuchBucket" {
		return nil
	}
	return err
}

// each visits the objects whose name begins with prefix; a page of 1,000 is
// held at a time.
func (s *Store) each(ctx context.Context, prefix string, visit func(*blob.ListObject) error) error {
	objects := s.bucket.List(&blob.ListOptions{Prefix: prefix})
	for {
		o, err := objects.Next(ctx)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := visit(o); err != nil {
			return err
		}
	}
}

// Each visits every blob, in the order of their names. See [models.BlobKeeping].
func (s *Store) Each(ctx context.Context, visit func(models.BlobEntry) error) error {
	var stopped error
	err := s.each(ctx, s.settings.Prefix, func(o *blob.ListObject) error {
		org, key, ok := models.BlobOwner(strings.TrimPrefix(o.Key, s.settings.Prefix))
		if !ok {
			return nil
		}
		stopped = visit(models.BlobEntry{OrganizationID: org, Key: key, Size: o.Size, ModTime: o.ModTime})
		return stopped
	})
	if stopped != nil {
		return stopped
	}
	return failure(err)
}

// Tidy drops the parts of uploads that began before then, and the copies of
// processes that have died. Nobody can tell whether the process that began an
// upload lives: choose a time that no upload lasts. See [models.BlobKeeping].
func (s *Store) Tidy(ctx context.Context, before time.Time) (models.Removed, error) {
	now := time.Now()
	_ = os.Chtimes(s.cache.held.Name(), now, now) // see stale
	removed, err := s.cache.sweep()
	if err != nil {
		return removed, failure(err)
	}
	in := &s3.ListMultipartUploadsInput{Bucket: aws.String(s.settings.Bucket), Prefix: aws.String(s.settings.Prefix)}
	for {
		page, err := s.client.ListMultipartUploads(ctx, in)
		if code := errorCode(err); code == "NotImplemented" || code == "NoSuchUpload" {
			return removed, nil // a service that keeps no parts, or says so when there are none
		}
		if err != nil {
			return removed, failure(err)
		}
		for _, u := range page.Uploads {
			name := aws.ToString(u.Key)
			_, _, ours := models.BlobOwner(strings.TrimPrefix(name, s.settings.Prefix))
			if !ours || u.Initiated == nil || !u.Initiated.Before(before) {
				continue
			}
			_, err := s.client.AbortMultipartUpload(ctx, &s3.AbortMultipartUploadInput{Bucket: in.Bucket, Key: u.Key, UploadId: u.UploadId})
			if err != nil && errorCode(err) != "NoSuchUpload" {
				return removed, failure(err)
			}
			removed.Count++
		}
		if !aws.ToBool(page.IsTruncated) || aws.ToString(page.NextKeyMarker) == "" {
			return removed, nil
		}
		in.KeyMarker, in.UploadIdMarker = page.NextKeyMarker, page.NextUploadIdMarker
	}
}

// markName is the object that tells whose bucket this is; it is no blob's place.
const markName = ".installation"

// Mark returns what was kept with SetMark; ok is false when there is nothing.
func (s *Store) Mark(ctx context.Context) (text string, ok bool, err error) {
	raw, err := s.bucket.ReadAll(ctx, s.settings.Prefix+markName)
	if errorCode(err) == "NoSuchKey" {
		return "", false, nil
	}
	return string(raw), err == nil, err
}

// SetMark keeps a text for whoever opens the bucket next; it reports whether it
// did: one that is there stays.
func (s *Store) SetMark(ctx context.Context, text string) (made bool, err error) {
	err = s.bucket.WriteAll(ctx, s.settings.Prefix+markName, []byte(text), &blob.WriterOptions{ContentType: contentType, IfNotExist: true})
	if gcerrors.Code(err) == gcerrors.FailedPrecondition || errorCode(err) == "ConditionalRequestConflict" {
		return false, nil
	}
	return err == nil, err
}

// RemoveMark takes the mark away.
func (s *Store) RemoveMark(ctx context.Context) error {
	return s.remove(ctx, s.settings.Prefix+markName)
}
