package socketio

import (
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zishang520/engine.io-go-parser/packet"
	"github.com/zishang520/engine.io/v2/transports"
	"github.com/zishang520/engine.io/v2/types"
)

type pollingBuilder struct{}

func (pollingBuilder) New(ctx *types.HttpContext) transports.Transport {
	a := attemptOf(ctx)
	if a == nil {
		return (&transports.PollingBuilder{}).New(ctx)
	}
	t := &pollTransport{Polling: transports.MakePolling(), door: a.door, bearer: a.bearer}
	t.Prototype(t)
	t.Construct(ctx)
	return t
}

func (pollingBuilder) Name() string          { return transports.POLLING }
func (pollingBuilder) HandlesUpgrades() bool { return false }
func (pollingBuilder) UpgradesTo() *types.Set[string] {
	return types.NewSet(transports.WEBSOCKET)
}

// pollTransport is the long-polling transport: the library's own, with a queue
// of ours before it. The library's keeps what waits for the next poll without
// a bound, answers the first poll before anybody listens to the connection, and
// may lose packets when the "noop" of an upgrade takes a poll from under them.
//
// To the engine it is always writable; the queue waits for the poll.
type pollTransport struct {
	transports.Polling
	door   *Door
	pongs  pongs
	bearer string // the token of the request's header, mostly none

	posting atomic.Bool
	post    *types.HttpContext // the POST that is being read
	polling sync.Mutex         // one GET at a time is looked at

	mu      sync.Mutex
	started bool
	queue   []*packet.Packet
	size    int
	cut     bool
	relief  relief
	next    *wsTransport // what has replaced this transport
	probing bool         // a replacement is on trial
	end     func()       // set while the last answer waits for a poll
	leaving bool         // the client has said goodbye

	poll atomic.Pointer[types.HttpContext] // the GET that waits, or is being answered
	left sync.Once
}

// Construct is called by the library's way of building objects.
func (t *pollTransport) Construct(ctx *types.HttpContext) {
	t.Polling.Construct(ctx)
	// "ready" is the library's word for: a poll is waiting.
	_ = t.On("ready", func(...any) { t.pump() })
}

// Writable tells the engine that packets may always be handed over.
func (t *pollTransport) Writable() bool { return true }

// SetHttpCompression keeps compression off: it would compress each answer for
// each client anew, with secrets beside what strangers wrote.
func (t *pollTransport) SetHttpCompression(*types.HttpCompression) {}

// start lets the first answer go, when the library listens to the connection.
func (t *pollTransport) start() {
	t.mu.Lock()
	t.started = true
	t.mu.Unlock()
	t.pump()
}

// OnRequest takes a GET (a poll) or a POST (data). Overlaps end the connection,
// as the protocol asks; the library's own check lets two at once slip through.
func (t *pollTransport) OnRequest(ctx *types.HttpContext) {
	if ctx.Method() == http.MethodPost {
		if !t.posting.CompareAndSwap(false, true) {
			t.OnError("data request overlap from client", nil)
			ctx.SetStatusCode(http.StatusBadRequest)
			_, _ = ctx.Write(nil)
			return
		}
		defer t.posting.Store(false)
		t.post = ctx
		t.Polling.OnRequest(ctx)
		t.post = nil
		return
	}
	t.polling.Lock()
	defer t.polling.Unlock()
	if !t.Polling.Writable() {
		t.poll.Store(ctx)
	}
	t.Polling.OnRequest(ctx)
	// A connection that ends while its poll arrives leaves the poll to nobody.
	t.abandon(ctx)
	time.AfterFunc(closeTime, func() { t.abandon(ctx) })
}

// abandon answers a poll whose connection has ended; one that was answered
// already stays as it is.
func (t *pollTransport) abandon(ctx *types.HttpContext) {
	if t.ReadyState() == "closed" && !ctx.IsDone() {
		ctx.SetStatusCode(http.StatusBadRequest)
		_, _ = ctx.Write(nil)
	}
}

// OnData takes the payload of a POST. All of it is refused when a part cannot
// be read.
func (t *pollTransport) OnData(data types.BufferInterface) {
	packets, err := t.Parser().DecodePayload(data)
	if err != nil {
		t.post.SetStatusCode(http.StatusBadRequest) // the library would say "ok"
		_, _ = t.post.Write(nil)
		t.OnError("parse error", err)
		return
	}
	for _, p := range packets {
		if p.Type == packet.CLOSE {
			t.leave()
			return
		}
		if !t.pongs.take(t.door, p, t.late) {
			t.door.bearers.with(t.bearer, p, t.OnPacket)
		}
	}
}

// leave ends the connection as its client asks. The poll that waits is answered
// with a "noop"; the client may have sent one together with its goodbye, and
// that one may come a moment later.
func (t *pollTransport) leave() {
	t.mu.Lock()
	t.leaving = true
	waits := t.Polling.Writable()
	t.mu.Unlock()
	if waits {
		t.leaveNow()
	} else {
		time.AfterFunc(probeTime, t.leaveNow)
	}
}

