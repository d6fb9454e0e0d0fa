package models

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/url"
	"strconv"
	"time"
)

// Links makes the URLs in documents and events.
type Links interface {
	Media(org, videoID string) string
	Thumbnail(org, videoID string) string
	Storyboard(org, videoID string) string
	StoryboardPicture(org, videoID string) string
	Evidence(org, videoID string, atMs int64) string
	// Playback is of the version for browsers, where one was made.
	Playback(org, videoID string) string
}

// The kinds of links: the last part of their path, and what a signature is for.
const (
	LinkMedia             = "media"
	LinkThumbnail         = "thumbnail"
	LinkStoryboard        = "storyboard.vtt"
	LinkStoryboardPicture = "storyboard.jpg"
	LinkPlayback          = "playback"
)

// LinkEvidence is the kind of the link to the picture of a moment.
func LinkEvidence(atMs int64) string { return "evidence/" + strconv.FormatInt(atMs, 10) }

// SignedLinks makes and checks URLs that carry their own permission, for an
// <img> or <video> element, which cannot send a header. A signature is bound
// to the organization, the video, the kind and the expiry.
type SignedLinks struct {
	// Base is the public address without a trailing slash.
	Base string
	// Key signs; at least 32 bytes, the same on every node.
	Key []byte
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// linkDay is the step of an expiry: a URL lives one to two days and stays the
// same for a day, so that browsers can cache what it names.
const linkDay = 24 * time.Hour

// Media returns the URL of the uploaded file.
func (l *SignedLinks) Media(org, videoID string) string { return l.sign(LinkMedia, org, videoID) }

// Playback returns the URL of the version for browsers.
func (l *SignedLinks) Playback(org, videoID string) string {
	return l.sign(LinkPlayback, org, videoID)
}

// Thumbnail returns the URL of the picture.
func (l *SignedLinks) Thumbnail(org, videoID string) string {
	return l.sign(LinkThumbnail, org, videoID)
}

// Storyboard returns the URL of the WebVTT file for scrubbing.
func (l *SignedLinks) Storyboard(org, videoID string) string {
	return l.sign(LinkStoryboard, org, videoID)
}

// StoryboardPicture returns the URL of the picture that the WebVTT file names.
func (l *SignedLinks) StoryboardPicture(org, videoID string) string {
	return l.sign(LinkStoryboardPicture, org, videoID)
}

// Evidence returns the URL of the picture of a moment.
func (l *SignedLinks) Evidence(org, videoID string, atMs int64) string {
	return l.sign(LinkEvidence(atMs), org, videoID)
}

func (l *SignedLinks) sign(kind, org, videoID string) string {
	expires := l.now().Truncate(linkDay).Add(2 * linkDay).Unix()
	q := url.Values{"org": {org}, "expires": {strconv.FormatInt(expires, 10)}, "signature": {l.signature(kind, org, videoID, expires)}}
	return l.Base + "/api/videos/" + url.PathEscape(videoID) + "/" + kind + "?" + q.Encode()
}

// Verify returns the organization that a signed URL's query speaks for, and
// until when. It returns an [Error] with [CodeTokenInvalid] or
// [CodeTokenExpired].
func (l *SignedLinks) Verify(kind, videoID string, q url.Values) (org string, until time.Time, err error) {
	org = q.Get("org")
	expires, perr := strconv.ParseInt(q.Get("expires"), 10, 64)
	if perr != nil || !ValidID(org) || !hmac.Equal([]byte(q.Get("signature")), []byte(l.signature(kind, org, videoID, expires))) {
		return "", time.Time{}, Errorf(CodeTokenInvalid, "This link is not valid.")
	}
	if l.now().Unix() >= expires {
		return "", time.Time{}, Errorf(CodeTokenExpired, "This link has expired.")
	}
	return org, time.Unix(expires, 0), nil
}

func (l *SignedLinks) signature(kind, org, videoID string, expires int64) string {
	m := hmac.New(sha256.New, l.Key)
	for _, part := range []string{kind, org, videoID, strconv.FormatInt(expires, 10)} {
		m.Write([]byte(strconv.Itoa(len(part)) + ":" + part))
	}
	return base64.RawURLEncoding.EncodeToString(m.Sum(nil))
}

func (l *SignedLinks) now() time.Time {
	if l.Now != nil {
		return l.Now()
	}
	return time.Now()
}
