package uploads

import (
	"strings"
	"unicode/utf8"

	"reelroom/models"
)

// metaKeys are what is kept of the metadata: names that clients in use send,
// and keyName.
var metaKeys = []string{"filename", "name", "title", "filetype", "type", keyName}

// keyName is the metadata by which a client names its upload before the server
// does.
const keyName = "key"

// keyOf returns the client's key of an upload, "" where it has none or one that
// is no id.
func keyOf(kept map[string]string) string {
	if key := kept[keyName]; models.ValidID(key) {
		return key
	}
	return ""
}

// maxMetaValue bounds a value, in bytes.
const maxMetaValue = 1 << 10

// metaOf returns the metadata that a HEAD gives back: texts, and never more.
func metaOf(given map[string]string) map[string]string {
	kept := map[string]string{}
	for _, key := range metaKeys {
		value, ok := given[key]
		if !ok {
			continue
		}
		value = strings.ToValidUTF8(value, "")
		for len(value) > maxMetaValue {
			_, size := utf8.DecodeLastRuneInString(value)
			value = value[:len(value)-size]
		}
		kept[key] = value
	}
	return kept
}

// first returns the first of the keys that has a value.
func first(given map[string]string, keys ...string) string {
	for _, key := range keys {
		if given[key] != "" {
			return given[key]
		}
	}
	return ""
}