func (t *pollTransport) leaveNow() { t.left.Do(t.OnClose) }

// Send queues packets and answers the waiting poll, if there is one.
func (t *pollTransport) Send(packets []*packet.Packet) {
	t.mu.Lock()
	if next := t.next; next != nil {
		t.mu.Unlock()
		next.Send(packets)
		return
	}
	if t.cut {
		t.mu.Unlock()
		return
	}
	for _, p := range packets {
		t.queue = append(t.queue, p)
		t.size += weight(p)
	}
	overflow := t.size > maxPollQueue
	if overflow {
		t.cut, t.queue, t.size = true, nil, 0
		t.relief.ease()
	}
	t.mu.Unlock()
	if overflow {
		t.door.stats.slow.Add(1)
		go t.OnError("polling error", errSlow) // not from under the engine's locks
		return
	}
	t.pump()
	t.Emit("drain")
}

// pump answers the waiting poll with all that is queued.
func (t *pollTransport) pump() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.leaving {
		go t.leaveNow() // not from under the lock
		return
	}
	if t.probing && len(t.queue) == 0 {
		time.AfterFunc(probeTime, t.release)
	}
	if !t.started || t.next != nil || len(t.queue) == 0 || !t.Polling.Writable() {
		return
	}
	packets := make([]*packet.Packet, len(t.queue))
	for i, p := range t.queue {
		packets[i] = plain(p)
	}
	t.queue, t.size = nil, 0
	t.poll.Store(nil)
	t.relief.ease()
	t.Polling.Send(packets)
	if t.end != nil {
		go t.end() // not from under the lock
	}
}

// DoClose is called by the library to close. The client is told with the answer
// of the poll that waits, or of the next one, for which it has [closeTime]; the
// library would wait for half a minute.
func (t *pollTransport) DoClose(fn types.Callable) {
	t.mu.Lock()
	replaced := t.probing && t.Discarded()
	t.mu.Unlock()
	if ctx := t.poll.Load(); replaced && ctx != nil && t.Polling.Writable() {
		// A client that goes over to the replacement has no poll under way.
		t.SetWritable(false)
		ctx.Cleanup()
		ctx.SetStatusCode(http.StatusBadRequest)
		_, _ = ctx.Write(nil)
	}
	if t.Discarded() || t.Polling.Writable() {
		t.Polling.DoClose(fn)
		return
	}
	var once sync.Once
	t.mu.Lock()
	defer t.mu.Unlock()
	t.queue = append(t.queue, &packet.Packet{Type: packet.CLOSE})
	t.cut = true
	t.end = func() {
		once.Do(func() {
			if fn != nil {
				fn()
			}
			t.OnClose()
		})
	}
	time.AfterFunc(closeTime, t.end)
}

// probeTime is how long a poll may wait while a replacement is on trial.
const probeTime = 50 * time.Millisecond

// probe tells that a replacement is on trial, and reports whether it may be.
// The client goes over to it when its poll has ended: so no poll may wait long.
func (t *pollTransport) probe() bool {
	t.mu.Lock()
	t.probing = t.next == nil
	probing := t.probing
	t.mu.Unlock()
	time.AfterFunc(probeTime, t.release) // what says that the trial is over may follow at once
	return probing
}

// unprobe tells that the replacement has failed.
func (t *pollTransport) unprobe() {
	t.mu.Lock()
	t.probing = false
	t.mu.Unlock()
}

// release ends the waiting poll with a "noop".
func (t *pollTransport) release() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.probing && t.started && len(t.queue) == 0 && t.Polling.Writable() {
		t.poll.Store(nil)
		t.Polling.Send([]*packet.Packet{{Type: packet.NOOP}})
	}
}

// handOver moves what waits for a poll to the transport that has replaced this
// one, and whatever still comes here is passed on: the engine looks up its
// transport twice for one sending, so that either may get it. Nothing is lost
// or overtaken.
func (t *pollTransport) handOver(next *wsTransport) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.next, t.probing = next, false
	next.takeOver(t.queue)
	t.queue, t.size = nil, 0
	t.relief.ease()
}

// pressure returns nil when at most this many bytes wait for a poll, or when
// they wait no more; else what is closed when that has changed.
func (t *pollTransport) pressure(most int) <-chan struct{} {
	t.mu.Lock()
	defer t.mu.Unlock()
	if next := t.next; next != nil {
		return next.pressure(most)
	}
	if t.cut || t.size <= most {
		return nil
	}
	return t.relief.wait()
}

// weight is about how many bytes a packet takes in an answer.
func weight(p *packet.Packet) int {
	switch data := p.Data.(type) {
	case *message:
		return len(data.frame)
	case interface{ Len() int }:
		return data.Len() + 2
	}
	return 2
}

// late delivers a packet that was held back, to the transport that has replaced
// this one meanwhile, or to none when the connection has ended.
func (t *pollTransport) late(p *packet.Packet) {
	t.mu.Lock()
	next := t.next
	t.mu.Unlock()
	if next != nil {
		next.late(p)
		return
	}
	if t.ReadyState() == "open" {
		t.OnPacket(p)
	}
}
