// Package bucketstore keeps blobs in a bucket that speaks S3, through
// gocloud.dev/blob: one object a blob, named like the files of blobstore below
// an optional prefix.
//
// An object exists once its upload is complete, whole, or not at all. A large
// one is sent in parts; the parts of an upload that was given up are dropped at
// once, those of a process that died by [Store.Tidy]. What ffmpeg reads is
// copied to a folder on this machine that is bounded and this process's own.
//
// Credentials come from where the AWS SDK looks (AWS_ACCESS_KEY_ID and
// AWS_SECRET_ACCESS_KEY, shared files, the machine's role), never from the URL.
package bucketstore
