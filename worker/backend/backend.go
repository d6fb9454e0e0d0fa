package backend

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"

	"reelroom/models"
	"reelroom/models/mongostore"
	"reelroom/models/sqlitestore"
	"reelroom/rooms"
	"reelroom/rooms/redislog"
	"reelroom/worker/classifier"
	"reelroom/worker/estimate"
	"reelroom/worker/ffmpeg"
	"reelroom/worker/pipeline"
	"reelroom/worker/queue"
)

// Backend is the opened services and the parts made of them.
type Backend struct {
	Config    *Config
	Logger    *slog.Logger
	Store     models.Store
	Blobs     models.BlobKeeping
	Redis     redis.UniversalClient
	Log       *redislog.Log
	Hub       *rooms.Hub
	Queue     *queue.Client
	Links     *models.SignedLinks
	Publisher *rooms.Publisher
	Sweeper   *queue.Sweeper
	Estimator *estimate.Estimator

	// StoreWords, RedisWords and BlobWords say in plain words what is used.
	StoreWords, RedisWords, BlobWords string

	redisCondition *redisCondition // nil for the Redis in this process
	closers        []func()
}

// Open opens everything but ffmpeg, or nothing. Services that belong to
// different installations are refused. The caller closes it.
func Open(ctx context.Context, c *Config, logger *slog.Logger) (b *Backend, err error) {
	b = &Backend{Config: c, Logger: logger}
	defer func() {
		if err != nil {
			b.Close()
			b = nil
		}
	}()
	id, err := b.openServices(ctx)
	if err != nil {
		return b, err
	}
	if b.redisCondition != nil {
		if err := claimRedis(ctx, c, b.Redis, id); err != nil {
			return b, err
		}
	}
	warn(c, logger)
	return b, b.assemble(ctx)
}

// openServices opens the store, the blobs and Redis, and returns the name of the
// installation. All services that cannot be used are in the error, each by the
// name of its variable.
func (b *Backend) openServices(ctx context.Context) (id string, err error) {
	redisLog.Store(b.Logger)
	var redisErr error
	var redisOpened sync.WaitGroup
	var closeRedis func()
	redisOpened.Go(func() { b.Redis, b.redisCondition, closeRedis, redisErr = openRedis(ctx, b.Config, b.Logger) })
	id, err = b.openRecords(ctx)
	redisOpened.Wait()
	if redisErr == nil {
		b.closers = append(b.closers, closeRedis)
		b.RedisWords = b.redisCondition.describe()
	}
	return id, errors.Join(err, redisErr)
}

// openRecords opens what lies in DATA_DIR or in its place: the store, then the
// blobs. What comes after a failure is checked only.
func (b *Backend) openRecords(ctx context.Context) (id string, err error) {
	if err := os.MkdirAll(b.Config.DataDir, 0o700); err != nil {
		return "", errors.Join(fmt.Errorf("DATA_DIR: %w", err), b.tryOutside(ctx))
	}
	if err = b.openStore(ctx); err == nil {
		id, err = b.installation(ctx)
	}
	if err != nil {
		if b.Config.ownFolder() { // the same folder is named already
			return "", err
		}
		return "", errors.Join(err, b.tryBlobs(ctx))
	}
	return id, b.openBlobs(ctx, id)
}

// tryOutside returns why the store and the blobs cannot be used, where they need
// no DATA_DIR. A bucket does: its copies lie there. The caller closes the store.
func (b *Backend) tryOutside(ctx context.Context) error {
	var all []error
	if b.Config.MongoURI != "" {
		all = append(all, b.openStore(ctx))
	}
	if strings.HasPrefix(b.Config.BlobURL, "file:") {
		all = append(all, b.tryBlobs(ctx))
	}
	return errors.Join(all...)
}

func warn(c *Config, logger *slog.Logger) {
	for _, words := range c.Warnings() {
		logger.Warn(words)
	}
}

