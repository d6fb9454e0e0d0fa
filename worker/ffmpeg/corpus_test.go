package ffmpeg

import (
	"archive/zip"
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"reelroom/models"
)

// canaryWords stand in the file that hostile ones point to.
const canaryWords = "the canary sings in the mine"

// A hostile file ends in time with a code, or is no more than what it shows:
// nothing of another file comes out, and nobody is called. Native and embedded.
func TestHostileCorpus(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	called := make(chan string, 100)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			line := make([]byte, 100)
			_ = c.SetDeadline(time.Now().Add(time.Second))
			n, _ := c.Read(line)
			c.Close()
			called <- string(line[:n])
		}
	})
	t.Cleanup(func() {
		l.Close()
		serving.Wait()
		for len(called) > 0 {
			t.Errorf("a hostile file made a call: %q", <-called)
		}
	})
	canary := file(t, "canary.srt", []byte("1\n00:00:00,000 --> 00:00:05,000\n"+canaryWords+"\n"))
	files := hostileFiles(t, "http://"+l.Addr().String()+"/x.mp4", canary)
	for name, data := range files {
		path := file(t, "x.mp4", data)
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, tools *Tools) {
				out := t.TempDir()
				said, err := gather(t.Context(), tools, path, filepath.Join(out, "x.webp"))
				code := models.Code("fine")
				if err != nil {
					code = models.CodeOf(err)
					said += err.Error()
				}
				t.Logf("code %s", code)
				switch code {
				case "fine":
					if Demuxer(data) == "" {
						t.Error("accepted")
					}
				case models.CodeUnsupportedMedia, models.CodeCorrupt, models.CodeNoVideo, models.CodeDimensions, models.CodeResource, models.CodeTimeout:
				default:
					t.Errorf("%v", err)
				}
				if Demuxer(data) == "" && code != models.CodeUnsupportedMedia {
					t.Errorf("a file of unknown kind reached a tool: %v", err)
				}
				entries, _ := os.ReadDir(out)
				for _, e := range entries {
					said += string(read(t, filepath.Join(out, e.Name())))
				}
				if strings.Contains(said, canaryWords) {
					t.Errorf("it gave out another file's content: %q", said)
				}
			})
		})
	}
}

// gather runs what a job runs and returns all that came out of the file.
func gather(ctx context.Context, tools *Tools, path, picture string) (said string, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, 2*time.Minute, errTime)
	defer cancel()
	report, err := tools.Probe(ctx, path)
	if said = fmt.Sprintf("%+v %+v", report, report.Video); err != nil {
		return said, err
	}
	if _, err = tools.ScanPackets(ctx, path, nil); err != nil {
		return said, err
	}
	if _, err = tools.Image(ctx, path, ImageOptions{}, picture); err != nil {
		return said, err
	}
	return said, tools.Frames(ctx, path, FrameOptions{Keyframes: true, Width: 32, Height: 32, Max: 1000}, func(f Frame) error {
		said += string(f.RGB[:16])
		return nil
	})
}

