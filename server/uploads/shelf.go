package uploads

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"syscall"
	"time"

	"reelroom/models"
)

// shelf is the folder of uploads: for each organization a folder, in it one for
// each upload, in it its state and its bytes. Several servers may use the same
// one, also where each sees it at another path.
type shelf struct {
	root *os.Root // every access goes through it: no link leads out
}

const (
	stateFile = "state.json"
	dataFile  = "data"
	wantFile  = "want" // see lock.go
)

// state is what is kept of an upload beside its bytes. It is written when the
// upload begins and when it has become a video.
type state struct {
	ID             string `json:"id"`
	OrganizationID string `json:"organizationId"`
	UserID         string `json:"userId"`
	// VideoID is the id that the video will have.
	VideoID    string            `json:"videoId"`
	FileName   string            `json:"fileName"`
	Title      string            `json:"title"`
	Meta       map[string]string `json:"meta"`
	Size       int64             `json:"size"`
	CreatedAt  time.Time         `json:"createdAt"`
	FinishedAt time.Time         `json:"finishedAt,omitzero"`
}

// upload is an upload as it stands.
type upload struct {
	state
	received int64
	// touched is when it last changed, by the clock of the folder.
	touched time.Time
}

func (u *upload) finished() bool { return !u.FinishedAt.IsZero() }
func (u *upload) whole() bool    { return u.received == u.Size }

// errAbsent answers alike for what is absent and what is another's.
var errAbsent = models.Errorf(models.CodeNotFound, "There is no such upload.")

// openShelf uses the folder dir, made (0700) if it is missing.
func openShelf(dir string) (*shelf, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, failure(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, failure(err)
	}
	return &shelf{root: root}, nil
}

// ids are those of [models.NewID]. Nothing else becomes a path.
var ids = regexp.MustCompile(`^[0-9a-z]{26}$`)

func place(org, id, file string) string {
	return filepath.Join(folderOf(org), id, file)
}

// folderOf is the folder of an organization.
func folderOf(org string) string { return models.Folder(org) }

// create makes the upload, durably.
func (s *shelf) create(u state) error {
	folder := folderOf(u.OrganizationID)
	if err := s.root.MkdirAll(place(u.OrganizationID, u.ID, ""), 0o700); err != nil {
		return failure(err)
	}
	data, err := s.root.OpenFile(place(u.OrganizationID, u.ID, dataFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		err = data.Close()
	}
	if err == nil {
		err = s.write(u)
	}
	for _, dir := range []string{folder, "."} {
		if err == nil {
			err = s.sync(dir)
		}
	}
	if err != nil {
		_ = s.root.RemoveAll(place(u.OrganizationID, u.ID, ""))
	}
	return failure(err)
}

// write puts the state in place of the one before, durably.
func (s *shelf) write(u state) error {
	raw, err := json.Marshal(u)
	if err != nil {
		return err
	}
	to := place(u.OrganizationID, u.ID, stateFile)
	f, err := s.root.OpenFile(to+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(raw)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := s.root.Rename(to+".new", to); err != nil {
		return err
	}
	return s.sync(place(u.OrganizationID, u.ID, ""))
}

func (s *shelf) sync(dir string) error {
	f, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(syncFolder(f), f.Close())
}

// load reads an upload; errAbsent where there is none.
func (s *shelf) load(org, id string) (*upload, error) {
	if !models.ValidID(org) || !ids.MatchString(id) {
		return nil, errAbsent
	}
	raw, err := s.root.ReadFile(place(org, id, stateFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errAbsent
	}
	if err != nil {
		return nil, failure(err)
	}
	u := &upload{}
	if err := json.Unmarshal(raw, &u.state); err != nil || u.OrganizationID != org || u.ID != id {
		return nil, errAbsent.Because(errors.Join(errDamaged, err))
	}
	info, err := s.root.Stat(place(org, id, dataFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errAbsent
	}
	if err != nil {
		return nil, failure(err)
	}
	if u.received, u.touched = info.Size(), info.ModTime(); u.finished() {
		u.received = u.Size
	}
	return u, nil
}

// owner returns the organization of an upload by its place; ok is false where
// that has no state which tells, or one that was put there by others.
func (s *shelf) owner(folder, id string) (org string, ok bool) {
	if org, ok := models.Unsegment(folder); ok {
		return org, true
	}
	raw, err := s.root.ReadFile(filepath.Join(folder, id, stateFile))
	var u state
	if err != nil || json.Unmarshal(raw, &u) != nil {
		return "", false
	}
	return u.OrganizationID, models.Folder(u.OrganizationID) == folder
}

var errDamaged = errors.New("the upload's state cannot be read")

// open opens the bytes.
func (s *shelf) open(org, id string, flag int) (*os.File, error) {
	f, err := s.root.OpenFile(place(org, id, dataFile), flag, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errAbsent
	}
	return f, failure(err)
}

// finish notes that the upload is a video, and frees its bytes: by another file,
// as the video may have the one that was written.
func (s *shelf) finish(u state, now time.Time) error {
	u.FinishedAt = now.UTC()
	if err := s.write(u); err != nil {
		return failure(err)
	}
	to := place(u.OrganizationID, u.ID, dataFile)
	f, err := s.root.OpenFile(to+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return failure(err)
	}
	return failure(errors.Join(f.Close(), s.root.Rename(to+".new", to)))
}

// remove removes an upload: from the first step on it is absent.
func (s *shelf) remove(org, id string) error {
	if err := s.root.Remove(place(org, id, stateFile)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return failure(err)
	}
	return failure(s.root.RemoveAll(place(org, id, "")))
}

// list returns the uploads of an organization that are no videos yet, oldest
// first. Those that known tells of are passed over: they are many, and stay what
// they are.
func (s *shelf) list(org string, known func(id string) bool) ([]*upload, error) {
	names, err := s.names(folderOf(org))
	if err != nil {
		return nil, err
	}
	var out []*upload
	for _, id := range names {
		if known(id) {
			continue
		}
		u, err := s.load(org, id)
		if errors.Is(err, errAbsent) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if !u.finished() {
			out = append(out, u)
		}
	}
	return out, nil
}

// names lists the folders in a folder, sorted; none where it is absent.
func (s *shelf) names(dir string) ([]string, error) {
	entries, err := fs.ReadDir(s.root.FS(), filepath.ToSlash(dir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, failure(err)
	}
	var out []string
	for _, e := range entries {
		if e.IsDir() {
			out = append(out, e.Name())
		}
	}
	return out, nil
}

// failure gives an error of the file system its code. The cause, which may name
// a path, is for the log only.
func failure(err error) error {
	var coded *models.Error
	switch {
	case err == nil, errors.As(err, &coded):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG):
		return models.Errorf(models.CodeStorageFull, "The storage is full. What came before is kept.").Because(err)
	}
	return models.Errorf(models.CodeUnavailable, "The storage of uploads failed.").Because(err).Again(time.Second)
}
