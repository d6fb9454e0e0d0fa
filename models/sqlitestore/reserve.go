package sqlitestore

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"reelroom/models"
)

const (
	// reserveBytes is the size of the reserve on a disk that has room for it.
	reserveBytes = 8 << 20
	// reserveShare is the part of the free disk that the reserve takes at most.
	reserveShare = 8
	// reserveStep is what is released of it at a time.
	reserveStep = 128 << 10
	// refillEvery is the least time between two tries to fill it up again.
	refillEvery = 10 * time.Second
)

// reserve is a file beside the database that takes up disk space, so that on a
// full disk there is some to release for the writes that lead to free space: a
// deletion is a write, too, and needs room in the write-ahead log.
type reserve struct {
	path string

	mu     sync.Mutex
	filled time.Time // the last try
	small  bool      // the disk had no room for all of it
	drawn  bool      // some of it was released, and is not back
}

// purpose says which part of the reserve a write may use.
type purpose int

const (
	// taking brings new work, and uses none of the reserve.
	taking purpose = iota
	// keeping changes what is there, and may use half of it.
	keeping
	// freeing leads to free space, and may use all.
	freeing
)

// fill makes the file as large as it should be and the disk allows. Without it
// the store works, too.
func (r *reserve) fill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.filled = time.Now()
	f, err := os.OpenFile(r.path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return
	}
	has, free := info.Size(), models.FreeDisk(r.path)
	want := max(has, min(reserveBytes, free/reserveShare))
	if has < want && allocate(f, has, want-has) != nil {
		_ = f.Truncate(has)
		want, free = has, 0
	}
	r.small = want < reserveBytes
	r.drawn = r.drawn && free/reserveShare < reserveStep
}

// refill is fill where it may do something, and was not tried a moment ago. It
// reports whether some of the reserve is in use.
func (r *reserve) refill() (drawn bool) {
	r.mu.Lock()
	due := (r.small || r.drawn) && time.Since(r.filled) >= refillEvery
	r.mu.Unlock()
	if due {
		r.fill()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.drawn
}

// release frees a step of the reserve and reports whether there was one for
// the purpose.
func (r *reserve) release(p purpose) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	info, err := os.Stat(r.path)
	if err != nil {
		return false
	}
	left := int64(0)
	if d, ok := models.DiskOf(r.path); p == keeping && ok {
		left = min(reserveBytes, d.Size/reserveShare) / 2
	}
	if p == taking || info.Size() <= left {
		return false
	}
	r.drawn, r.filled = true, time.Now()
	return os.Truncate(r.path, max(info.Size()-reserveStep, left)) == nil
}

// spend runs a write. While the disk is full it is repeated: first with the
// write-ahead log begun anew, which may need no room, and then with more of it for
// as long as the reserve has some for the purpose that write returns.
func (s *Store) spend(write func() (purpose, error)) error {
	for begun := false; ; {
		p, err := write()
		if err == nil && s.reserve.refill() {
			s.checkpoint() // what was released is for the database, not for its log
		}
		if !noRoom(err) || p == taking {
			return err
		}
		if begun || !s.checkpoint() {
			if !s.reserve.release(p) {
				return err
			}
			begun = s.checkpoint()
			continue
		}
		begun = true
	}
}

// checkpoint brings the write-ahead log into the database, so that the next write
// begins it anew, and reports whether it could.
func (s *Store) checkpoint() bool {
	busy, pages, done := 0, 0, 0
	err := s.write.QueryRow(`PRAGMA wal_checkpoint(RESTART)`).Scan(&busy, &pages, &done)
	return err == nil && busy == 0
}

// noRoom tells that there was no room for a file of the database.
func noRoom(err error) bool {
	if failed, ok := errors.AsType[*sqlite.Error](err); ok {
		return failed.Code()&0xff == lib.SQLITE_FULL || failed.Code() == lib.SQLITE_IOERR_SHMSIZE
	}
	return models.CodeOf(err) == models.CodeStorageFull
}

// cannotWrite tells that the database could not be opened for lack of room, or
// for a reason that SQLite does not tell from that.
func cannotWrite(err error) bool {
	failed, ok := errors.AsType[*sqlite.Error](err)
	return noRoom(err) || ok && (failed.Code()&0xff == lib.SQLITE_IOERR || failed.Code()&0xff == lib.SQLITE_CANTOPEN)
}

// exec runs one statement as a transaction of its own and returns how many rows
// it changed.
func (s *Store) exec(ctx context.Context, p purpose, query string, args ...any) (rows int, err error) {
	err = s.spend(func() (purpose, error) {
		result, err := s.write.ExecContext(ctx, query, args...)
		if err != nil {
			return p, failure(ctx, err)
		}
		n, err := result.RowsAffected()
		rows = int(n)
		return p, internal(err)
	})
	return rows, err
}
