package pipeline

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"syscall"

	"reelroom/models"
	"reelroom/worker/ffmpeg"
)

// troubleOf gives whatever ended a stage its code, its safe words, and whether
// it may pass. What comes without a code is of this machine or of the way to a
// service, never of the video.
func troubleOf(err error) *models.Error {
	internal := models.Errorf(models.CodeInternal, "Something went wrong on the server.").Because(err)
	e, ok := errors.AsType[*models.Error](err)
	switch {
	case ok && e.Code == models.CodeNotFound: // a file of ours, not the video
		return internal.Again(0)
	case ok && e.Code == models.CodeStorageFull:
		return e.Again(e.RetryAfter)
	case ok:
		return e
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return models.Errorf(models.CodeStorageFull, "The server has no room to work on this video.").Because(err).Again(0)
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.EAGAIN):
		return models.Errorf(models.CodeResource, "The server has too much to do at the moment.").Because(err).Again(0)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, syscall.EIO), errors.Is(err, syscall.ESTALE), errors.Is(err, syscall.ETIMEDOUT):
		return away(err)
	}
	_, refused := errors.AsType[*net.OpError](err) // not net.Error: every Errno is one
	_, unknown := errors.AsType[*net.DNSError](err)
	if refused || unknown {
		return away(err)
	}
	return internal
}

func away(err error) *models.Error {
	return models.Errorf(models.CodeUnavailable, "A service that is needed does not answer.").Because(err).Again(0)
}

// logTrouble writes what ended a stage: what people are told, and what they are
// not: the cause, and the tool's last lines.
func logTrouble(logger *slog.Logger, stage models.Stage, e *models.Error, err error) {
	attrs := []any{"stage", stage, "code", e.Code, "again", e.Retry, "words", e.Message}
	if said, ok := ffmpeg.SaidOf(err); ok {
		attrs = append(attrs, slog.Group("tool", "name", said.Tool, "end", said.End, "lines", said.Lines))
	} else if cause := errors.Unwrap(e); cause != nil {
		attrs = append(attrs, "error", cause)
	}
	logger.Warn("stage failed", attrs...)
}