// hostileFiles are bytes by what they try. url would be heard of; canary is a
// file beside them.
func hostileFiles(t *testing.T, url, canary string) map[string][]byte {
	good := read(t, media(t, "late.mp4"))
	text := func(s string) []byte { return []byte(strings.NewReplacer("URL", url, "FILE", canary).Replace(s)) }
	hls := text("#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nURL\n#EXTINF:3,\nfile:FILE\n#EXT-X-ENDLIST\n")
	files := map[string][]byte{
		"playlist":           hls,
		"playlist with BOM":  append([]byte("\xEF\xBB\xBF"), hls...),
		"playlist in free":   append(box("free"), hls...),
		"playlist in ftyp":   append(box("ftyp", []byte("isom\x00\x00\x02\x00")), hls...),
		"playlist in EBML":   append([]byte("\x1A\x45\xDF\xA3\x84\x42\x82\x81m"), hls...),
		"playlist in FLV":    append([]byte("FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"), hls...),
		"playlist in Ogg":    append([]byte("OggS\x00"), hls...),
		"playlist in ASF":    append([]byte("\x30\x26\xB2\x75\x8E\x66\xCF\x11"), hls...),
		"concat script":      text("ffconcat version 1.0\nfile 'FILE'\nfile 'URL'\n"),
		"manifest":           text(`<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT3S"><Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>URL</BaseURL></Representation></AdaptationSet></Period></MPD>`),
		"ASX":                text(`<asx version="3.0"><entry><ref href="URL"/></entry></asx>`),
		"ASF reference":      text("[Reference]\r\nRef1=URL\r\nRef2=FILE\r\n"),
		"SDP":                text("v=0\no=- 0 0 IN IP4 127.0.0.1\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"),
		"subtitles":          read(t, canary),
		"subtitle images":    text("WEBVTT\n\n00:00.000 --> 00:05.000\n<img src=\"URL\">\n"),
		"picture with links": text(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><image xlink:href="URL"/></svg>`),
		"web page":           text(`<!DOCTYPE html><video src="URL">`),
		"zip":                zipped(t, good),
		"tar":                append(append([]byte("x.mp4"), make([]byte, 252)...), []byte("ustar\x0000")...),
		"ID3 then a list":    append([]byte("ID3\x03\x00\x00\x00\x00\x00\x00"), hls...),
		"zeros":              make([]byte, 1<<16),
		"noise":              noise(1 << 16),
		"noise in MP4":       append(box("ftyp", []byte("isom\x00\x00\x02\x00")), noise(1<<16)...),
		"noise in Matroska":  append([]byte("\x1A\x45\xDF\xA3"), noise(1<<16)...),
		"noise in MPEG-PS":   append([]byte("\x00\x00\x01\xBA"), noise(1<<16)...),
		"no moov":            good[:len(good)/2],
		"only an atom":       box("ftyp", []byte("isom\x00\x00\x02\x00")),
		"moov within moov":   nested(2000),
		"unending atom":      append([]byte{0, 0, 0, 0}, "mdat"...),
		"other data by URL":  rebox(good, func(kind string, body []byte) []byte { return dref(kind, body, "url ", []byte(url+"\x00")) }),
		"other data by path": rebox(good, func(kind string, body []byte) []byte { return dref(kind, body, "alis", alias(canary)) }),
		"compressed bomb":    compressedMovie(t, 512<<20),
		"10,000 streams":     append(box("ftyp", []byte("isom\x00\x00\x02\x00")), box("moov", bytes.Repeat(box("trak", box("tkhd", make([]byte, 84)), box("mdia", box("mdhd", make([]byte, 24)))), 10_000))...),
		"30 million frames": rebox(good, func(kind string, body []byte) []byte {
			if kind == "stsz" { // all of one size; then their number
				return []byte{0, 0, 0, 0, 0, 0, 0, 1, 1, 0xC9, 0xC3, 0x80}
			}
			return body
		}),
		"linked segments": []byte("\x1A\x45\xDF\xA3\x8B\x42\x82\x88matroska" + "\x18\x53\x80\x67\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF" + // of unknown size
			"\x15\x49\xA9\x66\xC0" + "\x3E\xB9\x23\x90" + strings.Repeat("n", 16) + "\x3E\x83\xBB\x90" + "file:/etc/passwd" + "\xEC\x93" + strings.Repeat("v", 19)),
	}
	png := read(t, media(t, "png.mov"))
	if at := bytes.Index(png, []byte("IHDR")); at > 0 { // and its checksum, so that it counts
		png = bytes.Clone(png)
		binary.BigEndian.PutUint32(png[at+4:], 16000)
		binary.BigEndian.PutUint32(png[at+8:], 16000)
		files["16k PNG in a movie"] = png
	}
	return files
}

func box(kind string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	b := binary.BigEndian.AppendUint32(nil, uint32(8+len(body)))
	return append(append(b, kind...), body...)
}

// rebox makes the boxes of a movie anew, with change applied to each that holds
// no others.
func rebox(data []byte, change func(kind string, body []byte) []byte) (made []byte) {
	for len(data) >= 8 {
		size := int(binary.BigEndian.Uint32(data))
		if size < 8 || size > len(data) {
			return append(made, data...)
		}
		kind, body := string(data[4:8]), data[8:size]
		switch kind {
		case "moov", "trak", "mdia", "minf", "dinf", "stbl":
			body = rebox(body, change)
		default:
			body = change(kind, body)
		}
		made = append(made, box(kind, body)...)
		data = data[size:]
	}
	return append(made, data...)
}

// dref makes the one data reference of a track one to elsewhere.
func dref(kind string, body []byte, how string, where []byte) []byte {
	if kind != "dref" {
		return body
	}
	return append([]byte{0, 0, 0, 0, 0, 0, 0, 1}, box(how, []byte{0, 0, 0, 0}, where)...)
}

// alias is a Macintosh alias record with an absolute path (type 18).
func alias(path string) []byte {
	a := make([]byte, 150)
	binary.BigEndian.PutUint16(a[4:], 150)
	binary.BigEndian.PutUint16(a[6:], 2)
	a = binary.BigEndian.AppendUint16(a, 18)
	a = binary.BigEndian.AppendUint16(a, uint16(len(path)))
	a = append(a, path...)
	return append(a, 0xFF, 0xFF, 0, 0)
}

// compressedMovie is a QuickTime header that unpacks to so many zeros.
func compressedMovie(t *testing.T, size int64) []byte {
	var packed bytes.Buffer
	w := zlib.NewWriter(&packed)
	if _, err := io.CopyN(w, zeros{}, size); err != nil {
		t.Fatal(err)
	}
	w.Close()
	length := binary.BigEndian.AppendUint32(nil, uint32(size))
	return box("moov", box("cmov", box("dcom", []byte("zlib")), box("cmvd", length, packed.Bytes())))
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func nested(depth int) []byte {
	b := box("trak")
	for range depth {
		b = box("moov", b)
	}
	return b
}

// noise is always the same.
func noise(n int) []byte {
	b, x := make([]byte, n), uint32(1)
	for i := range b {
		x = x*1664525 + 1013904223
		b[i] = byte(x >> 24)
	}
	return b
}

func zipped(t *testing.T, data []byte) []byte {
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	if f, err := w.Create("x.mp4"); err != nil {
		t.Fatal(err)
	} else if _, err := f.Write(data); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return b.Bytes()
}