func (b *Backend) openStore(ctx context.Context) (err error) {
	if b.Config.MongoURI != "" {
		b.Store, err = mongostore.Open(ctx, b.Config.MongoURI)
		b.StoreWords = "MongoDB"
	} else {
		path := filepath.Join(b.Config.DataDir, "reelroom.db")
		b.Store, err = sqlitestore.Open(ctx, path)
		b.StoreWords = "SQLite in " + path + " (set MONGODB_URI for MongoDB)"
	}
	if err != nil {
		b.Store = nil
		return fmt.Errorf("%s: open the store: %w", b.Config.storeVariable(), err)
	}
	b.closers = append(b.closers, func() { _ = b.Store.Close(context.WithoutCancel(ctx)) })
	return nil
}

// assemble makes the parts that stand on the services.
func (b *Backend) assemble(ctx context.Context) error {
	b.Log = redislog.New(b.Redis, redislog.Options{Logger: b.Logger})
	b.Hub = rooms.NewHub(b.Log, b.Logger)
	b.closers = append(b.closers, b.Hub.Close)
	b.Queue = queue.NewClient(b.Redis)
	secret, err := b.Store.Once(ctx, "link-key", base64.RawStdEncoding.EncodeToString(randomKey()))
	if err != nil {
		return fmt.Errorf("read the key for links: %w", err)
	}
	key, err := base64.RawStdEncoding.DecodeString(secret)
	if err != nil || len(key) < 32 {
		return fmt.Errorf("the key for links in the store is damaged")
	}
	b.Links = &models.SignedLinks{Base: b.Config.PublicURL, Key: key}
	b.Estimator = estimate.New(b.Store, b.Logger)
	if _, err := b.Estimator.Experience(ctx); err != nil {
		return fmt.Errorf("read what earlier videos taught: %w", err)
	}
	b.Publisher = &rooms.Publisher{Videos: b.Store, Audit: b.Store, Log: b.Log, Links: b.Links, Logger: b.Logger, Count: b.Log.Count}
	b.Sweeper = &queue.Sweeper{
		Store: b.Store, Blobs: b.Blobs, Redis: b.Redis, Logger: b.Logger,
		Local: func() { pipeline.Tidy(b.Config.workDir()) },
	}
	return nil
}

func randomKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}

// Reconciler returns the reconciler, which every process runs.
func (b *Backend) Reconciler() *queue.Reconciler {
	return &queue.Reconciler{Store: b.Store, Blobs: b.Blobs, Queue: b.Queue, Publisher: b.Publisher, Logger: b.Logger}
}

// Upkeep returns what keeps finished videos up with their organization's policy,
// and the audit trails in their bounds. Every process runs it.
func (b *Backend) Upkeep() *pipeline.Upkeep {
	return &pipeline.Upkeep{Store: b.Store, Blobs: b.Blobs, Publisher: b.Publisher, Logger: b.Logger}
}

// Worker returns a worker that runs the pipeline with the given tools.
func (b *Backend) Worker(tools *ffmpeg.Tools, frames classifier.Classifier) *queue.Worker {
	host, _ := os.Hostname()
	p := &pipeline.Pipeline{
		Worker: queue.NameOf(host, os.Getpid()) + rand.Text()[:6],
		Videos: b.Store, Policies: b.Store, Publisher: b.Publisher, Blobs: b.Blobs, Log: b.Log, Hub: b.Hub,
		Tools: tools, Classifier: frames, Estimator: b.Estimator,
		Renditions: models.Renditions(b.Config.Renditions),
		WorkDir:    b.Config.workDir(), Logger: b.Logger,
	}
	return &queue.Worker{Client: b.Queue, Concurrency: b.Config.Concurrency, Handle: p.Process, Logger: b.Logger}
}

// Ready lists the checks of the shared services, for [health.Checker].
func (b *Backend) Ready() map[string]func(context.Context) error {
	checks := map[string]func(context.Context) error{"store": b.Store.Ping, "log": b.Log.Ping, "blobs": b.Blobs.Ping}
	if b.redisCondition != nil {
		checks["redis"] = b.redisCondition.Check
	}
	return checks
}

// Close releases everything, in the reverse order of opening. It may be called
// more than once.
func (b *Backend) Close() {
	for i := len(b.closers) - 1; i >= 0; i-- {
		b.closers[i]()
	}
	b.closers = nil
}
