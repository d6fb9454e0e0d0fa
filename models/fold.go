package models

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Fold writes text so that what differs only in case becomes the same: a search
// and an order of titles compare what it returns. It looks at one code point at
// a time, and no later Unicode changes it, so that a page in another language,
// and a key that was stored years ago, agree:
//
//   - U+03C2 (final sigma) becomes U+03C3.
//   - A code point below U+A7CB, but not U+1C89, and one from U+FF21 to U+FF3A
//     or from U+1E900 to U+1E921, becomes the lower-case letter that the Unicode
//     data name for it alone, if any. (That is one code point: for U+0130 it is
//     U+0069, where full case conversion appends a dot.)
//   - Every other one stays, and nothing is normalized: accents count.
//
// In TypeScript that is, for each code point c of the text that the rule covers,
//
//	String.fromCodePoint(String.fromCodePoint(c).toLowerCase().codePointAt(0)!)
//
// The file testdata/listing.json has examples, and a sum over all code points.
func Fold(s string) string {
	for i := range len(s) {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return s[:i] + strings.Map(fold, s[i:])
		}
	}
	return s
}

func fold(r rune) rune {
	switch {
	case r == 0x3C2:
		return 0x3C3
	case r < 0xA7CB && r != 0x1C89, 0xFF21 <= r && r <= 0xFF3A, 0x1E900 <= r && r <= 0x1E921:
		return unicode.ToLower(r)
	}
	return r
}
