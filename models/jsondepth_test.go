package models

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func nested(open, inner, end string, levels int) string {
	return strings.Repeat(open, levels) + inner + strings.Repeat(end, levels)
}

func TestDeeperThan(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		want bool
	}{
		{``, false}, {`1`, false}, {nested(`[`, ``, `]`, 64), false}, {nested(`[`, ``, `]`, 65), true}, {nested(`{"a":`, `1`, `}`, 64), false}, {nested(`{"a":[`, `1`, `]}`, 33), true},
		{`"` + strings.Repeat("[", 100) + `"`, false}, {`"\"` + strings.Repeat("[", 100) + `"`, false}, {`"\\"` + strings.Repeat("[", 65), true},
		{strings.Repeat(`[],`, 100), false}, {strings.Repeat(`]`, 100), false}, {nested(`[`, ``, ``, 5000), true}, {`"\`, false},
		{`{"` + strings.Repeat("{", 100) + `":1}`, false},
	} {
		if got := DeeperThan(c.text, MaxJSONDepth); got != c.want {
			t.Errorf("%.80s: %t", c.text, got)
		}
		if got := DeeperThan([]byte(c.text), MaxJSONDepth); got != c.want {
			t.Errorf("%.80s as bytes: %t", c.text, got)
		}
	}
}

// It counts what a reader of the JSON would.
func TestDeeperThanCountsLevels(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		depth := 0
		var value func(level int) any
		value = func(level int) any {
			switch kind := rapid.IntRange(0, 2).Draw(rt, "kind"); {
			case kind == 0 || level > 8:
				return rapid.String().Draw(rt, "text")
			case kind == 1:
				depth = max(depth, level)
				return []any{value(level + 1), "["}
			default:
				depth = max(depth, level)
				return map[string]any{rapid.String().Draw(rt, "key"): value(level + 1)}
			}
		}
		raw, err := json.Marshal(value(1))
		if err != nil {
			rt.Fatal(err)
		}
		if DeeperThan(raw, depth) || depth > 0 && !DeeperThan(raw, depth-1) {
			rt.Fatalf("%s has %d levels", raw, depth)
		}
	})
}
