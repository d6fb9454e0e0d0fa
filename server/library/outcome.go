package library

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/image/webp"

	"reelroom/models"
)

// The bounds of what an outcome from outside may say.
const (
	maxSaidRunes    = 500  // of one text
	maxSaidEntries  = 1000 // of one list
	maxSaidWarnings = 32
	maxSaidNumber   = 1 << 53
	maxPictureSide  = 2048 // pixels
	pictureScheme   = "data:image/webp;base64,"
)

// notes are fields that an outcome may repeat, and that only the record says.
var notes = []string{
	"organizationId", "videoId", "title", "status", "attempt", "rev", "seq", "ts", "progress", "message",
}

// known refuses data with fields that would be lost: they are likely mistyped,
// and an outcome cannot be corrected.
func known(fields map[string]json.RawMessage, names ...string) error {
	for name := range fields {
		if !slices.Contains(names, name) && !slices.Contains(notes, name) {
			return models.Errorf(models.CodeInvalid, "data of this event has no field of such a name; it may have %s.", strings.Join(names, ", "))
		}
	}
	return nil
}

// processed reads the data of video:processed. What is absent or null stays as
// the record has it.
func processed(fields map[string]json.RawMessage) (*models.Outside, []byte, error) {
	if err := known(fields, "metadata", "thumbnail", "placeholder", "sensitivity", "warnings"); err != nil {
		return nil, nil, err
	}
	o := &models.Outside{}
	for name, into := range map[string]any{"metadata": &o.Metadata, "sensitivity": &o.Sensitivity, "warnings": &o.Warnings} {
		if err := strict(name, fields[name], into); err != nil {
			return nil, nil, err
		}
	}
	if m := o.Metadata; m != nil {
		if m.Video.Rotation%90 != 0 || m.Video.Rotation >= 360 {
			return nil, nil, models.Errorf(models.CodeInvalid, "data.metadata.video.rotation must be 0, 90, 180 or 270.")
		}
		m.Audio, m.Chapters = orEmpty(m.Audio), orEmpty(m.Chapters)
	}
	if s := o.Sensitivity; s != nil {
		if err := tidySensitivity(s); err != nil {
			return nil, nil, err
		}
	}
	if len(o.Warnings) > maxSaidWarnings {
		return nil, nil, models.Errorf(models.CodeInvalid, "data.warnings are more than %d.", maxSaidWarnings)
	}
	for _, w := range o.Warnings {
		if w.Code == "" || w.Message == "" {
			return nil, nil, models.Errorf(models.CodeInvalid, "data.warnings must each have a code and a message.")
		}
	}
	picture, err := readPicture(fields, o)
	return o, picture, err
}

