package library

import (
	"bytes"
	"encoding/binary"
	"unicode/utf8"

	"reelroom/models"
)

// sniffBytes is how much of a file is looked at to tell what it is: enough for
// a dozen packets of a transport stream.
const sniffBytes = 4 << 10

// sniff tells the kind of a file by its first bytes and returns its media type.
// What is not a container that the pipeline reads is refused with
// [models.CodeUnsupportedMedia]. Whether the rest of the file is sound is found
// out by the pipeline.
func sniff(head []byte) (mediaType string, err error) {
	if mediaType, known, err := atoms(head); known {
		return mediaType, err
	}
	if kind := refusedKind(head); kind != "" {
		return "", refuse(kind)
	}
	for _, s := range signatures {
		if len(head) >= s.at+len(s.magic) && string(head[s.at:s.at+len(s.magic)]) == s.magic {
			return s.mediaType, nil
		}
	}
	switch {
	case bytes.HasPrefix(head, []byte("\x1A\x45\xDF\xA3")): // EBML, RFC 8794
		if bytes.Contains(head[:min(len(head), 64)], []byte("webm")) {
			return "video/webm", nil
		}
		return "video/x-matroska", nil
	case bytes.HasPrefix(head, []byte("RIFF")) && len(head) >= 12 && string(head[8:12]) == "AVI ":
		return "video/x-msvideo", nil
	case transportStream(head):
		return "video/mp2t", nil
	}
	return "", refuse(textOr(head))
}

// signatures are the kinds that a few fixed bytes tell.
var signatures = []struct {
	at               int
	magic, mediaType string
}{
	{0, "FLV\x01", "video/x-flv"},
	{0, "\x00\x00\x01\xBA", "video/mpeg"},                                              // program stream, ISO/IEC 13818-1
	{0, "\x00\x00\x01\xB3", "video/mpeg"},                                              // sequence header, ISO/IEC 13818-2
	{0, "OggS\x00", "video/ogg"},                                                       // RFC 3533
	{0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11", "video/x-ms-asf"},                          // the header object's GUID
	{0, "\x06\x0E\x2B\x34\x02\x05\x01\x01\x0D\x01\x02\x01\x01\x02", "application/mxf"}, // SMPTE ST 377-1
}

// refusedKind names, in words for people, what a file is that people send by
// mistake or strangers send to make a reader of playlists open other files.
func refusedKind(head []byte) string {
	text := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xEF\xBB\xBF")), " \t\r\n")
	for _, k := range []struct{ prefix, kind string }{
		{"#EXTM3U", "a playlist"}, {"<?xml", "a text or a manifest"}, {"<MPD", "a manifest"}, {"ffconcat", "a playlist"},
		{"<!DOCTYPE", "a web page"}, {"<html", "a web page"}, {"<svg", "a picture"}, {"[playlist]", "a playlist"},
		{"\x89PNG", "a picture"}, {"\xFF\xD8\xFF", "a picture"}, {"GIF8", "a picture"}, {"BM", "a picture"},
		{"PK\x03\x04", "an archive"}, {"PK\x05\x06", "an archive"}, {"\x1F\x8B", "an archive"}, {"7z\xBC\xAF", "an archive"}, {"Rar!", "an archive"},
		{"%PDF", "a document"}, {"ID3", "only sound"}, {"fLaC", "only sound"}, {"\x7FELF", "a program"}, {"MZ", "a program"},
	} {
		if bytes.HasPrefix(text, []byte(k.prefix)) && !transportStream(head) {
			return k.kind
		}
	}
	if bytes.HasPrefix(head, []byte("RIFF")) && len(head) >= 12 {
		switch string(head[8:12]) {
		case "WEBP":
			return "a picture"
		case "WAVE":
			return "only sound"
		}
	}
	return ""
}

// atoms reads the first atom of an ISO base media or QuickTime file; known
// tells whether the file begins with one.
func atoms(head []byte) (mediaType string, known bool, err error) {
	if len(head) < 8 {
		return "", false, nil
	}
	size := binary.BigEndian.Uint32(head)
	switch string(head[4:8]) {
	case "ftyp":
		if size < 12 || len(head) < 12 {
			return "", true, refuse("damaged from its first bytes")
		}
		mediaType, err = brand(string(head[8:12]))
		return mediaType, true, err
	case "mdat": // of any size: 1 means that 64 bits follow, 0 up to the end
		return "video/quicktime", true, nil
	case "moov", "wide", "free", "skip", "pnot":
		// The size keeps a text out that has the word in this place.
		if size >= 8 && size < 1<<28 {
			return "video/quicktime", true, nil
		}
	}
	return "", false, nil
}

// brand tells what a major brand (ISO/IEC 14496-12, section 4.3) stands for.
// Pictures and pure sound are refused; an unknown brand is taken for MP4.
func brand(b string) (mediaType string, err error) {
	switch b {
	case "heic", "heix", "heim", "heis", "hevc", "hevx", "hevm", "hevs", "avif", "avis", "mif1", "mif2", "msf1", "miaf", "jxl ", "crx ", "jp2 ", "jpx ":
		return "", refuse("a picture")
	case "M4A ", "M4B ", "M4P ", "F4A ", "F4B ", "aax ", "aaxc":
		return "", refuse("only sound")
	case "qt  ":
		return "video/quicktime", nil
	case "M4V ", "M4VH", "M4VP":
		return "video/x-m4v", nil
	}
	switch b[:3] {
	case "3gp":
		return "video/3gpp", nil
	case "3g2":
		return "video/3gpp2", nil
	}
	return "video/mp4", nil
}

// transportStream looks for the sync byte (ISO/IEC 13818-1, section 2.4.3.2) in
// steps of 188 bytes, or of 192 with the time stamps that cameras add. A
// recording may begin inside a packet; then more of them must fit. A file that
// holds fewer packets must be made of nothing else.
func transportStream(head []byte) bool {
	const sync = 0x47
	for _, step := range []int{188, 192} {
		first := step - 188 // the time stamp stands before the packet
		for offset := range step {
			want := 8
			if offset == first {
				want = 5
				if len(head) < sniffBytes {
					want = min(want, len(head)/step)
				}
			}
			if want >= 2 && synced(head, offset, step, want, sync) {
				return true
			}
		}
	}
	return false
}

func synced(head []byte, offset, step, want int, sync byte) bool {
	for i := range want {
		if at := offset + i*step; at >= len(head) || head[at] != sync {
			return false
		}
	}
	return true
}

// textOr names a file of unknown kind.
func textOr(head []byte) string {
	for len(head) > 0 {
		r, n := utf8.DecodeRune(head)
		if r == utf8.RuneError && n == 1 && utf8.FullRune(head) || r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return "of a kind that is not known here"
		}
		head = head[n:]
	}
	return "a text"
}

func refuse(kind string) error {
	return models.Errorf(models.CodeUnsupportedMedia,
		"This is not a video file that can be processed: it is %s. MP4, MOV, 3GP, Matroska, WebM, AVI, FLV, MPEG, Ogg, ASF and MXF can.", kind)
}
