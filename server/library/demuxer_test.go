package library

import (
	"testing"

	"reelroom/worker/ffmpeg"
)

// What the door lets in, ffmpeg has a demuxer for; else an upload would be
// accepted only to fail.
func FuzzWhatTheDoorLetsInHasADemuxer(f *testing.F) {
	for _, s := range signatures {
		f.Add([]byte(s.magic + "0123456789"))
	}
	for _, atom := range []string{"ftyp", "mdat", "moov", "wide", "free", "skip", "pnot"} {
		f.Add([]byte("\x00\x00\x00\x20" + atom + "isom0123456789"))
	}
	f.Add([]byte("RIFF0000AVI LIST"))
	f.Add([]byte("\x1A\x45\xDF\xA3\x80webm"))
	f.Add(append(append(make([]byte, 0, 376), append([]byte{0x47}, make([]byte, 187)...)...), append([]byte{0x47}, make([]byte, 187)...)...))
	f.Fuzz(func(t *testing.T, head []byte) {
		head = head[:min(len(head), sniffBytes)]
		if kind, err := sniff(head); err == nil && ffmpeg.Demuxer(head) == "" {
			t.Errorf("%q is let in as %s", head, kind)
		}
	})
}
