package bucketstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"
	"gocloud.dev/blob"
	"gocloud.dev/blob/s3blob"

	"reelroom/models"
)

const (
	// openTime bounds the look at the bucket at start.
	openTime = 30 * time.Second
	// pingTime bounds the answer to whether the bucket can be reached.
	pingTime = 5 * time.Second
	// tries is how often a request is sent, with pauses up to longestPause.
	tries        = 3
	longestPause = 2 * time.Second
)

// Options says what [Open] needs beside the bucket.
type Options struct {
	// CacheDir holds the local copies, in a folder for each process; it is made
	// when missing.
	CacheDir string
	// CacheBytes bounds the copies that nobody uses at present.
	CacheBytes int64

	pause time.Duration // longestPause when 0; tests do not wait
}

// Store is a [models.Blobs] in a bucket. Several processes may use the same one.
type Store struct {
	settings Settings
	bucket   *blob.Bucket
	client   *s3.Client
	dialer   *dialer
	cache    *cache
}

var _ models.BlobKeeping = (*Store)(nil)

// Open connects to the bucket and tries whether it may list, write, read and
// delete there. Its errors say what to do; they are for the operator.
func Open(ctx context.Context, settings Settings, o Options) (s *Store, err error) {
	ctx, cancel := context.WithTimeout(ctx, openTime)
	defer cancel()
	s = &Store{settings: settings, dialer: newDialer()}
	defer func() {
		if err != nil {
			s.Close()
			s = nil
		}
	}()
	load := []func(*config.LoadOptions) error{
		config.WithHTTPClient(s.dialer.client()),
		config.WithLogger(logging.Nop{}),
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(r *retry.StandardOptions) {
				r.MaxAttempts, r.MaxBackoff, r.RateLimiter = tries, cmp.Or(o.pause, longestPause), ratelimit.None
			})
		}),
	}
	if settings.Region != "" {
		load = append(load, config.WithRegion(settings.Region))
	}
	if settings.Profile != "" {
		load = append(load, config.WithSharedConfigProfile(settings.Profile))
	}
	c, err := config.LoadDefaultConfig(ctx, load...)
	if err != nil {
		return s, fmt.Errorf("the configuration of the AWS SDK: %w", err)
	}
	if c.Region == "" {
		return s, errors.New("no region is known; add ?region=… to the URL, or set AWS_REGION")
	}
	s.client = s3.NewFromConfig(c, func(client *s3.Options) {
		client.UsePathStyle = settings.PathStyle
		client.DisableLogOutputChecksumValidationSkipped = true
		if settings.Endpoint != "" {
			client.BaseEndpoint = aws.String(settings.Endpoint)
		}
	})
	if s.bucket, err = s3blob.OpenBucket(ctx, s.client, settings.Bucket, nil); err != nil {
		return s, err
	}
	if err := s.try(ctx); err != nil {
		return s, explain(settings, err)
	}
	s.cache, err = openCache(o.CacheDir, o.CacheBytes)
	return s, err
}

// try does once what will be done all the time.
func (s *Store) try(ctx context.Context) error {
	key := s.settings.Prefix + ".try-" + models.NewID(time.Now())
	if _, _, err := s.bucket.ListPage(ctx, blob.FirstPageToken, 1, &blob.ListOptions{Prefix: s.settings.Prefix}); err != nil {
		return fmt.Errorf("list: %w", err)
	}
	if err := s.bucket.WriteAll(ctx, key, []byte("x"), &blob.WriterOptions{ContentType: contentType}); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	if _, err := s.bucket.ReadAll(ctx, key); err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if err := s.bucket.Delete(ctx, key); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	return nil
}

// Ping reports whether the bucket answers and lets itself be read.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTime)
	defer cancel()
	_, _, err := s.bucket.ListPage(ctx, blob.FirstPageToken, 1, &blob.ListOptions{Prefix: s.settings.Prefix})
	if err != nil && err != io.EOF {
		return failure(err)
	}
	return nil
}

// Close ends all connections and removes this process's copies.
func (s *Store) Close() error {
	var errs []error
	if s.bucket != nil {
		errs = append(errs, s.bucket.Close())
	}
	s.dialer.close()
	if s.cache != nil {
		errs = append(errs, s.cache.close())
	}
	return errors.Join(errs...)
}

// place is the name of a blob's object; see [models.BlobPath].
func (s *Store) place(org, key string) (string, error) {
	name, err := models.BlobPath(org, key)
	return s.settings.Prefix + name, err
}
