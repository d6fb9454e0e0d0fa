package redislog

import (
	"context"
	"encoding/json"
	"sync"
	"time"
)

// Peers lets the nodes that share a Redis ask each other about an organization.
// Nothing is kept, and nothing is sent but when somebody asks. A node that has
// gone is not waited for once Redis has noticed, which is at once where its
// process has died.
type Peers struct {
	log    *Log
	answer func(org string) []byte
	own    string // the channel of answers to this node

	mu      sync.Mutex
	waiting map[string]*asking
	busy    chan struct{} // of answers being made
}

// maxAnswers bounds the questions that a node answers at once; more are not
// answered.
const maxAnswers = 8

// question goes to all nodes, reply back to the one that has asked.
type question struct {
	ID           string `json:"id"`
	Organization string `json:"organization"`
	To           string `json:"to"`
}

type reply struct {
	ID     string          `json:"id"`
	Answer json.RawMessage `json:"answer,omitempty"`
}

// asking is a question that waits for answers.
type asking struct{ came chan []byte }

// Peers makes the peers of a node, which answers others with JSON. They hear
// each other while [Peers.Run] runs.
func (l *Log) Peers(answer func(org string) []byte) *Peers {
	return &Peers{log: l, answer: answer, own: l.opts.Prefix + ":answers:" + newWord(), waiting: map[string]*asking{}, busy: make(chan struct{}, maxAnswers)}
}

func (p *Peers) channel() string { return p.log.opts.Prefix + ":questions" }

// Run hears and answers until ctx ends.
func (p *Peers) Run(ctx context.Context) error {
	subscribed := p.log.client.Subscribe(ctx, p.channel(), p.own)
	var answering sync.WaitGroup
	defer answering.Wait()
	defer subscribed.Close()
	messages := subscribed.Channel() // which subscribes again after a failure
	for {
		select {
		case <-ctx.Done():
			return nil
		case m, ok := <-messages:
			if !ok {
				return nil
			}
			if m.Channel == p.own {
				p.replied(m.Payload)
				continue
			}
			var q question
			if json.Unmarshal([]byte(m.Payload), &q) != nil {
				continue
			}
			if q.To == p.own { // its own
				p.came(q.ID, nil)
				continue
			}
			select {
			case p.busy <- struct{}{}:
				answering.Go(func() {
					defer func() { <-p.busy }()
					p.reply(ctx, q)
				})
			default:
			}
		}
	}
}

func (p *Peers) reply(ctx context.Context, q question) {
	raw, err := json.Marshal(reply{q.ID, p.answer(q.Organization)})
	if err != nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, p.log.opts.Timeout)
	defer cancel()
	if err := p.log.client.Publish(ctx, q.To, raw).Err(); err != nil {
		p.log.opts.Logger.Debug("a question of another node was not answered", "error", err)
	}
}

func (p *Peers) replied(payload string) {
	var r reply
	if json.Unmarshal([]byte(payload), &r) == nil {
		p.came(r.ID, r.Answer)
	}
}

func (p *Peers) came(id string, answer []byte) {
	p.mu.Lock()
	a := p.waiting[id]
	p.mu.Unlock()
	if a == nil {
		return // too late
	}
	select {
	case a.came <- answer:
	default:
	}
}

// maxPeers bounds the answers that are waited for.
const maxPeers = 1000

// Ask asks every other node about an organization and returns the answers that
// came in time; whole tells that it was all.
func (p *Peers) Ask(ctx context.Context, org string, within time.Duration) (answers [][]byte, whole bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	a, id := &asking{make(chan []byte, maxPeers)}, newWord()
	p.mu.Lock()
	p.waiting[id] = a
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.waiting, id)
	}()
	raw, err := json.Marshal(question{id, org, p.own})
	if err != nil {
		return nil, false, err
	}
	heard, err := p.log.client.Publish(ctx, p.channel(), raw).Result()
	if err != nil {
		return nil, false, unavailable(err)
	}
	for range heard { // its own echo among them
		select {
		case answer := <-a.came:
			if answer != nil {
				answers = append(answers, answer)
			}
		case <-ctx.Done():
			return answers, false, nil
		}
	}
	return answers, true, nil
}
