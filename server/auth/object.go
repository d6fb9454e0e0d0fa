package auth

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"

	"reelroom/models"
)

// maxDepth bounds how deep a header or claims may be nested.
const maxDepth = models.MaxJSONDepth

var (
	errNoUTF8   = errors.New("is not UTF-8")
	errNoJSON   = errors.New("is not one JSON object")
	errTooDeep  = fmt.Errorf("is nested deeper than %d levels", maxDepth)
	errNoObject = errors.New("is not a JSON object")
)

// parseObject reads one JSON object and nothing beside it. Two members of one
// name are refused wherever they stand (RFC 7515, section 4; RFC 7519, section
// 4): which of them counts differs between readers. Numbers are [json.Number].
func parseObject(raw []byte) (map[string]any, error) {
	if !utf8.Valid(raw) {
		return nil, errNoUTF8
	}
	if models.DeeperThan(raw, maxDepth) {
		return nil, errTooDeep
	}
	if !json.Valid(raw) {
		return nil, errNoJSON
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	value, err := readValue(d, 0)
	if err != nil {
		return nil, err
	}
	object, ok := value.(map[string]any)
	if !ok {
		return nil, errNoObject
	}
	return object, nil
}

func readValue(d *json.Decoder, depth int) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, errNoJSON
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return token, nil
	}
	if depth == maxDepth {
		return nil, errTooDeep
	}
	if delim == '[' {
		list := []any{}
		for d.More() {
			value, err := readValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		_, err = d.Token()
		return list, err
	}
	object := map[string]any{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return nil, errNoJSON
		}
		name, _ := token.(string)
		if _, twice := object[name]; twice {
			return nil, fmt.Errorf("has two members %.40q", name)
		}
		if object[name], err = readValue(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err = d.Token()
	return object, err
}
