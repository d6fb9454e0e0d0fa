package sqlitestore

import (
	"context"
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	_ "modernc.org/sqlite" // registers the driver "sqlite"

	"reelroom/models"
)

// readers is how many queries may run side by side.
const readers = 4

// Store is a [models.Store] in one file.
type Store struct {
	write, read *sql.DB
	searches    *searches
	reserve     *reserve
	lock        *os.File
	now         func() time.Time
	closing     sync.Once
	closed      error
}

var _ models.Store = (*Store)(nil)

// Open opens the database file at path and brings its schema up to date. The
// folder is made (0700) if it is missing; the file is readable by its owner
// only. An [models.Error] with [models.CodeUnavailable] tells that another
// process has the file, or that it was written by a later version.
func Open(ctx context.Context, path string) (*Store, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, internal(err)
	}
	if err := makeFile(path); err != nil {
		return nil, failure(ctx, err)
	}
	lock, err := lockFile(path + ".lock")
	if err != nil {
		return nil, err
	}
	s := &Store{lock: lock, now: time.Now, searches: newSearches(), reserve: &reserve{path: path + ".reserve"}}
	if err := s.connectOnAnyDisk(ctx, path); err != nil {
		return nil, errors.Join(failure(ctx, err), s.Close(ctx))
	}
	return s, nil
}

// connectOnAnyDisk connects, on a full disk with room from the reserve that an
// earlier process has left: SQLite makes files beside the database.
func (s *Store) connectOnAnyDisk(ctx context.Context, path string) error {
	err := s.connect(ctx, path)
	for err != nil && cannotWrite(err) && s.reserve.release(freeing) {
		err = errors.Join(s.disconnect(), s.connect(ctx, path))
	}
	if err == nil {
		s.reserve.fill()
	}
	return err
}

func (s *Store) connect(ctx context.Context, path string) (err error) {
	// FULL syncs the log at each commit: what was answered outlives a power cut.
	if s.write, err = sql.Open("sqlite", address(path, "journal_mode(wal)", "synchronous(full)")); err != nil {
		return err
	}
	s.write.SetMaxOpenConns(1)
	if err := migrate(ctx, s.write); err != nil {
		return err
	}
	if s.read, err = sql.Open("sqlite", address(path, "query_only(1)")); err != nil {
		return err
	}
	s.read.SetMaxOpenConns(readers)
	s.read.SetMaxIdleConns(readers)
	return s.read.PingContext(ctx)
}

// address is the URI under which SQLite opens path. Transactions take the
// write lock at once, so that none fails half way for want of it.
func address(path string, pragmas ...string) string {
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") {
		slashed = "/" + slashed // a drive letter
	}
	q := url.Values{"_txlock": {"immediate"}, "_pragma": append([]string{
		"busy_timeout(5000)",
		"journal_size_limit(16777216)", // bytes kept of the log after a checkpoint
	}, pragmas...)}
	return "file:" + (&url.URL{Path: slashed}).EscapedPath() + "?" + q.Encode()
}

// makeFile makes the folder and an empty file with its final permissions;
// SQLite gives the log beside it the same ones.
func makeFile(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(f.Chmod(0o600), f.Close())
}

// Ping reports whether the store answers and can be written.
func (s *Store) Ping(ctx context.Context) error {
	_, err := s.write.ExecContext(ctx, `UPDATE settings SET value = value WHERE name = ''`)
	return failure(ctx, err)
}

// Close ends the connections and frees the file. It may be called twice.
func (s *Store) Close(context.Context) error {
	s.closing.Do(func() {
		s.closed = errors.Join(s.disconnect(), unlockFile(s.lock))
	})
	return s.closed
}

// disconnect closes what connect has opened.
func (s *Store) disconnect() (err error) {
	// Readers first: the last connection to close empties the log.
	for _, db := range []*sql.DB{s.read, s.write} {
		if db != nil {
			err = errors.Join(err, db.Close())
		}
	}
	return err
}
