package socketio

import (
	"sync"
)

// bearers lead the token of a request's header to the CONNECT that comes over
// its connection: the library makes the decoder without telling whose it is.
// The data of a packet, which the library hands on as it is, is the key; it is
// there only while that packet is being handled.
type bearers struct{ byData sync.Map }

// with runs handle for the data of a packet that came over a connection with
// that token.
func (b *bearers) with(token string, data any, handle func()) {
	if token != "" {
		b.byData.Store(data, token)
		defer b.byData.Delete(data)
	}
	handle()
}

func (b *bearers) take(data any) string {
	token, _ := b.byData.Load(data)
	text, _ := token.(string)
	return text
}
