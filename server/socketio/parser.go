package socketio

import (
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/zishang520/engine.io/v2/types"
	"github.com/zishang520/socket.io-go-parser/v2/parser"
)

// packetParser is the library's parser with our decoder before its own.
type packetParser struct{ door *Door }

func (packetParser) NewEncoder() parser.Encoder { return parser.NewEncoder() }

func (p packetParser) NewDecoder() parser.Decoder {
	return &decoder{door: p.door}
}

// phase is how far a connection has come.
type phase int

const (
	phaseFresh      phase = iota // nothing but a CONNECT may come
	phaseConnecting              // its token is being verified: nothing may come
	phaseConnected               // the session takes what comes
	phaseClosed
)

// decoderKey is the name under which a decoder puts itself into the data of a
// CONNECT, which is how the handshake finds the decoder of its connection.
const decoderKey = "\x00decoder"

// decoder judges each packet, lets the library parse it, and then gives it to
// the one who handles it: CONNECT and DISCONNECT to the library; events to the
// session, which handles one after the other. The library itself would give
// each event a goroutine of its own.
type decoder struct {
	emitter
	door *Door

	adding  sync.Mutex     // one packet at a time
	inner   parser.Decoder // of the packet that is being put together, or nil
	decoded *parser.Packet // what inner has made
	size    int            // bytes of the packet

	mu       sync.Mutex
	phase    phase
	connects int
	session  *session
	admitted *admission // from the CONNECT until it was answered
}

// Add takes the data of one Engine.IO message. An error closes the connection.
func (d *decoder) Add(data any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("a packet made the parser panic: %v", p)
		}
	}()
	p, size, err := d.parse(data)
	if err != nil || p == nil {
		return err
	}
	switch p.Type {
	case parser.CONNECT:
		return d.connect(p, d.door.bearers.take(data))
	case parser.ACK, parser.BINARY_ACK:
		return nil // nothing is ever sent with an id
	}
	if p.Nsp != "/" {
		if t := d.door.config.trial; t != nil && slices.Contains(t.namespaces, p.Nsp) {
			d.pass(p)
			return nil
		}
		return errNamespace
	}
	if s := d.of(); s != nil {
		s.take(p, size)
		return nil
	}
	return errConnectFirst
}

// parse returns the packet that is complete with data, or nil, and its size in
// bytes.
func (d *decoder) parse(data any) (*parser.Packet, int, error) {
	d.adding.Lock()
	defer d.adding.Unlock()
	connected := d.of() != nil
	if text, ok := data.(*types.StringBuffer); ok {
		if !connected && text.Len() > maxConnect {
			return nil, 0, errTooLarge
		}
		h, err := checkPacket(string(text.Bytes()))
		if err != nil {
			return nil, 0, err
		}
		if !connected && h.kind != parser.CONNECT {
			return nil, 0, errConnectFirst
		}
	} else if !connected {
		return nil, 0, errConnectFirst
	}
	if sized, ok := data.(interface{ Len() int }); ok {
		d.size += sized.Len()
	}
	if d.inner == nil {
		d.inner = parser.NewDecoder()
		_ = d.inner.On("decoded", func(args ...any) { d.decoded, _ = args[0].(*parser.Packet) })
	}
	if err := d.inner.Add(data); err != nil {
		return nil, 0, err
	}
	p := d.decoded
	if p == nil {
		return nil, 0, nil // attachments are still to come
	}
	d.inner, d.decoded = nil, nil
	size := d.size
	d.size = 0
	return p, size, nil
}

// connect decides on a CONNECT and passes it on to the library, which then runs
// the handshake before this returns. bearer is the token of the request's
// header, which counts when the packet has none.
func (d *decoder) connect(p *parser.Packet, bearer string) error {
	d.mu.Lock()
	if d.phase == phaseFresh || d.phase == phaseConnected && p.Nsp != "/" {
		d.connects++
	} else {
		d.mu.Unlock()
		return errPacketType
	}
	if d.connects > maxConnects {
		d.mu.Unlock()
		return errConnectFirst
	}
	if p.Nsp == "/" {
		d.phase = phaseConnecting
	}
	d.mu.Unlock()
	if p.Nsp == "/" {
		said, _ := p.Data.(map[string]any)
		token, err := tokenOf(said)
		if token == "" {
			token = bearer
		}
		var a *admission
		if err == nil {
			a = d.door.admit(token, wishOf(said))
		} else {
			err = d.door.explain(err)
			a = &admission{failed: err, refused: refuseToken(err)}
		}
		auth := map[string]any{decoderKey: d}
		if d.door.config.trial != nil {
			maps.Copy(auth, said)
		}
		if a.refused == nil {
			// The library asks the adapter for the session of these names, and
			// thus tells the client this pid. Another connection may name the
			// same pid at this moment: the offset says whose it is.
			mark := rand.Text()
			auth["pid"], auth["offset"] = a.session.PID, mark
			d.door.taking.Store(mark, a)
			defer d.door.taking.Delete(mark)
		}
		d.mu.Lock()
		d.admitted = a
		d.mu.Unlock()
		p.Data = auth
	}
	d.Emit("decoded", p)
	return nil
}

// admission returns what the CONNECT that is being handled came to.
func (d *decoder) admission() *admission {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.admitted
}

// takeAdmission returns what the CONNECT came to, once.
func (d *decoder) takeAdmission() *admission {
	d.mu.Lock()
	defer d.mu.Unlock()
	a := d.admitted
	d.admitted = nil
	return a
}

// admit tells the outcome of the handshake; nil means refused.
func (d *decoder) admit(s *session) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.phase != phaseConnecting {
		return
	}
	d.session = s
	d.phase = phaseConnected
	if s == nil {
		d.phase = phaseFresh
	}
}

// pass gives the library a packet that was handled in its turn.
func (d *decoder) pass(p *parser.Packet) { d.Emit("decoded", p) }

func (d *decoder) of() *session {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.session
}

// Destroy is called by the library when the connection is over.
func (d *decoder) Destroy() {
	d.mu.Lock()
	d.phase, d.session, d.admitted = phaseClosed, nil, nil
	d.mu.Unlock()
	d.adding.Lock()
	defer d.adding.Unlock()
	if d.inner != nil {
		d.inner.Destroy()
		d.inner = nil
	}
}

// takeDecoder removes what [decoder.connect] has put into the data of a CONNECT.
func takeDecoder(auth any) *decoder {
	fields, _ := auth.(map[string]any)
	d, _ := fields[decoderKey].(*decoder)
	for _, ours := range []string{decoderKey, "pid", "offset"} {
		delete(fields, ours)
	}
	return d
}
