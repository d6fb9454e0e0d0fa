package socketio

// readAlong reads the connection until it ends, in a goroutine of its own.
func (t *wsTransport) readAlong() {
	b := make([]byte, 1<<10)
	for {
		n, err := t.out.conn.Read(b)
		if n > 0 {
			if broken := t.took(b[:n]); broken != nil {
				err = broken
			}
		}
		if err != nil {
			t.finish(err)
			return
		}
	}
}
