package library

import (
	"context"
	"errors"
	"io"
	"slices"
	"strconv"
	"sync"
	"time"

	"reelroom/models"
	"reelroom/rooms"
	"reelroom/server/capacity"
)

// BatchFile is one file of a batch on its way in.
type BatchFile struct {
	// FileName is what the uploader calls it.
	FileName string
	// Body is read once, as far as it is needed.
	Body io.Reader
}

// BatchUpload is a request with many files.
type BatchUpload struct {
	// Key is the client's idempotency key, or "". A request that repeats one which
	// came through is answered with the batch; one that repeats a cut one adds
	// what is missing, file by file in the same order.
	Key string
	// Size is how many bytes the request announced, 0 when not known.
	Size int64
	// Next returns the next file, and [io.EOF] after the last. Any other error
	// means that the request was cut.
	Next func() (*BatchFile, error)
}

// surplus bounds, as a multiple of MaxBatch, how many files of a request are
// looked at, only to say that they are too many.
const surplus = 10

// UploadBatch takes the files one by one, each as [Library.Upload] does. A file
// that is refused does not end the others: it is counted and named in the state.
// A request that is cut keeps the files that came before; then, and when the
// store or the storage does not answer, the error says so, and the batch holds
// what was taken. repeated tells that the key's batch was there already.
func (l *Library) UploadBatch(ctx context.Context, who models.Identity, u BatchUpload) (s models.BatchState, repeated bool, err error) {
	if err := may(who, models.ActionEdit); err != nil {
		return s, false, err
	}
	run := &receiving{library: l, who: who, name: models.NewID(l.now()), next: u.Next, keyed: u.Key != ""}
	run.batch.ID = models.NewID(l.now())
	if u.Key != "" {
		if !validKey(u.Key) {
			return s, false, errKey
		}
		run.batch.ID = models.DerivedID(who.OrganizationID, who.UserID, "batch", u.Key)
		before, err := l.Batches.Batch(ctx, who.OrganizationID, run.batch.ID)
		if err == nil && !before.Receiving() && (!before.Cut || !before.CancelledAt.IsZero()) {
			s, err = l.batchState(ctx, before)
			return s, true, err
		}
		if err != nil && !errors.Is(err, models.ErrNoBatch) {
			return s, false, err
		}
		run.again = err == nil
	}
	if err := l.admit(ctx, who.OrganizationID); err != nil {
		return s, false, err
	}
	if run.grant, err = l.Room(ctx, who, u.Size); err != nil {
		return s, false, err
	}
	defer run.grant.Release()
	file, err := u.Next() // before anything is written: a request without files leaves nothing
	if err == io.EOF {
		return s, false, models.Errorf(models.CodeInvalid, "The form has no file in the field files.")
	}
	if err != nil {
		return s, false, cut(err)
	}
	if err := run.begin(ctx); err != nil {
		return s, false, err
	}
	err = run.take(ctx, file)
	// From here on the client's going away changes nothing.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	closed, closing := run.close(ctx, err != nil)
	if err != nil || closing != nil {
		return s, false, run.kept(errors.Join(err, closing))
	}
	s, err = l.batchState(ctx, closed)
	return s, false, err
}

// receiving is a request that brings the files of a batch.
type receiving struct {
	library *Library
	who     models.Identity
	name    string
	keyed   bool
	again   bool // the batch was begun by an earlier request
	next    func() (*BatchFile, error)
	batch   models.Batch
	grant   *capacity.Grant
	index   int

	mu                 sync.Mutex
	accepted, refused  int
	rejected           []models.Rejection
	cancelled, usurped bool
}

// begin makes the record, or takes it up again.
func (r *receiving) begin(ctx context.Context) (err error) {
	org, store := r.who.OrganizationID, r.library.Batches
	if r.again {
		r.batch, err = store.AdvanceBatch(ctx, org, r.batch.ID, models.ReceiveAgain(r.name))
		return err
	}
	r.batch.CreatedBy, r.batch.Receiver.Worker = r.who.UserID, r.name
	made, err := store.CreateBatch(ctx, org, r.batch)
	if models.CodeOf(err) == models.CodeConflict {
		return models.ErrBatchReceiving.Because(err) // another request with this key was first
	}
	if err == nil {
		r.batch = made
		r.library.Publisher.Counted(ctx, rooms.FigureBatches, "accepted", 1)
	}
	return err
}

