package mongostore

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/mongo"

	"reelroom/models"
)

// refused carries a transition's own error past all that reads errors here.
type refused struct{ error }

// retryAfter is what a caller is told to wait for when no server answers.
const retryAfter = 2 * time.Second

// lost reports whether the answer of the server did not arrive, or whether it
// asked to try elsewhere: then nobody knows if the write was done.
func lost(err error) bool {
	if mongo.IsNetworkError(err) || mongo.IsTimeout(err) {
		return true
	}
	if failed, ok := errors.AsType[mongo.WriteException](err); ok && failed.WriteConcernError != nil {
		return true // written, but not yet known to a majority
	}
	var server mongo.ServerError
	return errors.As(err, &server) && (server.HasErrorLabel("RetryableWriteError") || server.HasErrorLabel("TransientTransactionError"))
}

// failure gives an error of the driver its code.
func failure(ctx context.Context, err error) error {
	if said, ok := errors.AsType[*refused](err); ok {
		return said.error
	}
	var coded *models.Error
	switch {
	case err == nil, errors.As(err, &coded):
		return err
	case mongo.IsDuplicateKeyError(err):
		return models.Errorf(models.CodeConflict, "This id is taken.").Because(err)
	case ctx.Err() != nil:
		return models.Errorf(models.CodeUnavailable, "The database did not answer in time.").
			Because(errors.Join(ctx.Err(), err)).Again(retryAfter)
	case lost(err), errors.Is(err, errRaced), !answered(err):
		return models.Errorf(models.CodeUnavailable, "The database cannot be reached.").Because(err).Again(retryAfter)
	}
	return models.Errorf(models.CodeInternal, "The database failed.").Because(err)
}

// answered reports whether the error is what a server said about the request;
// any other is of the way there: no server found, connection refused, closed.
func answered(err error) bool {
	var server mongo.ServerError
	return errors.As(err, &server)
}
