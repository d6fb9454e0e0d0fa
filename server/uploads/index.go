package uploads

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"reelroom/server/capacity"
	"reelroom/server/limits"
)

// index is what this server knows of the unfinished uploads, so that a new one
// is judged without reading all others. Nothing in it waits for another
// organization.
type index struct {
	mu   sync.Mutex
	orgs map[string]*holdings
}

// holdings are the uploads of one organization.
type holdings struct {
	org string
	// looking is held by who compares the list with the folder.
	looking sync.Mutex
	looked  time.Time // the last time

	mu      sync.Mutex
	entries map[string]*entry
	done    map[string]bool // the ids of uploads that are known to be videos
}

// entry is an unfinished upload.
type entry struct {
	user    string
	size    int64
	touched time.Time
	making  bool // it has no folder yet
	grant   *capacity.Grant
}

// lookEvery is how old the list of an organization may be when an upload is
// made: other servers that share the folder make some, too.
const lookEvery = time.Second

func (x *index) of(org string) *holdings {
	x.mu.Lock()
	defer x.mu.Unlock()
	h := x.orgs[org]
	if h == nil {
		h = &holdings{org: org, entries: map[string]*entry{}, done: map[string]bool{}}
		x.orgs[org] = h
	}
	return h
}

func (x *index) all() []*holdings {
	x.mu.Lock()
	defer x.mu.Unlock()
	return slices.Collect(maps.Values(x.orgs))
}

// refresh compares the list with the folder, unless that was done a moment ago.
// Only what is new there is read.
func (d *Door) refresh(h *holdings) error {
	h.looking.Lock()
	defer h.looking.Unlock()
	if since := d.Now().Sub(h.looked); since >= 0 && since < lookEvery {
		return nil
	}
	before := h.ids()
	names, err := d.shelf.names(folderOf(h.org))
	if err != nil {
		return err
	}
	for _, id := range names {
		if h.knows(id) {
			continue
		}
		u, err := d.shelf.load(h.org, id)
		if err != nil && !errors.Is(err, errAbsent) {
			return err
		}
		if err == nil {
			d.see(h, u)
		}
	}
	h.keep(before, names)
	h.looked = d.Now()
	return nil
}

// see takes up what was read of an upload.
func (d *Door) see(h *holdings, u *upload) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.entries[u.ID]
	switch {
	case u.finished():
		h.done[u.ID] = true
		h.drop(u.ID)
	case e == nil:
		h.entries[u.ID] = &entry{user: u.UserID, size: u.Size, touched: u.touched, grant: d.Capacity.Restore(h.org, u.Size, u.received)}
		e = h.entries[u.ID]
	default:
		e.touched = u.touched
		e.grant.Arrived(u.received)
	}
	if e != nil && d.idle(u) {
		e.grant.Idle()
	}
}

// idle tells that nothing of an upload came for so long that its room on the
// disk is for others. What came is kept.
func (d *Door) idle(u *upload) bool { return !u.whole() && d.Now().Sub(u.touched) > idleTime }

func (h *holdings) ids() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for id, e := range h.entries {
		if !e.making {
			out = append(out, id)
		}
	}
	for id := range h.done {
		out = append(out, id)
	}
	return out
}

func (h *holdings) knows(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.entries[id] != nil || h.done[id]
}

// finished tells that an upload is known to be a video.
func (h *holdings) finished(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.done[id]
}

// keep drops those of the uploads that were known before the folder was read and
// are not in it. The names are sorted.
func (h *holdings) keep(before, names []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, id := range before {
		if _, there := slices.BinarySearch(names, id); !there {
			h.drop(id)
			delete(h.done, id)
		}
	}
}

// drop forgets an upload that is none any more. The caller holds mu.
func (h *holdings) drop(id string) {
	if e := h.entries[id]; e != nil {
		delete(h.entries, id)
		e.grant.Release()
	}
}

// forget is drop for one that was removed or has become a video.
func (h *holdings) forget(id string, finished bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.drop(id); finished {
		h.done[id] = true
	}
}

// add takes a new upload up, where the limits permit it.
func (d *Door) add(h *holdings, u state) (*entry, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	var user, org limits.Held
	user.Add(u.Size)
	for _, e := range h.entries {
		if e.user == u.UserID && d.Now().Sub(e.touched) <= d.Life {
			user.Add(e.size)
		}
	}
	org = d.held(h)
	org.Add(u.Size)
	if err := d.Limits.Unfinished(user, org); err != nil {
		return nil, err
	}
	e := &entry{user: u.UserID, size: u.Size, touched: u.CreatedAt, making: true}
	h.entries[u.ID] = e
	return e, nil
}

// held counts what is not given up. The caller holds mu.
func (d *Door) held(h *holdings) (out limits.Held) {
	for _, e := range h.entries {
		if d.Now().Sub(e.touched) <= d.Life {
			out.Add(e.size)
		}
	}
	return out
}

// made notes that the upload has its folder.
func (h *holdings) made(e *entry, g *capacity.Grant) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e.making, e.grant = false, g
}

// grant returns the room of an upload; nil where none is kept.
func (h *holdings) grant(id string) *capacity.Grant {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.entries[id]; e != nil {
		return e.grant
	}
	return nil
}

// touch notes that bytes of an upload came.
func (h *holdings) touch(id string, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.entries[id]; e != nil {
		e.touched = now
	}
}
