package main

import (
	"bytes"
	"fmt"
)

// toJSON turns the minified JavaScript literal at the start of script into JSON.
// It knows what a minifier makes of JSON: names without quotes, !0 and !1,
// numbers without a leading zero. What follows the literal is ignored.
func toJSON(script []byte) ([]byte, error) {
	var out bytes.Buffer
	depth := 0
	for i := 0; i < len(script); {
		c := script[i]
		switch {
		case c == '{' || c == '[':
			depth++
			out.WriteByte(c)
			i++
		case c == '}' || c == ']':
			depth--
			out.WriteByte(c)
			i++
			if depth == 0 {
				return out.Bytes(), nil
			}
		case c == ',' || c == ':':
			out.WriteByte(c)
			i++
		case c == '"':
			n := quoted(script[i:])
			if n < 0 {
				return nil, fmt.Errorf("text without end at byte %d", i)
			}
			out.Write(script[i : i+n])
			i += n
		default:
			n := bytes.IndexAny(script[i:], "{}[],:\"")
			if n < 1 {
				return nil, fmt.Errorf("cannot read byte %d", i)
			}
			out.Write(word(script[i:i+n], i+n < len(script) && script[i+n] == ':'))
			i += n
		}
	}
	return nil, fmt.Errorf("the literal has no end")
}

// quoted returns the length of the text in double quotes at the start of s, or -1.
func quoted(s []byte) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return -1
}

// word returns a bare name, number or constant as JSON has it.
func word(w []byte, name bool) []byte {
	switch text := string(w); {
	case name:
		return []byte(`"` + text + `"`)
	case text == "!0":
		return []byte("true")
	case text == "!1":
		return []byte("false")
	case w[0] == '.':
		return append([]byte{'0'}, w...)
	case bytes.HasPrefix(w, []byte("-.")):
		return append([]byte("-0"), w[1:]...)
	}
	return w
}
