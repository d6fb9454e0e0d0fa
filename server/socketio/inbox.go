package socketio

import (
	"context"
	"encoding/json"
	"runtime/debug"

	"github.com/zishang520/socket.io-go-parser/v2/parser"

	"reelroom/models"
)

// received is a packet in the inbox, and how many slots it takes there.
type received struct {
	packet *parser.Packet
	slots  int
}

// slotBytes is how large a packet may be that takes one slot.
const slotBytes = 4 << 10

// take puts a packet of so many bytes behind those that wait. It blocks while
// the inbox is full, which stops the reading of the connection: a client that
// sends faster than it is served waits, and costs no memory.
func (s *session) take(p *parser.Packet, size int) {
	slots := min(1+size/slotBytes, maxInbox)
	s.taking.Lock()
	defer s.taking.Unlock()
	for range slots {
		select {
		case s.slots <- struct{}{}:
		case <-s.ctx.Done():
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ended {
		return
	}
	s.inbox = append(s.inbox, received{p, slots})
	s.work()
}

// work starts the handling when there is something to handle; mu is held. The
// goroutine lives only as long as the inbox is not empty.
func (s *session) work() {
	if s.open && !s.working && len(s.inbox) > 0 {
		s.working = true
		go s.serve()
	}
}

// serve handles the packets one after the other, in the order they came.
func (s *session) serve() {
	for {
		s.mu.Lock()
		if len(s.inbox) == 0 || s.ended {
			s.working = false
			s.mu.Unlock()
			return
		}
		next := s.inbox[0]
		s.inbox[0] = received{}
		s.inbox = s.inbox[1:]
		s.mu.Unlock()
		s.handle(next.packet)
		for range next.slots {
			<-s.slots
		}
	}
}

func (s *session) handle(p *parser.Packet) {
	if p.Type == parser.DISCONNECT {
		s.dec.pass(p)
		return
	}
	if t := s.door.config.trial; t != nil {
		t.event(s, p)
		return
	}
	args, _ := p.Data.([]any)
	if len(args) == 0 {
		return // the parser lets no such packet through
	}
	name, _ := args[0].(string)
	answer := s.answer(name, args[1:])
	if p.Id == nil || answer == nil {
		return
	}
	encoded, err := json.Marshal(answer)
	if err != nil {
		s.door.log.Error("an answer could not be encoded", "event", name, "error", err)
		encoded, _ = json.Marshal(refusal(err))
	}
	s.conn.deliver(ackMessage(*p.Id, encoded))
}

// answer calls the handler of an event. One that panics is answered like any
// other failure, and harms nobody else.
func (s *session) answer(name string, args []any) (answer any) {
	defer func() {
		if p := recover(); p != nil {
			s.door.log.Error("a handler panicked", "event", name, "panic", p, "stack", string(debug.Stack()))
			answer = refusal(models.Errorf(models.CodeInternal, "Something went wrong."))
		}
	}()
	if err := s.permit(name); err != nil {
		return refusal(err)
	}
	h, ok := s.door.handlers[name]
	if !ok {
		return refusal(models.Errorf(models.CodeUnsupported, "This event is not supported."))
	}
	ctx, cancel := context.WithTimeout(s.ctx, handlerTime)
	defer cancel()
	return h(ctx, s, args)
}