// take takes file and all that come after it. While it does, the record hears
// that it lives.
func (r *receiving) take(ctx context.Context, file *BatchFile) (err error) {
	living, died := context.WithCancel(ctx)
	var beating sync.WaitGroup
	beating.Go(func() { r.live(living) })
	defer beating.Wait()
	defer died()
	for ; err == nil; file, err = r.next() {
		if over, err := r.over(); over {
			return err
		}
		if err := r.one(ctx, file); err != nil {
			return err
		}
		r.index++
	}
	if err == io.EOF {
		return nil
	}
	return cut(err)
}

// over tells that no more files are wanted.
func (r *receiving) over() (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.usurped {
		return true, models.ErrBatchReceiving
	}
	if r.library.MaxBatch > 0 && r.index >= surplus*r.library.MaxBatch {
		return true, errTooMany(r.library.MaxBatch)
	}
	return r.cancelled, nil
}

func errTooMany(most int) error {
	return models.Errorf(models.CodeBatchFull, "A batch takes at most %d files; send the others in another.", most)
}

// one takes one file. What is wrong with the file is written down; an error is
// of the request or of the server, and ends both.
func (r *receiving) one(ctx context.Context, file *BatchFile) error {
	l := r.library
	if l.MaxBatch > 0 && r.index >= l.MaxBatch {
		r.reject(file, errTooMany(l.MaxBatch))
		return nil
	}
	u := Upload{FileName: file.FileName, Body: file.Body, Grant: r.grant}
	if r.keyed { // the same file of a repeated request is the same video
		u.Key = "batch " + r.batch.ID + " " + strconv.Itoa(r.index)
	}
	err := r.grant.Begin(ctx)
	if err == nil {
		_, _, err = l.upload(ctx, r.who, u, r.batch.ID)
	}
	switch code := models.CodeOf(err); {
	case err == nil:
		r.mu.Lock()
		r.accepted++
		r.mu.Unlock()
	case code == models.CodeUploadIncomplete, code == models.CodeUnavailable, code == models.CodeInternal, code == models.CodeForbidden:
		r.reject(file, err)
		return err
	default:
		r.reject(file, err)
	}
	return nil
}

func (r *receiving) reject(file *BatchFile, err error) {
	e, ok := errors.AsType[*models.Error](err)
	if !ok {
		e = models.Errorf(models.CodeInternal, "Something went wrong on the server.")
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.refused++; len(r.rejected) < models.MaxRejections {
		r.rejected = append(r.rejected, models.Rejection{Index: r.index, Name: cleanName(file.FileName), Code: e.Code, Message: e.Message})
	}
}

// live renews the hold on the record, and learns from it when the batch is
// cancelled or was taken from this request.
func (r *receiving) live(ctx context.Context) {
	ticker := time.NewTicker(models.HeartbeatEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		r.mu.Lock()
		rejected, count := slices.Clone(r.rejected), r.refused
		r.mu.Unlock()
		b, err := r.library.Batches.AdvanceBatch(ctx, r.who.OrganizationID, r.batch.ID, models.BatchReceiving(r.name, rejected, count))
		r.mu.Lock()
		r.cancelled = r.cancelled || err == nil && !b.CancelledAt.IsZero()
		r.usurped = r.usurped || errors.Is(err, models.ErrStale)
		r.mu.Unlock()
	}
}

// close writes what came of the request, and ends what was cancelled meanwhile.
func (r *receiving) close(ctx context.Context, cut bool) (models.Batch, error) {
	r.library.Publisher.Counted(ctx, rooms.FigureFiles, "accepted", r.accepted)
	r.library.Publisher.Counted(ctx, rooms.FigureFiles, "refused", r.refused)
	b, err := r.library.Batches.AdvanceBatch(ctx, r.who.OrganizationID, r.batch.ID, models.BatchReceived(r.name, r.accepted, r.rejected, r.refused, cut))
	if err != nil || b.CancelledAt.IsZero() {
		return b, err
	}
	b, _, err = r.library.settler().Settle(ctx, b)
	return b, err
}

// kept says, beside what went wrong, what became of the files before.
func (r *receiving) kept(err error) error {
	r.library.Logger.Info("a batch was not received to its end", "organization", r.who.OrganizationID, "batch", r.batch.ID,
		"accepted", r.accepted, "error", err)
	e, ok := errors.AsType[*models.Error](err)
	if !ok || r.accepted == 0 {
		return err
	}
	said := *e
	said.Message = "The files of the batch did not all arrive. Batch " + r.batch.ID + " has the " + strconv.Itoa(r.accepted) + " that did; send the others again."
	return said.Because(err)
}
