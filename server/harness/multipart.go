package main

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"

	"reelroom/models"
)

// send uploads one file as multipart/form-data in one pass: the title first,
// so that the server knows it before the file comes, and with its length, so
// that the server can refuse it before reading.
func (a *app) send(ctx context.Context, path, title string, row *row) (doc models.Document, err error) {
	f, size, err := openFile(path)
	if err != nil {
		return doc, err
	}
	defer func() { _ = f.Close() }()
	row.begin(filepath.Base(path), size, bytesUnit)
	if a.screen.width == 0 {
		a.note("%s: uploading %d bytes", filepath.Base(path), size)
	}

	var head bytes.Buffer
	form := multipart.NewWriter(&head)
	if title != "" {
		_ = form.WriteField("title", title) // a buffer takes everything
	}
	_, _ = form.CreateFormFile("file", filepath.Base(path))
	begin := head.Len()
	_ = form.Close()
	tail := bytes.NewReader(head.Bytes()[begin:])
	body := io.MultiReader(bytes.NewReader(head.Bytes()[:begin]), io.TeeReader(io.LimitReader(f, size), counting{row}), tail)

	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.address()+"/api/videos", body)
	if err != nil {
		return doc, err
	}
	req.ContentLength = int64(head.Len()) + size
	req.Header.Set("Content-Type", form.FormDataContentType())
	// A refusal by token or size is heard before the file is sent.
	req.Header.Set("Expect", "100-continue")
	if err := a.call(req, localAdmin, &doc); err != nil {
		return doc, err
	}
	if doc.ID == "" {
		return doc, models.Errorf(models.CodeUnsupported, "the answer of %s names no video", a.address())
	}
	return doc, nil
}

// codeFile is the harness's own: the file on this machine is at fault.
const codeFile models.Code = "file"

// bare takes operation and path from a file error: the path is printed anyway.
func bare(err error) error {
	if e, ok := err.(*os.PathError); ok {
		return e.Err
	}
	return err
}

// counting moves a bar by what is written to it.
type counting struct{ row *row }

func (c counting) Write(p []byte) (int, error) {
	c.row.advance(int64(len(p)))
	return len(p), nil
}

// openFile opens a file that is to be sent and returns its size, in bytes.
func openFile(path string) (*os.File, int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, 0, models.Errorf(codeFile, "cannot be opened: %v", bare(err))
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, 0, models.Errorf(codeFile, "is not a file")
	}
	return f, info.Size(), nil
}