// tidySensitivity checks what was said, and leaves out what only the own
// classifier and the own people say.
func tidySensitivity(s *models.Sensitivity) error {
	switch s.Verdict {
	case models.VerdictSafe, models.VerdictReview, models.VerdictFlagged:
	default:
		return models.Errorf(models.CodeInvalid, "data.sensitivity.verdict must be safe, review or flagged.")
	}
	for _, score := range s.Scores {
		if score > 1 {
			return models.Errorf(models.CodeInvalid, "data.sensitivity.scores must be from 0 to 1.")
		}
	}
	s.MachineVerdict, s.Review, s.PolicyVersion, s.ScoresKey, s.EvidenceMs = s.Verdict, nil, 0, "", nil
	s.Segments = orEmpty(s.Segments)
	if s.Scores == nil {
		s.Scores = map[string]float64{}
	}
	return tidySegments("sensitivity.segments", s.Segments)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// failed reads the data of video:failed. A code that no failure here has becomes
// [models.CodeExternal]: the words tell more, and what failed stays failed.
func failed(fields map[string]json.RawMessage) (*models.Outside, error) {
	if err := known(fields, "error", "code", "stage"); err != nil {
		return nil, err
	}
	f := models.Failure{}
	for name, into := range map[string]any{"error": &f.Message, "code": &f.Code, "stage": &f.Stage} {
		if err := strict(name, fields[name], into); err != nil {
			return nil, err
		}
	}
	if len(f.Stage) > maxStageBytes {
		return nil, models.Errorf(models.CodeInvalid, "data.stage is longer than %d bytes.", maxStageBytes)
	}
	if f.Message == "" {
		f.Message = "Processing failed."
	}
	if !slices.Contains(models.FailureCodes, f.Code) {
		f.Code = models.CodeExternal
	}
	return &models.Outside{Failure: &f}, nil
}

// strict reads a field of data into a type of models: no field that the type has
// not, no number that is negative or beyond what a program can count on, no text
// and no list without end. Texts are cleaned. An absent field changes nothing.
func strict(name string, raw json.RawMessage, into any) error {
	if raw == nil {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return models.Errorf(models.CodeInvalid, "data.%s is not what the event's payload has there.", name).Because(err)
	}
	if !bounded(reflect.ValueOf(into).Elem()) {
		return models.Errorf(models.CodeInvalid, "data.%s holds a text of more than %d characters, a list of more than %d entries, or a number out of range.", name, maxSaidRunes, maxSaidEntries)
	}
	return nil
}

// bounded walks through a value of models, cleans its texts, and reports whether
// all of it is within bounds.
func bounded(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer:
		return v.IsNil() || bounded(v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && !bounded(v.Field(i)) {
				return false
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if i == maxSaidEntries || !bounded(v.Index(i)) {
				return false
			}
		}
	case reflect.Map:
		for it := v.MapRange(); it.Next(); {
			key := it.Key().String()
			if v.Len() > maxSaidEntries || key != cleanText(key) || utf8.RuneCountInString(key) > maxSaidRunes || !bounded(it.Value()) {
				return false
			}
		}
	case reflect.String:
		text := cleanText(v.String())
		if v.CanSet() {
			v.SetString(text)
		}
		return utf8.RuneCountInString(text) <= maxSaidRunes
	case reflect.Int, reflect.Int64:
		return v.Int() >= 0 && v.Int() <= maxSaidNumber
	case reflect.Float64:
		return v.Float() >= 0 && v.Float() <= maxSaidNumber
	}
	return true
}

// readPicture reads the thumbnail, which comes as a data URL: a link elsewhere
// would end, or tell others who looks at it.
func readPicture(fields map[string]json.RawMessage, o *models.Outside) ([]byte, error) {
	var url, placeholder *string
	bad := models.Errorf(models.CodeInvalid, "data.thumbnail must be a WebP picture of at most %d pixels a side, as %s…", maxPictureSide, pictureScheme)
	if raw, ok := fields["thumbnail"]; ok && json.Unmarshal(raw, &url) != nil {
		return nil, bad
	}
	if raw, ok := fields["placeholder"]; ok && (json.Unmarshal(raw, &placeholder) != nil || placeholder != nil && !validPlaceholder(*placeholder)) {
		return nil, models.Errorf(models.CodeInvalid, "data.placeholder must be a ThumbHash in base 64.")
	}
	if url == nil {
		return nil, nil
	}
	text, ok := strings.CutPrefix(*url, pictureScheme)
	picture, err := base64.StdEncoding.Strict().DecodeString(text)
	if !ok || err != nil {
		return nil, bad
	}
	size, err := webp.DecodeConfig(bytes.NewReader(picture))
	if err != nil || size.Width < 1 || size.Height < 1 || size.Width > maxPictureSide || size.Height > maxPictureSide {
		return nil, bad
	}
	o.Thumbnail = &models.Thumbnail{Width: size.Width, Height: size.Height, Bytes: int64(len(picture)), AtMs: -1}
	if placeholder != nil {
		o.Thumbnail.Placeholder = *placeholder
	}
	return picture, nil
}

// validPlaceholder takes what a ThumbHash can be: 5 to 25 bytes.
func validPlaceholder(s string) bool {
	raw, err := base64.StdEncoding.Strict().DecodeString(s)
	return err == nil && len(raw) >= 5 && len(raw) <= 25
}

// end ends the video's work with an outcome from outside.
func (l *Library) end(ctx context.Context, who models.Identity, v *models.Video, id string, s said) (Receipt, error) {
	if c, seen := l.placeOf(ctx, v.OrganizationID, id); seen { // of an event that was no outcome
		return receiptOf(c, true), nil
	}
	o := *s.outcome
	if o.ID = id; id == "" {
		o.ID = models.NewID(l.now())
	}
	if s.picture != nil {
		key, err := l.keepPicture(ctx, v, s.picture)
		if err != nil {
			return Receipt{}, err
		}
		thumbnail := *o.Thumbnail
		thumbnail.Key, o.Thumbnail = key, &thumbnail
	}
	ended, err := l.advance(ctx, who, v.ID, models.AuditEnd, models.EndOutside(o), "")
	if err != nil {
		return l.notEnded(ctx, v, o, err)
	}
	l.forget(ctx, &ended)
	place, _ := l.placeOf(ctx, ended.OrganizationID, o.ID)
	return receiptOf(place, false), nil
}

// notEnded tells a report that came twice at once from one that came too late.
func (l *Library) notEnded(ctx context.Context, v *models.Video, o models.Outside, err error) (Receipt, error) {
	code := models.CodeOf(err)
	if o.Thumbnail != nil && (code == models.CodeConflict || code == models.CodeNotFound) { // surely not written
		if err := l.Blobs.Delete(context.WithoutCancel(ctx), v.OrganizationID, o.Thumbnail.Key); err != nil {
			l.Logger.Warn("a picture that nothing names stays until the video is removed", "organization", v.OrganizationID, "video", v.ID, "error", err)
		}
	}
	if errors.Is(err, models.ErrConflict) {
		if now, look := l.Store.Get(ctx, v.OrganizationID, v.ID); look == nil && now.ReportedAs(o.ID) {
			return l.repeated(ctx, v.OrganizationID, o.ID), nil
		}
	}
	return Receipt{}, err
}

// keepPicture writes a picture under a key of its own: the own worker may be
// writing its one at the same time.
func (l *Library) keepPicture(ctx context.Context, v *models.Video, picture []byte) (key string, err error) {
	if v.Folder() == "" {
		return "", models.Errorf(models.CodeUnsupported, "This video has no place for a thumbnail.")
	}
	key = v.Folder() + "/thumbnail-" + models.NewID(l.now()) + ".webp"
	w, err := l.Blobs.Create(ctx, v.OrganizationID, key)
	if err != nil {
		return "", err
	}
	defer w.Abort()
	if _, err := w.Write(picture); err != nil {
		return "", err
	}
	return key, w.Commit()
}
