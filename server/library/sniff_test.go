package library

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"reelroom/models"
)

func packets(lead, step, n int) string {
	p := append(bytes.Repeat([]byte{0}, lead), 0x47)
	p = append(p, bytes.Repeat([]byte{0xFF}, step-1-lead)...)
	return strings.Repeat(string(p), n)
}

func TestSniff(t *testing.T) {
	t.Parallel()
	ftyp := func(brand string) string { return "\x00\x00\x00\x14ftyp" + brand + "\x00\x00\x00\x00isom" }
	for name, c := range map[string]struct{ head, want string }{
		"mp4":                {ftyp("isom"), "video/mp4"},
		"fragmented mp4":     {ftyp("iso6"), "video/mp4"},
		"mov":                {ftyp("qt  "), "video/quicktime"},
		"m4v":                {ftyp("M4V "), "video/x-m4v"},
		"3gp":                {ftyp("3gp5"), "video/3gpp"},
		"old mov":            {"\x00\x00\x00\x08wide\x00\x00\x10\x00mdat", "video/quicktime"},
		"moov first":         {"\x00\x00\x10\x00moov\x00\x00\x00\x6cmvhd", "video/quicktime"},
		"large mdat first":   {"BM\x00\x00mdat", "video/quicktime"},
		"matroska":           {"\x1A\x45\xDF\xA3\x93\x42\x82\x88matroska", "video/x-matroska"},
		"webm":               {"\x1A\x45\xDF\xA3\x9f\x42\x86\x81\x01\x42\x82\x84webm", "video/webm"},
		"avi":                {"RIFF\x00\x10\x00\x00AVI LIST", "video/x-msvideo"},
		"flv":                {"FLV\x01\x05\x00\x00\x00\x09", "video/x-flv"},
		"ts":                 {packets(0, 188, 10), "video/mp2t"},
		"short ts":           {packets(0, 188, 2), "video/mp2t"},
		"ts in mid-packet":   {strings.Repeat("\x01", 77) + packets(0, 188, 20), "video/mp2t"},
		"m2ts":               {packets(4, 192, 10), "video/mp2t"},
		"program stream":     {"\x00\x00\x01\xBA\x44\x00", "video/mpeg"},
		"elementary stream":  {"\x00\x00\x01\xB3\x16\x00", "video/mpeg"},
		"ogg":                {"OggS\x00\x02\x00\x00", "video/ogg"},
		"wmv":                {"\x30\x26\xB2\x75\x8E\x66\xCF\x11\xA6\xD9", "video/x-ms-asf"},
		"mxf":                {"\x06\x0E\x2B\x34\x02\x05\x01\x01\x0D\x01\x02\x01\x01\x02\x04\x00", "application/mxf"},
		"text":               {"Dear all, attached is the video.", ""},
		"text with free":     {"The free encyclopedia", ""},
		"one letter":         {"G", ""},
		"letters G":          {strings.Repeat("G", 100), ""},
		"HLS":                {"#EXTM3U\n#EXT-X-VERSION:3\nfile:///etc/passwd", ""},
		"HLS with BOM":       {"\xEF\xBB\xBF#EXTM3U\n", ""},
		"DASH":               {"<?xml version=\"1.0\"?><MPD>", ""},
		"bare DASH":          {"  <MPD xmlns=\"urn:mpeg:dash\">", ""},
		"ffconcat":           {"ffconcat version 1.0\nfile /etc/passwd", ""},
		"html":               {"<!DOCTYPE html><script>", ""},
		"svg":                {"<svg xmlns=\"http://www.w3.org/2000/svg\">", ""},
		"png":                {"\x89PNG\r\n\x1a\n", ""},
		"jpeg":               {"\xFF\xD8\xFF\xE0", ""},
		"gif":                {"GIF89a", ""},
		"webp":               {"RIFF\x00\x10\x00\x00WEBPVP8 ", ""},
		"wav":                {"RIFF\x00\x10\x00\x00WAVEfmt ", ""},
		"heic":               {ftyp("heic"), ""},
		"avif":               {ftyp("avif"), ""},
		"mif1":               {ftyp("mif1"), ""},
		"m4a":                {ftyp("M4A "), ""},
		"mp3":                {"ID3\x04\x00", ""},
		"zip":                {"PK\x03\x04\x14\x00", ""},
		"gzip":               {"\x1F\x8B\x08", ""},
		"elf":                {"\x7FELF\x02", ""},
		"pdf":                {"%PDF-1.7", ""},
		"damaged ftyp":       {"\x00\x00\x00\x08ftyp", ""},
		"zeroes":             {strings.Repeat("\x00", 4096), ""},
		"ogg of another era": {"OggS\x09", ""},
	} {
		got, err := sniff([]byte(c.head))
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, c.want)
		}
		if err != nil && models.CodeOf(err) != models.CodeUnsupportedMedia {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzSniff(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x14ftypisom"))
	f.Add([]byte(packets(4, 192, 3)))
	f.Fuzz(func(t *testing.T, head []byte) {
		head = head[:min(len(head), sniffBytes)]
		if kind, err := sniff(head); (kind == "") == (err == nil) {
			t.Errorf("%q, %v", kind, err)
		}
	})
}

func TestNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("ä", 5000)
	for given, want := range map[string]string{
		"a.mp4": "a.mp4", "../../etc/passwd": "passwd", `..\..\x.mov`: "x.mov", "": "video", "..": "video", "/": "video", ".": "video",
		"http:evil.mp4": "http:evil.mp4", "a\x00b\r\nc.mp4": "ab  c.mp4", `"q'u<o>te".mp4`: `"q'u<o>te".mp4`,
		"\u202Egpj.exe": "gpj.exe", "\xff\xfe.mp4": ".mp4", long + ".mp4": strings.Repeat("ä", 125) + ".mp4",
	} {
		got := cleanName(given)
		if got != want {
			t.Errorf("%.20q: got %q, want %q", given, got, want)
		}
		if len(got) > maxNameBytes || !utf8.ValidString(got) {
			t.Errorf("%.20q: %d bytes", given, len(got))
		}
	}
	for _, c := range [][3]string{
		{"", "My film.final.mp4", "My film.final"}, {"Given", "x.mp4", "Given"}, {"\x00 \n", "x.mp4", "x"}, {"", ".mp4", ".mp4"},
		{strings.Repeat("ö", 300), "x", strings.Repeat("ö", MaxTitleRunes)},
	} {
		if got := titleOf(c[0], c[1]); got != c[2] {
			t.Errorf("%.20q of %q: got %q, want %q", c[0], c[1], got, c[2])
		}
	}
}
