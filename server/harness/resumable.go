package main

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"reelroom/models"
)

const (
	// resumeTries bounds how often an upload goes on without a new byte, and
	// resumeWait is the pause before each time.
	resumeTries = 60
	resumeWait  = time.Second
)

// sendResumable uploads one file by tus 1.0, and goes on where it was cut.
func (a *app) sendResumable(ctx context.Context, path, title string, row *row) (doc models.Document, err error) {
	f, size, err := openFile(path)
	if err != nil {
		return doc, err
	}
	defer func() { _ = f.Close() }()
	row.begin(filepath.Base(path), size, bytesUnit)
	meta := "filename " + base64.StdEncoding.EncodeToString([]byte(filepath.Base(path)))
	if title != "" {
		meta += ",title " + base64.StdEncoding.EncodeToString([]byte(title))
	}
	begun, err := a.tus(ctx, http.MethodPost, a.address()+"/api/uploads", nil, 0,
		"Upload-Length", strconv.FormatInt(size, 10), "Upload-Metadata", meta)
	if err != nil {
		return doc, err
	}
	base, err := url.Parse(a.address() + "/api/uploads")
	if err != nil {
		return doc, err
	}
	at, err := base.Parse(begun.Get("Location"))
	if err != nil {
		return doc, models.Errorf(models.CodeUnsupported, "the answer of %s names no upload", a.address())
	}
	id, err := a.resume(ctx, at.String(), f, size, filepath.Base(path), row)
	if err != nil {
		return doc, err
	}
	return a.video(ctx, id)
}

// resume sends what is missing until the upload is a video, and returns its id.
func (a *app) resume(ctx context.Context, at string, f io.ReaderAt, size int64, name string, row *row) (videoID string, err error) {
	var last int64
	for tries := 0; ; tries++ {
		head, err := a.tus(ctx, http.MethodHead, at, nil, 0)
		offset, bad := strconv.ParseInt(head.Get("Upload-Offset"), 10, 64)
		if err == nil && (bad != nil || offset < 0 || offset > size) {
			err = models.Errorf(models.CodeUnsupported, "the answer of %s tells no offset", a.address())
		}
		if err == nil {
			if offset > last {
				last, tries = offset, 0
			}
			row.set(offset, name)
			if id := head.Get("Reelroom-Video-Id"); id != "" {
				return id, nil
			}
			if offset < size {
				piece := io.TeeReader(io.NewSectionReader(f, offset, size-offset), counting{row})
				_, err = a.tus(ctx, http.MethodPatch, at, piece, size-offset, "Upload-Offset", strconv.FormatInt(offset, 10), "Content-Type", "application/offset+octet-stream")
				if err == nil {
					continue
				}
			}
		}
		if err != nil && !passing(err) || tries >= resumeTries {
			return "", err
		}
		select {
		case <-time.After(resumeWait):
		case <-ctx.Done():
			return "", ctx.Err()
		}
	}
}

// passing tells a failure after which it is worth while to go on: of the line,
// of the server, or because another request still had the upload.
func passing(err error) bool {
	if errors.Is(err, context.Canceled) {
		return false
	}
	p, ok := errors.AsType[*problem](err)
	if !ok { // no answer came
		_, refused := errors.AsType[*models.Error](err)
		return !refused
	}
	return p.Status >= 500 || p.Status == http.StatusConflict || p.Status == http.StatusLocked || p.Status == http.StatusTooManyRequests ||
		p.Code == models.CodeUploadIncomplete
}

// tus sends one request of the protocol and returns the headers of its answer.
func (a *app) tus(ctx context.Context, method, at string, body io.Reader, length int64, header ...string) (http.Header, error) {
	token, err := a.bearer(localAdmin)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, at, body)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.ContentLength = length
	}
	req.Header.Set("Tus-Resumable", "1.0.0")
	req.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := a.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, problemOf(resp.StatusCode, text)
	}
	return resp.Header, nil
}
