package socketio

import (
	"reflect"
	"slices"
	"sync"

	"github.com/zishang520/engine.io/v2/types"
)

// emitter is the library's EventEmitter in a form that costs a connection few
// bytes: the library's own takes about a kilobyte for three listeners. The zero
// value is ready.
type emitter struct {
	mu   sync.Mutex
	list []listener
}

type listener struct {
	event types.EventName
	call  types.Listener
	once  bool
}

var _ types.EventEmitter = (*emitter)(nil)

func (e *emitter) add(once bool, event types.EventName, calls []types.Listener) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, call := range calls {
		if call != nil {
			e.list = append(e.list, listener{event, call, once})
		}
	}
	return nil
}

// On adds listeners.
func (e *emitter) On(event types.EventName, calls ...types.Listener) error {
	return e.add(false, event, calls)
}

// AddListener is On.
func (e *emitter) AddListener(event types.EventName, calls ...types.Listener) error {
	return e.add(false, event, calls)
}

// Once adds listeners that are called at most once.
func (e *emitter) Once(event types.EventName, calls ...types.Listener) error {
	return e.add(true, event, calls)
}

// Emit calls the listeners that the event has now, in their order.
func (e *emitter) Emit(event types.EventName, data ...any) {
	var few [8]types.Listener
	calls := few[:0]
	e.mu.Lock()
	e.list = slices.DeleteFunc(e.list, func(l listener) bool {
		if l.event != event {
			return false
		}
		calls = append(calls, l.call)
		return l.once
	})
	e.mu.Unlock()
	for _, call := range calls {
		call(data...)
	}
}

// RemoveListener removes a function, wherever it was added for the event, and
// reports whether it was there. As in the library, functions with the same code
// count as the same.
func (e *emitter) RemoveListener(event types.EventName, call types.Listener) bool {
	if call == nil {
		return false
	}
	code := reflect.ValueOf(call).Pointer()
	return e.drop(func(l listener) bool {
		return l.event == event && reflect.ValueOf(l.call).Pointer() == code
	})
}

// RemoveAllListeners removes all that listens to the event.
func (e *emitter) RemoveAllListeners(event types.EventName) bool {
	return e.drop(func(l listener) bool { return l.event == event })
}

// Clear removes all listeners.
func (e *emitter) Clear() { e.drop(func(listener) bool { return true }) }

func (e *emitter) drop(which func(listener) bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	before := len(e.list)
	e.list = slices.DeleteFunc(e.list, which)
	return len(e.list) < before
}

// Listeners returns what listens to the event.
func (e *emitter) Listeners(event types.EventName) []types.Listener {
	e.mu.Lock()
	defer e.mu.Unlock()
	var calls []types.Listener
	for _, l := range e.list {
		if l.event == event {
			calls = append(calls, l.call)
		}
	}
	return calls
}

// ListenerCount returns how many listen to the event.
func (e *emitter) ListenerCount(event types.EventName) int { return len(e.Listeners(event)) }

// EventNames returns the events that something listens to.
func (e *emitter) EventNames() []types.EventName {
	e.mu.Lock()
	defer e.mu.Unlock()
	var names []types.EventName
	for _, l := range e.list {
		if !slices.Contains(names, l.event) {
			names = append(names, l.event)
		}
	}
	return names
}

// Len returns how many events something listens to.
func (e *emitter) Len() int { return len(e.EventNames()) }

// SetMaxListeners does nothing, as in the library.
func (e *emitter) SetMaxListeners(uint) {}

// GetMaxListeners returns 0: there is no limit, as in the library.
func (e *emitter) GetMaxListeners() uint { return 0 }
