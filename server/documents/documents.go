package documents

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"net/url"
)

//go:generate go run ./documentsgen -root ../.. -out .

//go:embed openapi.json
var openAPI []byte

//go:embed asyncapi.json
var asyncAPI []byte

// OpenAPI is the OpenAPI 3.1 document of every entry over HTTP. Its addresses
// are relative to where it was found.
func OpenAPI() []byte { return compact(openAPI) }

// AsyncAPI is the AsyncAPI 3.0 document of Socket.IO, WebSocket and SSE, for a
// server at the given URL; "" leaves the default address.
func AsyncAPI(public string) []byte {
	u, err := url.Parse(public)
	if err != nil || u.Host == "" {
		return compact(asyncAPI)
	}
	out := bytes.ReplaceAll(asyncAPI, []byte(`"localhost:5000"`), []byte(`"`+u.Host+`"`))
	if u.Scheme == "https" {
		out = bytes.ReplaceAll(out, []byte(`"protocol": "ws"`), []byte(`"protocol": "wss"`))
		out = bytes.ReplaceAll(out, []byte(`"protocol": "http"`), []byte(`"protocol": "https"`))
	}
	return compact(out)
}

func compact(document []byte) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, document); err != nil { // generated JSON is JSON
		panic(err)
	}
	return b.Bytes()
}
