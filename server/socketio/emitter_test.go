package socketio

import (
	"fmt"
	"strings"
	"testing"

	"github.com/zishang520/engine.io/v2/events"
	"github.com/zishang520/engine.io/v2/types"
)

// Our emitter does what the library's does.
func TestEmitter(t *testing.T) {
	t.Parallel()
	use := func(e types.EventEmitter) string {
		var said []string
		note := func(word string) types.Listener {
			return func(args ...any) { said = append(said, fmt.Sprint(word, args)) }
		}
		removed := func(...any) { said = append(said, "removed") }
		_ = e.On("a", note("first"), removed)
		_ = e.Once("a", note("once"))
		_ = e.Once("b", func(...any) { _ = e.On("b", note("later")) })
		_ = e.AddListener("c", note("c"))
		said = append(said, fmt.Sprint(e.RemoveListener("a", removed), e.RemoveListener("a", removed), e.RemoveListener("z", removed)))
		said = append(said, fmt.Sprint(e.ListenerCount("a"), len(e.Listeners("a")), e.ListenerCount("z"), len(e.EventNames()), e.Len()))
		e.Emit("a", 1, 2)
		e.Emit("a")
		e.Emit("b", 1)
		e.Emit("b", 2)
		e.Emit("nobody")
		said = append(said, fmt.Sprint(e.RemoveAllListeners("c"), e.RemoveAllListeners("z")))
		e.Emit("c")
		e.Clear()
		e.Emit("a")
		return strings.Join(append(said, fmt.Sprint(e.Len())), "; ")
	}
	if got, want := use(&emitter{}), use(events.New()); got != want {
		t.Errorf("\n%s, the library:\n%s", got, want)
	}
}
