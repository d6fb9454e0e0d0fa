package ffmpeg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
)

// magicBytes is how much of a file is looked at: enough for a dozen packets of
// a transport stream.
const magicBytes = 4 << 10

// demuxers are the demuxers that may read a stranger's file: those of containers
// that hold their own data, and of MPEG video without one.
const demuxers = "mov,matroska,avi,flv,mpegts,mpeg,mpegvideo,ogg,asf,mxf"

// Demuxer returns the name of the one demuxer of ffmpeg that reads a file which
// begins so, or "" when there is none. ffmpeg's own guess would also take names
// and contents that look like a playlist, a picture or a text.
func Demuxer(head []byte) string {
	for _, m := range magics {
		if len(head) >= m.at+len(m.bytes) && string(head[m.at:m.at+len(m.bytes)]) == m.bytes {
			return m.demuxer
		}
	}
	switch {
	case firstAtom(head):
		return "mov"
	case bytes.HasPrefix(head, []byte("RIFF")) && len(head) >= 12 && string(head[8:12]) == "AVI ":
		return "avi"
	case packets(head):
		return "mpegts"
	}
	return ""
}

// magics are the containers that a few fixed bytes tell.
var magics = []struct {
	at             int
	bytes, demuxer string
}{
	{0, "\x1A\x45\xDF\xA3", "matroska"},                                    // EBML, RFC 8794; WebM as well
	{0, "FLV\x01", "flv"},                                                  //
	{0, "OggS\x00", "ogg"},                                                 // RFC 3533
	{0, "\x30\x26\xB2\x75\x8E\x66\xCF\x11", "asf"},                         // GUID of the header object
	{0, "\x06\x0E\x2B\x34\x02\x05\x01\x01\x0D\x01\x02\x01\x01\x02", "mxf"}, // SMPTE ST 377-1
	{0, "\x00\x00\x01\xBA", "mpeg"},                                        // pack header, ISO/IEC 13818-1
	{0, "\x00\x00\x01\xB3", "mpegvideo"},                                   // sequence header, ISO/IEC 13818-2
	{4, "ftyp", "mov"},                                                     // ISO/IEC 14496-12
	{4, "mdat", "mov"},                                                     // of any size: 0 up to the end, 1 when 64 bits follow
}

// firstAtom tells whether a file begins with another atom that QuickTime files
// begin with. The size keeps a text out that has the word in this place.
func firstAtom(head []byte) bool {
	if len(head) < 8 {
		return false
	}
	switch string(head[4:8]) {
	case "moov", "wide", "free", "skip", "pnot":
		size := binary.BigEndian.Uint32(head)
		return size >= 8 && size < 1<<28
	}
	return false
}

// packets looks for the sync bytes of a transport stream (ISO/IEC 13818-1,
// section 2.4.3.2) in steps of 188 bytes, or of 192 with the time stamps that
// cameras add. Eight in a row; five where the first packet is whole; fewer in a
// file that holds no more.
func packets(head []byte) bool {
	const sync = 0x47
	for _, step := range []int{188, 192} {
		for offset := range step {
			want := 8
			if offset == step-188 {
				want = 5
				if len(head) < magicBytes {
					want = min(want, len(head)/step)
				}
			}
			found := 0
			for at := offset; at < len(head) && head[at] == sync && found < want; at += step {
				found++
			}
			if want >= 2 && found == want {
				return true
			}
		}
	}
	return false
}

// demuxerOf reads the beginning of the file.
func demuxerOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", errSource.Because(err)
	}
	defer f.Close()
	head := make([]byte, magicBytes)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return "", errSource.Because(err)
	}
	demuxer := Demuxer(head[:n])
	if demuxer == "" {
		return "", errFormat.Because(errors.New("its first bytes are those of no container"))
	}
	return demuxer, nil
}
