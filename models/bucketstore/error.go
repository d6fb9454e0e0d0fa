package bucketstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/aws/smithy-go"

	"reelroom/models"
)

// again is how long to wait after the bucket did not answer.
const again = 5 * time.Second

// errorCode is what the service calls its error, or "".
func errorCode(err error) string {
	if e, ok := errors.AsType[smithy.APIError](err); ok {
		return e.ErrorCode()
	}
	return ""
}

// failure gives an error its code. That the bucket is gone or closed to us is
// trouble of the installation, never the answer that a blob is absent.
func failure(err error) error {
	var coded *models.Error
	switch {
	case err == nil, errors.As(err, &coded):
		return err
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return models.Errorf(models.CodeUnavailable, "The call was given up.").Because(err).Again(0)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), errors.Is(err, syscall.EFBIG): // a local copy
		return models.Errorf(models.CodeStorageFull, "The disk is full.").Because(err)
	}
	switch errorCode(err) {
	case "NoSuchKey":
		return models.Errorf(models.CodeNotFound, "There is no such file.")
	case "XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientStorage", "InsufficientCapacity":
		return models.Errorf(models.CodeStorageFull, "The storage of files is full.").Because(err)
	}
	return models.Errorf(models.CodeUnavailable, "The storage of files does not answer.").Because(err).Again(again)
}

// explain says what an operator can do about an error at start.
func explain(s Settings, err error) error {
	var words string
	switch code := errorCode(err); code {
	case "NoSuchBucket", "NotFound":
		words = fmt.Sprintf("there is no bucket %q; make it first", s.Bucket)
	case "AccessDenied", "Forbidden":
		words = fmt.Sprintf("these credentials may not use the bucket %q; "+
			"they need s3:ListBucket, s3:GetObject, s3:PutObject, s3:DeleteObject, s3:AbortMultipartUpload and s3:ListBucketMultipartUploads", s.Bucket)
	case "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "ExpiredToken":
		words = "the credentials in AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not accepted"
	case "PermanentRedirect", "AuthorizationHeaderMalformed", "IllegalLocationConstraintException":
		words = fmt.Sprintf("the bucket %q is in another region than %q", s.Bucket, s.Region)
	default:
		var away *net.OpError
		switch {
		case errors.As(err, &away):
			words = "the storage cannot be reached"
		case strings.Contains(err.Error(), "credentials"):
			words = "no credentials were found; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
		default:
			words = "the bucket cannot be used"
		}
	}
	return fmt.Errorf("%s (%w)", words, err)
}
