package uploads

import (
	"context"
	"errors"
	"io"
	"os"

	"github.com/tus/tusd/v2/pkg/handler"

	"reelroom/models"
	"reelroom/server/capacity"
	"reelroom/server/library"
)

// note keeps the first error with a code, for the answer.
func (s *session) note(err error) error {
	if coded, ok := errors.AsType[*models.Error](err); ok && s.failed == nil {
		s.failed = coded
	}
	return err
}

// NewUpload serves tusd: it makes the upload, if there is room for it.
func (s *session) NewUpload(ctx context.Context, info handler.FileInfo) (handler.Upload, error) {
	d := s.door
	if info.Size == 0 {
		return nil, s.note(models.Errorf(models.CodeEmptyFile, "The file is empty."))
	}
	if err := d.Library.MayUpload(ctx, s.who); err != nil {
		return nil, s.note(err)
	}
	now := d.Now()
	u := state{
		ID: models.NewID(now), OrganizationID: s.who.OrganizationID, UserID: s.who.UserID,
		Meta: metaOf(info.MetaData), Size: info.Size, CreatedAt: now.UTC(),
	}
	u.VideoID = models.DerivedID(u.OrganizationID, "upload", u.ID)
	u.FileName, u.Title = library.Names(first(info.MetaData, "filename", "name"), info.MetaData["title"])
	if err := d.make(ctx, u); err != nil {
		return nil, s.note(err)
	}
	s.id = u.ID
	p := &part{s, &upload{state: u, touched: now}}
	d.Library.Arrivals.Progress(models.UploadProgress{UploadBase: d.base(p.upload)})
	return p, nil
}

// make makes an upload, where there is room for it: by what the user and the
// organization have under way, by the quota, and on the disk. Nobody of another
// organization waits for it.
func (d *Door) make(ctx context.Context, u state) error {
	h := d.index.of(u.OrganizationID)
	if err := d.refresh(h); err != nil {
		return err
	}
	e, err := d.add(h, u)
	if err != nil {
		return err
	}
	g, err := d.Capacity.Take(ctx, u.OrganizationID, capacity.Want{Videos: 1, Bytes: u.Size, InParts: true})
	if err == nil {
		if err = d.shelf.create(u); err != nil {
			g.Release()
		}
	}
	if err != nil {
		h.forget(u.ID, false)
		return err
	}
	h.made(e, g)
	return nil
}

// GetUpload serves tusd. The door has looked whose it is.
func (s *session) GetUpload(_ context.Context, id string) (handler.Upload, error) {
	u, err := s.door.shelf.load(s.who.OrganizationID, id)
	if errors.Is(err, errAbsent) {
		return nil, handler.ErrNotFound
	}
	if err != nil {
		return nil, s.note(err)
	}
	return &part{s, u}, nil
}

// AsTerminatableUpload serves tusd.
func (s *session) AsTerminatableUpload(u handler.Upload) handler.TerminatableUpload { return u.(*part) }

// NewLock serves tusd.
func (s *session) NewLock(id string) (handler.Lock, error) { return &lease{s: s, id: id}, nil }

// lease is the lock of one request.
type lease struct {
	s      *session
	id     string
	unlock func()
}

// Lock serves tusd.
func (l *lease) Lock(ctx context.Context, _ func()) (err error) {
	letGo := func() { l.s.body.stop(errTaken) }
	l.unlock, err = l.s.door.locker.lock(ctx, l.s.who.OrganizationID, l.id, letGo)
	return l.s.note(err)
}

// Unlock serves tusd.
func (l *lease) Unlock() error {
	l.unlock()
	return nil
}

// part is an upload that a request has locked.
type part struct {
	s *session
	*upload
}

// GetInfo serves tusd.
func (p *part) GetInfo(context.Context) (handler.FileInfo, error) {
	return handler.FileInfo{ID: p.ID, Size: p.Size, Offset: p.received, MetaData: p.Meta}, nil
}

// GetReader serves tusd, which never asks: nothing is downloaded here.
func (p *part) GetReader(context.Context) (io.ReadCloser, error) {
	return nil, handler.ErrNotImplemented
}

// FinishUpload serves tusd. The door makes the video after tusd's answer, which
// it does also for files that were whole before.
func (p *part) FinishUpload(context.Context) error { return nil }

// Terminate serves tusd.
func (p *part) Terminate(context.Context) error {
	return p.s.note(p.s.door.drop(p.upload))
}

// pieceBytes is the step in which bytes are read.
const pieceBytes = 256 << 10

// WriteChunk serves tusd: it writes what comes at its place in the file, and
// returns when all of it is on the disk. The reader has no errors; the context
// is not looked at: what came is kept.
func (p *part) WriteChunk(_ context.Context, offset int64, src io.Reader) (n int64, err error) {
	f, err := p.s.door.shelf.open(p.OrganizationID, p.ID, os.O_RDWR)
	if err != nil {
		return 0, p.s.note(err)
	}
	held := p.s.door.index.of(p.OrganizationID)
	grant := held.grant(p.ID)
	if err := grant.Resume(p.Size - offset); err != nil {
		_ = f.Close()
		return 0, p.s.note(err)
	}
	defer func() {
		if n > 0 {
			err = errors.Join(err, p.s.note(failure(f.Sync())))
		}
		_ = f.Close()
	}()
	buffer := make([]byte, pieceBytes)
	for known := offset >= library.HeadBytes; ; {
		m, end := src.Read(buffer)
		wrote, err := f.WriteAt(buffer[:m], offset+n)
		n += int64(wrote)
		p.received = offset + n
		grant.Received(int64(wrote))
		if err != nil {
			return n, p.s.note(failure(err))
		}
		if m > 0 {
			held.touch(p.ID, p.s.door.Now())
			p.s.door.Library.Arrivals.Progress(models.UploadProgress{UploadBase: p.s.door.base(p.upload)})
		}
		if !known && (p.received >= library.HeadBytes || p.whole()) {
			if err := p.check(f); err != nil {
				return n, p.s.note(err)
			}
			known = true
		}
		if end != nil {
			return n, nil
		}
	}
}

// check gives up an upload that is no video, as soon as that can be told.
func (p *part) check(f *os.File) error {
	head := make([]byte, min(p.received, library.HeadBytes))
	if _, err := f.ReadAt(head, 0); err != nil && err != io.EOF {
		return failure(err)
	}
	err := library.CheckHead(head)
	if err != nil {
		if err := p.s.door.drop(p.upload); err != nil {
			return err
		}
	}
	return err
}
