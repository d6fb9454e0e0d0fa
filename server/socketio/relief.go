package socketio

// relief tells one who waits that a queue has become shorter. The zero value is
// ready; its owner's lock guards it.
type relief struct{ waiting chan struct{} }

// wait returns what the next ease closes.
func (r *relief) wait() <-chan struct{} {
	if r.waiting == nil {
		r.waiting = make(chan struct{})
	}
	return r.waiting
}

// ease wakes who waits.
func (r *relief) ease() {
	if r.waiting != nil {
		close(r.waiting)
		r.waiting = nil
	}
}
