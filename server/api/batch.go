package api

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"

	"reelroom/models"
	"reelroom/server/connguard"
	"reelroom/server/library"
)

// uploadBatch answers POST /batch/upload: a form with many fields "files",
// streamed into the library one after another.
func (a *api) uploadBatch(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if !who.May(models.ActionEdit) {
		return models.Errorf(models.CodeForbidden, "Your role does not permit this.")
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return models.Errorf(codeMediaType, "The body must be multipart/form-data with the field files, once for each file.")
	}
	leave, err := a.Limits.Upload(who)
	if err != nil {
		Linger(r, r.Body)
		return err
	}
	defer leave()
	connguard.Upload(r.Context())
	f := &files{parts: newParts(r.Body, params["boundary"]), limit: a.Library.MaxUpload, other: maxForm}
	s, repeated, err := a.Library.UploadBatch(r.Context(), who, library.BatchUpload{
		Key: r.Header.Get("Idempotency-Key"), Size: max(r.ContentLength, 0), Next: f.next,
	})
	if !f.ended {
		Linger(r, r.Body)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/batch/"+url.PathEscape(s.JobID)+"/status")
	if repeated {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	return Write(w, http.StatusAccepted, s)
}

// files reads a form file by file; it holds none of them.
type files struct {
	parts *parts
	part  *multipart.Part
	limit int64 // of a file
	other int64 // how many bytes fields that are no files may still have
	count int   // of those
	ended bool
}

// next passes over what is left of the file before, which may have been refused
// at its first bytes, and returns the next one.
func (f *files) next() (*library.BatchFile, error) {
	for {
		if f.part != nil {
			if _, err := f.pass(f.limit); err != nil {
				return nil, err
			}
		}
		part, err := f.parts.next()
		if err != nil {
			if f.ended = err == io.EOF; f.ended { // and not an error that wraps it: that is a cut
				return nil, err
			}
			return nil, f.cut(err)
		}
		f.part = part
		if part.FormName() == "files" {
			return &library.BatchFile{FileName: fileName(part), Body: &partReader{part, f.limit}}, nil
		}
		if f.count++; f.count > maxParts {
			return nil, models.Errorf(models.CodeInvalid, "The form has more than %d fields beside its files.", maxParts)
		}
		n, err := f.pass(f.other)
		if err != nil {
			return nil, err
		}
		f.other -= n
		f.part = nil
	}
}

// pass reads the rest of the part, no more than most bytes of it.
func (f *files) pass(most int64) (int64, error) {
	n, err := io.CopyN(io.Discard, f.part, most+1)
	switch {
	case err == nil:
		return n, library.TooLarge(most)
	case err != io.EOF:
		return n, f.cut(err)
	}
	return n, nil
}

func (f *files) cut(err error) error {
	if errors.Is(err, errPartHead) {
		return errPartHead
	}
	return (&partReader{limit: f.limit}).translate(err)
}

// batch answers GET /batch/{id}/status.
func (a *api) batch(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	s, err := a.Library.BatchStatus(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	return WriteTagged(w, r, s)
}

// cancelBatch answers POST /batch/{id}/cancel.
func (a *api) cancelBatch(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	s, err := a.Library.CancelBatch(r.Context(), who, r.PathValue("id"))
	if err != nil {
		return err
	}
	return Write(w, http.StatusOK, s)
}
