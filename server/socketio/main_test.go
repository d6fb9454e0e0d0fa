package socketio

import (
	"testing"

	"go.uber.org/goleak"
)

// Nothing is left out: the library's goroutines end, too, as what it would
// leave behind (the ticker of an upgrade's probe, the half minute for which it
// waits for a client that polls no more) is not used.
func TestMain(m *testing.M) {
	asLoadClient()
	goleak.VerifyTestMain(m)
}
