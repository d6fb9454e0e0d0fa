package api

import (
	"bufio"
	"errors"
	"io"
	"mime/multipart"

	"reelroom/models"
)

// maxPartHead bounds the header of a part of a form, in bytes; mime/multipart
// itself takes 10 MiB and more.
const maxPartHead = 16 << 10

var errPartHead = models.Errorf(models.CodeInvalid, "The header of a part of the form is longer than %d bytes.", maxPartHead)

// parts are those of a multipart body, one after the other.
type parts struct {
	reader *multipart.Reader
	source *partSource
	part   *multipart.Part
}

func newParts(body io.Reader, boundary string) *parts {
	source := &partSource{Reader: bufio.NewReaderSize(body, readBytes)}
	return &parts{reader: multipart.NewReader(source, boundary), source: source}
}

// next passes over the rest of the part before and returns the next one.
func (p *parts) next() (*multipart.Part, error) {
	if p.part != nil {
		if _, err := io.Copy(io.Discard, p.part); err != nil {
			return nil, err
		}
	}
	p.source.bounded, p.source.left = true, maxPartHead
	part, err := p.reader.NextRawPart()
	p.source.bounded = false
	if errors.Is(err, errPartHead) {
		return nil, errPartHead
	}
	if err != nil {
		return nil, err
	}
	size := 0
	for name, values := range part.Header {
		for _, value := range values {
			size += len(name) + len(value) + len(": \r\n")
		}
	}
	if size > maxPartHead { // the rest of the bound was in the reader's buffer
		return nil, errPartHead
	}
	p.part = part
	return part, nil
}

// partSource is a body of which so much is read while a part's header is.
type partSource struct {
	io.Reader
	bounded bool
	left    int
}

func (s *partSource) Read(b []byte) (int, error) {
	if !s.bounded {
		return s.Reader.Read(b)
	}
	if s.left == 0 {
		return 0, errPartHead
	}
	n, err := s.Reader.Read(b[:min(len(b), s.left)])
	s.left -= n
	return n, err
}
