package api

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"time"

	"reelroom/models"
	"reelroom/server/capacity"
	"reelroom/server/connguard"
	"reelroom/server/library"
)

const (
	// maxForm is how much a form may hold beside its file, in bytes.
	maxForm = 64 << 10
	// maxParts bounds the parts of a form, maxTitle the bytes of its title.
	maxParts = 16
	maxTitle = 4 << 10
	// readBytes is the step in which a body is read from the connection.
	readBytes = 64 << 10
	// lingerBytes and lingerTime bound what is still read of a body that was
	// refused, so that a client which sends first and listens then hears why.
	lingerBytes = 16 << 20
	lingerTime  = 5 * time.Second
)

// upload answers POST /api/videos: a form with the field "file", and "title"
// before or after it, streamed into the library in one pass.
func (a *api) upload(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if !who.May(models.ActionEdit) {
		return models.Errorf(models.CodeForbidden, "Your role does not permit this.")
	}
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return models.Errorf(codeMediaType, "The body must be multipart/form-data with the field file.")
	}
	limit := a.Library.MaxUpload + maxForm
	if r.ContentLength > limit {
		w.Header().Set("Connection", "close")
		return library.TooLarge(a.Library.MaxUpload)
	}
	body := http.MaxBytesReader(w, r.Body, limit)
	leave, err := a.Limits.Upload(who)
	if err != nil {
		Linger(r, body)
		return err
	}
	defer leave()
	connguard.Upload(r.Context())
	// An answer that is repeated needs no room; the library sees whether it is one.
	var room *capacity.Grant
	if r.Header.Get("Idempotency-Key") == "" {
		if room, err = a.Library.Room(r.Context(), who, max(r.ContentLength, 0)); err != nil {
			Linger(r, body)
			return err
		}
		defer room.Release()
	}
	f := &form{parts: newParts(body, params["boundary"]), limit: a.Library.MaxUpload, room: room}
	d, repeated, err := f.send(a, r, who)
	if err != nil || repeated {
		Linger(r, body)
	}
	if err != nil {
		return err
	}
	w.Header().Set("Location", "/api/videos/"+url.PathEscape(d.ID))
	if repeated {
		w.Header().Set("Idempotent-Replayed", "true")
	}
	return Write(w, http.StatusAccepted, d)
}

// form reads a multipart body part by part and never holds more than a title.
type form struct {
	parts *parts
	limit int64
	count int
	title string
	named bool
	room  *capacity.Grant
}

// send finds the file and hands it to the library.
func (f *form) send(a *api, r *http.Request, who models.Identity) (models.Document, bool, error) {
	file, err := f.next()
	if err != nil {
		return models.Document{}, false, err
	}
	if file == nil {
		return models.Document{}, false, models.Errorf(models.CodeInvalid, "The form has no file in the field file.")
	}
	return a.Library.Upload(r.Context(), who, library.Upload{
		FileName: fileName(file), Title: f.rest, Key: r.Header.Get("Idempotency-Key"), Size: max(r.ContentLength, 0), Body: &partReader{file, f.limit},
		Grant: f.room,
	})
}

// next returns the part that is the file, or nil at the end of the form. Titles
// on the way are kept, other fields are passed over.
func (f *form) next() (*multipart.Part, error) {
	for {
		part, err := f.parts.next()
		if err == io.EOF {
			return nil, nil
		}
		if err != nil {
			return nil, f.cut(err)
		}
		if f.count++; f.count > maxParts {
			return nil, models.Errorf(models.CodeInvalid, "The form has more than %d fields.", maxParts)
		}
		switch part.FormName() {
		case "file":
			return part, nil
		case "title":
			raw, err := io.ReadAll(io.LimitReader(part, maxTitle+1))
			if err != nil {
				return nil, f.cut(err)
			}
			if len(raw) > maxTitle || f.named {
				return nil, models.Errorf(models.CodeInvalid, "The title is too long, or there are several.")
			}
			f.title, f.named = string(raw), true
		default:
			if _, err := io.Copy(io.Discard, part); err != nil {
				return nil, f.cut(err)
			}
		}
	}
}

// rest reads the form to its end, after the file, and returns the title. A form
// without its closing boundary was cut.
func (f *form) rest() (string, error) {
	second, err := f.next()
	if err != nil {
		return "", err
	}
	if second != nil {
		return "", models.Errorf(models.CodeInvalid, "The form has more than one file; send one at a time.")
	}
	return f.title, nil
}

func (f *form) cut(err error) error {
	if errors.Is(err, errPartHead) {
		return errPartHead
	}
	return (&partReader{limit: f.limit}).translate(err)
}

// partReader gives the errors of a body their codes.
type partReader struct {
	part  io.Reader
	limit int64
}

func (p *partReader) Read(b []byte) (int, error) {
	n, err := p.part.Read(b)
	if err != nil && err != io.EOF {
		err = p.translate(err)
	}
	return n, err
}

func (p *partReader) translate(err error) error {
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return library.TooLarge(p.limit)
	}
	return models.Errorf(models.CodeUploadIncomplete, "The upload ended before its end. Nothing was kept; send it again.").Because(err)
}

// fileName returns the name in the part's header as it is: the standard
// library's FileName would cut it by this system's rules.
func fileName(part *multipart.Part) string {
	_, params, err := mime.ParseMediaType(part.Header.Get("Content-Disposition"))
	if err != nil {
		return ""
	}
	return params["filename"]
}

// Linger reads on for a while, so that a client which sends first and listens
// then hears why its body is not wanted. A client that asked first (Expect: 100-continue)
// and has not begun to send is answered at once.
func Linger(r *http.Request, body io.Reader) {
	if strings.EqualFold(r.Header.Get("Expect"), "100-continue") && !connguard.Begun(r.Context()) {
		return
	}
	until := time.Now().Add(lingerTime)
	buffer := make([]byte, 32<<10)
	for left := lingerBytes; left > 0 && time.Now().Before(until); {
		n, err := body.Read(buffer)
		if err != nil {
			return
		}
		left -= n
	}
}
