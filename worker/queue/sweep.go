package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"reelroom/models"
)

const (
	// sweepFirst is when a process first asks for the turn, sweepEvery how often
	// all processes together sweep. Both are varied by a half.
	sweepFirst = 2 * time.Minute
	sweepEvery = 6 * time.Hour
	// strayAfter is how long nothing of a folder must have been written before
	// it may be a stray: an upload that is under way is never one.
	strayAfter = 24 * time.Hour
	// unfinishedAfter is when what was begun and not finished is dropped. No
	// upload lasts as long.
	unfinishedAfter = 7 * 24 * time.Hour
	// lookAgain is between the two looks at the records that a stray needs. It
	// is longer than the time between a file's end and its record.
	lookAgain = 2 * time.Minute
	// lookEvery bounds how often the store is asked, dropEvery how often
	// something is removed.
	lookEvery = 5 * time.Millisecond
	dropEvery = 20 * time.Millisecond
	// maxStrays bounds what one sweep remembers; the next finds the rest.
	maxStrays = 10_000
	// doubtful is how many strays are believed whatever there is beside them;
	// more than that, and more than a quarter of all folders, look like the
	// wrong database, or one restored from an old copy.
	doubtful = 5
)

// turnKey is in Redis while no process needs to sweep.
const turnKey = "reelroom:swept"

// Sweeper removes files that no record names: those of an upload whose server
// died before the record was made, or that a worker wrote while its video was
// being deleted. What a record names, or was written a short while ago, stays.
// It runs in every process; one at a time sweeps, and two at once do no harm.
type Sweeper struct {
	Store models.Videos
	Blobs models.BlobKeeping
	Redis redis.UniversalClient
	// Local tidies what this machine alone has.
	Local  func()
	Logger *slog.Logger

	again         time.Duration // lookAgain when 0; tests do not wait
	removed, size atomic.Int64
}

// Removed counts what this process has removed since it began.
func (s *Sweeper) Removed() models.Removed {
	return models.Removed{Count: int(s.removed.Load()), Bytes: s.size.Load()}
}

// Run tidies this machine at once, and sweeps once in a while until ctx ends.
func (s *Sweeper) Run(ctx context.Context) error {
	for pause := sweepFirst; ; pause = sweepEvery {
		if s.Local != nil {
			s.Local()
		}
		if wait(ctx, pause/2+rand.N(pause)) != nil {
			return nil
		}
		if !s.turn(ctx) {
			continue
		}
		passing, cancel := context.WithTimeout(ctx, sweepEvery)
		err := s.Sweep(passing)
		cancel()
		if err != nil && ctx.Err() == nil {
			s.Logger.Warn("the sweep for stray files will be tried again", "error", err)
		}
	}
}

// turn reports whether it is this process that sweeps this time.
func (s *Sweeper) turn(ctx context.Context) bool {
	won, err := s.Redis.SetNX(ctx, turnKey, 1, sweepEvery*3/4).Result()
	return err == nil && won
}

// folder is the files of one upload.
type folder struct {
	org, video, name string
	files            int
	bytes            int64
	newest           time.Time
}

// Sweep looks at every blob once.
func (s *Sweeper) Sweep(ctx context.Context) error {
	now := time.Now()
	dropped, err := s.Blobs.Tidy(ctx, now.Add(-unfinishedAfter))
	s.count(dropped)
	if err != nil {
		return err
	}
	strays, seen, err := s.look(ctx, now.Add(-strayAfter))
	if err != nil {
		return err
	}
	if len(strays) > doubtful && len(strays) > seen/4 {
		return fmt.Errorf("%d of the %d uploads in the storage have no record in this database, which is not believed: nothing was removed", len(strays), seen)
	}
	var swept models.Removed
	defer func() { s.report(dropped, swept, seen) }()
	if len(strays) == 0 {
		return nil
	}
	if err := wait(ctx, cmp.Or(s.again, lookAgain)); err != nil {
		return err
	}
	for i := range strays {
		one, err := s.drop(ctx, &strays[i])
		swept.Count, swept.Bytes = swept.Count+one.Count, swept.Bytes+one.Bytes
		if err == nil {
			err = wait(ctx, dropEvery)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// drop removes a folder if it is still a stray.
func (s *Sweeper) drop(ctx context.Context, f *folder) (models.Removed, error) {
	if stray, err := s.stray(ctx, f); err != nil || !stray {
		return models.Removed{}, err
	}
	if err := s.Blobs.Delete(ctx, f.org, f.name); err != nil {
		return models.Removed{}, err
	}
	s.Logger.Info("an upload that no record names was removed", "organization", f.org, "folder", f.name, "files", f.files, "bytes", f.bytes)
	one := models.Removed{Count: f.files, Bytes: f.bytes}
	s.count(one)
	return one, nil
}

// look walks through the storage and returns the folders that look like
// strays, and how many folders it saw.
func (s *Sweeper) look(ctx context.Context, before time.Time) (strays []folder, seen int, err error) {
	var f folder
	judge := func() error {
		if f.name == "" {
			return nil
		}
		seen++
		if !f.newest.Before(before) || len(strays) >= maxStrays {
			return nil
		}
		stray, err := s.stray(ctx, &f)
		if stray {
			strays = append(strays, f)
		}
		if err != nil {
			return err
		}
		return wait(ctx, lookEvery)
	}
	err = s.Blobs.Each(ctx, func(e models.BlobEntry) error {
		id, name, ok := models.VideoOfKey(e.Key)
		if !ok {
			return nil // no file of a video: not ours to judge
		}
		if e.OrganizationID != f.org || name != f.name {
			if err := judge(); err != nil {
				return err
			}
			f = folder{org: e.OrganizationID, video: id, name: name}
		}
		f.files++
		f.bytes += e.Size
		if e.ModTime.After(f.newest) {
			f.newest = e.ModTime
		}
		return nil
	})
	if err == nil {
		err = judge()
	}
	return strays, seen, err
}

// stray reports whether no record names the folder: there is none of that
// video, or it names another folder, as when the id lives again. A store that
// does not answer is no proof.
func (s *Sweeper) stray(ctx context.Context, f *folder) (bool, error) {
	v, err := s.Store.Get(ctx, f.org, f.video)
	if errors.Is(err, models.ErrNotFound) {
		return true, nil
	}
	return err == nil && v.Folder() != f.name, err
}

func (s *Sweeper) count(r models.Removed) {
	s.removed.Add(int64(r.Count))
	s.size.Add(r.Bytes)
}

func (s *Sweeper) report(dropped, swept models.Removed, seen int) {
	level := slog.LevelDebug
	if dropped.Count > 0 || swept.Count > 0 {
		level = slog.LevelInfo
	}
	s.Logger.Log(context.Background(), level, "swept", "uploads", seen,
		"strays", swept.Count, "strayBytes", swept.Bytes, "unfinished", dropped.Count, "unfinishedBytes", dropped.Bytes)
}

// wait returns early, with its error, when ctx ends.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}
