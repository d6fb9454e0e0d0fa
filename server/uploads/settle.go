package uploads

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"reelroom/models"
	"reelroom/server/library"
)

const (
	// sweepEvery is how often whole uploads without a video are looked for, and
	// those that were given up.
	sweepEvery = time.Minute
	// settleTime bounds the making of one video: a large file goes to a bucket.
	settleTime = 2 * time.Hour
	// strayTime is how old a folder without a state must be to be a dead
	// server's.
	strayTime = time.Hour
	// idleTime is how long an upload that stands still keeps its room on the disk.
	idleTime = 10 * time.Minute
)

// settle makes the video of an upload that is whole, once: "" while it is not
// whole, or where the video must wait, which [Door.Run] sees to. An error tells
// that no video will come of it. It goes on when the client has gone.
func (d *Door) settle(ctx context.Context, org, id string) (videoID string, err error) {
	u, err := d.shelf.load(org, id)
	switch {
	case errors.Is(err, errAbsent):
		return "", nil // it was refused, and the answer tells
	case err != nil:
		return "", err
	case u.finished():
		return u.VideoID, nil
	case !u.whole():
		return "", nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	waiting, stop := context.WithTimeout(ctx, lockTime)
	defer stop()
	unlock, err := d.locker.await(waiting, org, id)
	if err != nil {
		return "", nil //nolint:nilerr // somebody else is at it
	}
	defer unlock()
	return d.finish(ctx, org, id)
}

// finish makes the video of an upload that is locked. The id of the video stands
// from the start, so that whatever is repeated after a crash gives the same one.
func (d *Door) finish(ctx context.Context, org, id string) (videoID string, err error) {
	u, err := d.shelf.load(org, id)
	if err != nil || u.finished() || !u.whole() {
		if err == nil && u.finished() {
			return u.VideoID, nil
		}
		return "", nil //nolint:nilerr // gone meanwhile
	}
	f, err := d.shelf.open(org, id, os.O_RDONLY)
	if err != nil {
		return "", nil //nolint:nilerr // gone meanwhile
	}
	defer f.Close()
	h := d.index.of(org)
	d.see(h, u)
	owner := models.Identity{OrganizationID: org, UserID: u.UserID, Role: models.RoleEditor}
	_, _, err = d.Library.Upload(ctx, owner, library.Upload{
		FileName: u.FileName, Title: func() (string, error) { return u.Title, nil }, VideoID: u.VideoID,
		Body: io.NewSectionReader(f, 0, u.Size), Grant: h.grant(id), Path: filepath.Join(d.Dir, place(org, id, dataFile)),
	})
	switch models.CodeOf(err) {
	case models.CodeUnsupportedMedia, models.CodeTooLarge, models.CodeEmptyFile:
		return "", errors.Join(err, d.drop(u))
	case models.CodeConflict:
		// The video was made, and is deleted already.
	default:
		if err != nil {
			d.Logger.Warn("an upload is whole, and its video must wait", "organization", org, "upload", id, "error", err)
			return "", nil
		}
	}
	if err := d.shelf.finish(u.state, d.Now()); err != nil {
		d.Logger.Warn("an upload is a video, and its bytes could not be freed", "organization", org, "upload", id, "error", err)
	} else {
		h.forget(id, true)
	}
	d.Library.Arrivals.Finished(models.UploadFinished{UploadBase: d.base(u), VideoID: u.VideoID})
	return u.VideoID, nil
}

// drop removes an upload that is locked, and tells so unless it is a video.
func (d *Door) drop(u *upload) error {
	if err := d.shelf.remove(u.OrganizationID, u.ID); err != nil {
		return err
	}
	d.index.of(u.OrganizationID).forget(u.ID, false)
	if !u.finished() {
		d.Library.Arrivals.Cancelled(models.UploadCancelled{UploadBase: d.base(u)})
	}
	return nil
}

// expired tells whether an upload is given up. One that is whole never is.
func (d *Door) expired(u *upload) bool {
	if u.finished() {
		return d.Now().Sub(u.FinishedAt) > d.Life
	}
	return !u.whole() && d.Now().Sub(u.touched) > d.Life
}

// Run finishes what is whole and removes what was given up, at once and then
// every minute, until ctx ends. Any number of servers may do so together.
func (d *Door) Run(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		if err := d.sweep(ctx); err != nil && ctx.Err() == nil {
			d.Logger.Warn("not all uploads could be looked at", "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// sweep looks at every upload once. What a request or another server has at the
// moment is left alone.
func (d *Door) sweep(ctx context.Context) error {
	wrong := d.each(ctx, d.look)
	for _, h := range d.index.all() {
		wrong = errors.Join(wrong, d.refresh(h))
	}
	return wrong
}

// each calls f for every upload.
func (d *Door) each(ctx context.Context, f func(ctx context.Context, org, id string) error) error {
	folders, err := d.shelf.names(".")
	if err != nil {
		return err
	}
	var wrong error
	for _, folder := range folders {
		names, err := d.shelf.names(folder)
		wrong = errors.Join(wrong, err)
		for _, id := range names {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if org, ok := d.shelf.owner(folder, id); ok {
				wrong = errors.Join(wrong, f(ctx, org, id))
			}
		}
	}
	return wrong
}

// takeUp brings one upload into the index.
func (d *Door) takeUp(_ context.Context, org, id string) error {
	u, err := d.shelf.load(org, id)
	if err == nil {
		d.see(d.index.of(org), u)
	} else if errors.Is(err, errAbsent) {
		err = nil
	}
	return err
}

// look does what is due for one upload.
func (d *Door) look(ctx context.Context, org, id string) error {
	u, err := d.shelf.load(org, id)
	if errors.Is(err, errAbsent) {
		return d.stray(org, id)
	}
	if err != nil {
		return err
	}
	d.see(d.index.of(org), u)
	if !d.expired(u) && (u.finished() || !u.whole()) {
		return nil
	}
	unlock, ok := d.locker.try(org, id)
	if !ok {
		return nil
	}
	defer unlock()
	if u, err = d.shelf.load(org, id); err != nil {
		return nil //nolint:nilerr // gone meanwhile
	}
	if d.expired(u) {
		return d.drop(u)
	}
	_, err = d.finish(ctx, org, id)
	return err
}

// stray removes what a server left that died while it made or removed an upload.
// What has a state is another's, which a file system that does not tell capitals
// apart puts into this folder, or is damaged: that is for people to look at.
func (d *Door) stray(org, id string) error {
	if _, err := d.shelf.root.Stat(place(org, id, stateFile)); !errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	info, err := d.shelf.root.Stat(place(org, id, ""))
	if err != nil || !ids.MatchString(id) || d.Now().Sub(info.ModTime()) < strayTime {
		return nil //nolint:nilerr // gone meanwhile
	}
	return failure(d.shelf.root.RemoveAll(place(org, id, "")))
}
