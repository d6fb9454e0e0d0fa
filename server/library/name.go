package library

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	// MaxTitleRunes bounds a title, in characters.
	MaxTitleRunes = 200
	// maxNameBytes bounds a file name, as file systems do.
	maxNameBytes = 255
	// maxExtensionBytes is how long an extension is kept when a name is cut.
	maxExtensionBytes = 16
)

// cleanName reduces what an uploader called the file to its last part. It is
// kept as text and never used as a path.
func cleanName(s string) string {
	if i := strings.LastIndexAny(s, `/\`); i >= 0 {
		s = s[i+1:]
	}
	s = cleanText(s)
	if s == "" || s == "." || s == ".." {
		return "video"
	}
	if len(s) <= maxNameBytes {
		return s
	}
	ext := path.Ext(s)
	if len(ext) > maxExtensionBytes {
		ext = ""
	}
	cut := maxNameBytes - len(ext)
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + ext
}

// cleanTitle returns the title as it is kept, and whether it is all there.
func cleanTitle(s string) (title string, whole bool) {
	s = cleanText(s)
	n := 0
	for i := range s {
		if n == MaxTitleRunes {
			return strings.TrimSpace(s[:i]), false
		}
		n++
	}
	return s, true
}

// titleOf chooses a title for a new video: the one given, else the file's name
// without its extension.
func titleOf(given, name string) string {
	if title, _ := cleanTitle(given); title != "" {
		return title
	}
	if title, _ := cleanTitle(strings.TrimSuffix(name, path.Ext(name))); title != "" {
		return title
	}
	title, _ := cleanTitle(name)
	return title
}

// cleanText drops what is no text: bytes that are not UTF-8, control
// characters, and the marks that turn the direction of writing, with which
// "gpj.exe" can look like "exe.jpg". Line ends and tabs become spaces.
func cleanText(s string) string {
	return strings.TrimSpace(strings.Map(plain, strings.ToValidUTF8(s, "")))
}

// plain maps one character of what cleanText cleans.
func plain(r rune) rune {
	switch {
	case r == '\n' || r == '\r' || r == '\t':
		return ' '
	case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), r == '\uFEFF':
		return -1
	case r == '\u2028' || r == '\u2029':
		return ' '
	}
	return r
}
