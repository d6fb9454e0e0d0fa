package models

// MaxJSONDepth is how many levels of objects and arrays JSON from outside may
// have.
const MaxJSONDepth = 64

// ErrJSONDepth refuses JSON that has more.
var ErrJSONDepth = Errorf(CodeInvalid, "The JSON is nested deeper than %d levels.", MaxJSONDepth)

// DeeperThan reports whether JSON has more than so many levels of objects and
// arrays. It reads the text once and needs no memory, also where the text is not
// JSON.
func DeeperThan[T ~string | ~[]byte](text T, most int) bool {
	depth, quoted := 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '[' || c == '{':
			if depth++; depth > most {
				return true
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return false
}
