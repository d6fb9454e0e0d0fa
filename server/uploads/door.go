package uploads

import (
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"time"

	"reelroom/models"
	"reelroom/server/api"
	"reelroom/server/capacity"
	"reelroom/server/library"
	"reelroom/server/limits"
)

// Config is what the door needs. All fields but Limits, Capacity, Logger and Now
// are needed.
type Config struct {
	Library *library.Library
	Limits  *limits.Limits
	// Capacity grants the room; with nil there is always some.
	Capacity *capacity.Capacity
	// Dir is the folder of uploads. Servers that share it share the uploads.
	Dir string
	// Life is how long an upload that stands still is kept, and how long one that
	// has become a video still answers.
	Life   time.Duration
	Logger *slog.Logger
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Door takes files in several requests.
type Door struct {
	Config
	shelf  *shelf
	locker *locker
	index  *index
	// leaving ends the requests that bring bytes.
	leaving context.Context //nolint:containedctx // ended by Leave
	leave   context.CancelFunc
}

// New makes the door. The caller closes it.
func New(c Config) (*Door, error) {
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, err
	}
	c.Dir = dir
	s, err := openShelf(c.Dir)
	if err != nil {
		return nil, err
	}
	d := &Door{Config: c, shelf: s, locker: &locker{shelf: s, held: map[string]*hold{}}, index: &index{orgs: map[string]*holdings{}}}
	d.leaving, d.leave = context.WithCancel(context.Background())
	if err := d.each(d.leaving, d.takeUp); err != nil {
		d.Logger.Warn("not all unfinished uploads could be read", "error", err)
	}
	return d, nil
}

// Leave ends the requests that bring bytes: what came is kept, and their clients
// go on at another server, or after the restart.
func (d *Door) Leave() { d.leave() }

// Close frees the folder.
func (d *Door) Close() error {
	d.leave()
	return d.shelf.root.Close()
}

// Routes are the entries of the door.
func (d *Door) Routes(g *api.Gate) []api.Route {
	const one = "/api/uploads/{id}"
	tus := func(h api.MemberHandler) api.Handler {
		member := g.Member(h)
		return func(w http.ResponseWriter, r *http.Request) error {
			w.Header().Set("Tus-Resumable", version)
			return member(w, r)
		}
	}
	return []api.Route{
		{Pattern: "OPTIONS /api/uploads", Handle: d.options},
		{Pattern: "OPTIONS " + one, Handle: d.options},
		{Pattern: "POST /api/uploads", Handle: tus(d.create)},
		{Pattern: "HEAD " + one, Handle: tus(d.as(http.MethodHead))},
		{Pattern: "PATCH " + one, Handle: tus(d.as(http.MethodPatch))},
		{Pattern: "DELETE " + one, Handle: tus(d.as(http.MethodDelete))},
		{Pattern: "POST " + one, Handle: tus(d.override)},
		{Pattern: "GET /api/uploads", Handle: g.Member(d.list)},
		{Pattern: "GET " + one, Handle: g.Member(d.show)},
	}
}

// find reads an upload for the member who began it, or an admin.
func (d *Door) find(who models.Identity, id string) (*upload, error) {
	if err := d.Library.May(who, models.ActionEdit); err != nil {
		return nil, err
	}
	u, err := d.shelf.load(who.OrganizationID, id)
	if err != nil {
		return nil, err
	}
	if u.UserID != who.UserID && !who.May(models.ActionAdmin) {
		return nil, errAbsent
	}
	return u, nil
}

// UploadState is an upload as members see it.
type UploadState struct {
	ID string `json:"id"`
	// Key is what the uploader called it before it had an id, or "".
	Key      string `json:"key"`
	UserID   string `json:"userId"`
	FileName string `json:"fileName"`
	Title    string `json:"title"`
	Received int64  `json:"received"`
	Size     int64  `json:"size"`
	// Status is uploading, received (it becomes a video next) or finished.
	Status string `json:"status"`
	// VideoID is null until the upload is finished.
	VideoID   *string   `json:"videoId"`
	CreatedAt time.Time `json:"createdAt"`
	// ExpiresAt is when the upload is given up if nothing more comes; null once
	// everything came.
	ExpiresAt *time.Time `json:"expiresAt"`
}

func (d *Door) document(u *upload) UploadState {
	doc := UploadState{
		ID: u.ID, Key: keyOf(u.Meta), UserID: u.UserID, FileName: u.FileName, Title: u.Title, Received: u.received, Size: u.Size,
		Status: "uploading", CreatedAt: u.CreatedAt,
	}
	switch {
	case u.finished():
		doc.Status, doc.VideoID = "finished", &u.VideoID
	case u.whole():
		doc.Status = "received"
	default:
		at := u.touched.Add(d.Life).UTC().Truncate(time.Second)
		doc.ExpiresAt = &at
	}
	return doc
}

// UploadListing is what is on its way into an organization, oldest first.
type UploadListing struct {
	Data []UploadState `json:"data"`
}

// list answers GET /api/uploads: what is on its way into the organization.
func (d *Door) list(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	if err := d.Library.May(who, models.ActionView); err != nil {
		return err
	}
	all, err := d.shelf.list(who.OrganizationID, d.index.of(who.OrganizationID).finished)
	if err != nil {
		return err
	}
	out := UploadListing{[]UploadState{}}
	for _, u := range all {
		if !d.expired(u) {
			out.Data = append(out.Data, d.document(u))
		}
	}
	return api.WriteTagged(w, r, out)
}

// show answers GET /api/uploads/{id}.
func (d *Door) show(w http.ResponseWriter, r *http.Request, who models.Identity) error {
	u, err := d.find(who, r.PathValue("id"))
	if err != nil {
		return err
	}
	return api.WriteTagged(w, r, d.document(u))
}

// base is what events say of the upload.
func (d *Door) base(u *upload) models.UploadBase {
	return models.UploadBase{
		OrganizationID: u.OrganizationID, UploadID: u.ID, Key: keyOf(u.Meta), Title: u.Title, FileName: u.FileName, UserID: u.UserID,
		Received: u.received, Size: u.Size, TS: d.Now().UTC(),
	}
}
