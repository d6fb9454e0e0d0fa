package ffmpeg

import (
	"bytes"
	"crypto/rand"
	"errors"
	"sync"
	"time"
)

// stampLimit is how many time stamps may wait for their frames. ffmpeg writes a
// stamp shortly before the frame, so that only a few ever wait.
const stampLimit = 4096

// shown is one frame as the filter showinfo reports it.
type shown struct {
	pts           time.Duration
	width, height int
}

// infoFilter is an instance of showinfo under a name that cannot be guessed: a
// tag inside the file, which ffmpeg prints as well, cannot pass for it.
type infoFilter struct {
	prefix []byte
	name   string
}

func newInfoFilter() infoFilter {
	name := "showinfo@" + rand.Text()
	return infoFilter{name: name, prefix: []byte("[" + name)}
}

// filter is what stands in the filter chain. Checksums would cost time.
func (f infoFilter) filter() string { return f.name + "=checksum=0" }

// parse tells whether the line is this filter's, and whether it reports a
// frame. A frame without time stamp has the time 0.
func (f infoFilter) parse(line []byte) (s shown, frame, mine bool) {
	rest, mine := bytes.CutPrefix(line, f.prefix)
	if !mine {
		return shown{}, false, false
	}
	s, frame = parseShown(rest)
	return s, frame, true
}

// parseShown reads what follows the prefix, such as
//
//	@ 0x55a72f2a0140] n:   1 pts:  30720 pts_time:2       pos: 1 fmt:rgb24 sar:1/1 s:224x224 i:P iskey:1 type:I
func parseShown(rest []byte) (s shown, ok bool) {
	_, rest, ok = bytes.Cut(rest, []byte("] n:"))
	if !ok {
		return shown{}, false
	}
	value, ok := after(rest, "pts_time:")
	if !ok {
		return shown{}, false
	}
	s.pts, _ = stamp(string(value))
	if size, ok := after(rest, " s:"); ok {
		w, h, _ := bytes.Cut(size, []byte{'x'})
		s.width, s.height = int(min(whole(string(w)), 1<<20)), int(min(whole(string(h)), 1<<20))
	}
	return s, true
}

// after returns the word that follows key.
func after(line []byte, key string) ([]byte, bool) {
	_, rest, ok := bytes.Cut(line, []byte(key))
	rest = bytes.TrimLeft(rest, " ")
	if end := bytes.IndexByte(rest, ' '); end >= 0 {
		rest = rest[:end]
	}
	return rest, ok && len(rest) > 0
}

var errNoStamp = errors.New("a frame came without its time stamp")

// stamps carries time stamps from the reader of stderr to that of stdout. The
// writer never waits, so that a full pipe on one side cannot hold up the other.
type stamps struct {
	mu    sync.Mutex
	queue []time.Duration
	more  chan struct{} // one pending signal that queue or ended changed
	ended bool
	over  bool
}

func newStamps() *stamps { return &stamps{more: make(chan struct{}, 1)} }

func (s *stamps) signal() {
	select {
	case s.more <- struct{}{}:
	default:
	}
}

func (s *stamps) push(d time.Duration) {
	s.mu.Lock()
	if len(s.queue) < stampLimit {
		s.queue = append(s.queue, d)
	} else {
		s.over = true
	}
	s.mu.Unlock()
	s.signal()
}

// end says that no more will come.
func (s *stamps) end() {
	s.mu.Lock()
	s.ended = true
	s.mu.Unlock()
	s.signal()
}

// next waits for the next one.
func (s *stamps) next() (time.Duration, error) {
	for {
		s.mu.Lock()
		if s.over {
			s.mu.Unlock()
			return 0, errNoStamp
		}
		if len(s.queue) > 0 {
			d := s.queue[0]
			s.queue = append(s.queue[:0], s.queue[1:]...)
			s.mu.Unlock()
			return d, nil
		}
		ended := s.ended
		s.mu.Unlock()
		if ended {
			return 0, errNoStamp
		}
		<-s.more
	}
}
