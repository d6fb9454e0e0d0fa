package sqlitestore

import (
	"context"
	"errors"
	"io/fs"
	"syscall"
	"time"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"

	"reelroom/models"
)

// failure gives an error of the driver or of the file system its code. The
// context tells a call that was given up from one that failed.
func failure(ctx context.Context, err error) error {
	var coded *models.Error
	switch {
	case err == nil, errors.As(err, &coded):
		return err
	case ctx.Err() != nil:
		return models.Errorf(models.CodeUnavailable, "The call was given up before the database answered.").
			Because(errors.Join(ctx.Err(), err)).Again(0)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return full(err)
	case errors.Is(err, fs.ErrPermission):
		return models.Errorf(models.CodeUnavailable, "The database file may not be written by this user.").Because(err)
	}
	failed, ok := errors.AsType[*sqlite.Error](err)
	if !ok { // of database/sql: the store was closed
		return models.Errorf(models.CodeUnavailable, "The database is not open.").Because(err).Again(0)
	}
	// The low byte is the primary code (sqlite.org/rescode.html).
	switch failed.Code() & 0xff {
	case lib.SQLITE_FULL:
		return full(err)
	case lib.SQLITE_CONSTRAINT:
		return models.Errorf(models.CodeConflict, "This id is taken.").Because(err)
	case lib.SQLITE_BUSY, lib.SQLITE_LOCKED, lib.SQLITE_INTERRUPT:
		return models.Errorf(models.CodeUnavailable, "The database is busy.").Because(err).Again(time.Second)
	case lib.SQLITE_IOERR, lib.SQLITE_CANTOPEN, lib.SQLITE_READONLY:
		return models.Errorf(models.CodeUnavailable, "The database file cannot be read or written.").Because(err).Again(time.Second)
	}
	return internal(err)
}

func full(err error) error {
	return models.Errorf(models.CodeStorageFull, "The disk is full.").Because(err)
}

func internal(err error) error {
	if err == nil {
		return nil
	}
	return models.Errorf(models.CodeInternal, "The database failed.").Because(err)
}
