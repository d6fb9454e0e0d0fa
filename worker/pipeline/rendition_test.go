package pipeline

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"reelroom/models"
	"reelroom/worker/ffmpeg"
)

// filmed makes a video of 2 s with ffmpeg.
func filmed(t *testing.T, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	all := append([]string{"-v", "error", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=2"}, append(args, path)...)
	if out, err := exec.CommandContext(t.Context(), "ffmpeg", all...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return path
}

func (p *Pipeline) processed(t *testing.T, v models.Video) models.Video {
	t.Helper()
	if err := p.Process(t.Context(), models.TaskOf(&v)); err != nil {
		t.Fatal(err)
	}
	v, err := p.Videos.Get(t.Context(), "acme", v.ID)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// Each file ends with the one thing that a browser plays, made as little as
// may be, and none where it is switched off.
func TestRenditions(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		args   string
		choice models.Renditions
		kind   models.PlaybackKind // "" for nothing
		made   bool
	}{
		{"off.mp4", "-c:v libx264 -pix_fmt yuv420p", models.RenditionsOff, models.PlaybackSource, false},
		{"fast.mp4", "-c:v libx264 -pix_fmt yuv420p -movflags +faststart", models.RenditionsMP4, models.PlaybackSource, false},
		{"late.mp4", "-c:v libx264 -pix_fmt yuv420p", models.RenditionsRemux, models.PlaybackRemux, true},
		{"h264.mkv", "-c:v libx264 -pix_fmt yuv420p", models.RenditionsRemux, models.PlaybackRemux, true},
		{"off.mkv", "-c:v libx264 -pix_fmt yuv420p", models.RenditionsOff, "", false},
		{"copy.mov", "-c:v prores", models.RenditionsRemux, "", false},
		{"prores.mov", "-c:v prores", models.RenditionsMP4, models.PlaybackRendition, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := tooled(t)
			p.Renditions = c.choice
			v := p.processed(t, p.upload(t, "x", filmed(t, c.name, strings.Fields(c.args)...)))
			d := models.DocumentOf(&v, noLinks{})
			if v.Status != models.StatusCompleted || (d.Playback == nil) != (c.kind == "") || d.Playback != nil && d.Playback.Kind != c.kind {
				t.Fatalf("%s: %+v, %+v", v.Status, d.Playback, v.Warnings)
			}
			if made := v.Rendition != nil && v.Rendition.Key != ""; made != c.made {
				t.Fatalf("made: %+v", v.Rendition)
			}
			if c.made {
				p.plays(t, &v)
			}
		})
	}
}

// plays checks that the blob is what the record says, and a browser's.
func (p *Pipeline) plays(t *testing.T, v *models.Video) {
	t.Helper()
	path, release, err := p.Blobs.Local(t.Context(), "acme", v.Rendition.Key)
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	r, err := p.Tools.Probe(t.Context(), path)
	if err != nil || r.Video.Codec != "h264" || r.Size != v.Rendition.Bytes || v.Rendition.MediaType != "video/mp4" {
		t.Errorf("%+v: %+v, %v", v.Rendition, r.Video, err)
	}
	if front, err := ffmpeg.FastStart(path); !front || err != nil {
		t.Errorf("index in front: %v, %v", front, err)
	}
}

// fullBlobs takes no rendition.
type fullBlobs struct {
	models.Blobs
	err error
}

func (b fullBlobs) Create(ctx context.Context, org, key string) (models.BlobWriter, error) {
	if strings.Contains(key, "/rendition-") {
		return nil, b.err
	}
	return b.Blobs.Create(ctx, org, key)
}

// A video whose rendition fails is complete, with a warning.
func TestFailedRenditionLeavesTheVideoWhole(t *testing.T) {
	t.Parallel()
	p := tooled(t)
	p.Renditions, p.Blobs = models.RenditionsRemux, fullBlobs{p.Blobs, errors.New("broken")}
	v := p.processed(t, p.upload(t, "x", filmed(t, "late.mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p")))
	if v.Status != models.StatusCompleted || v.Failure != nil || v.Rendition != nil || v.Stage != "" ||
		len(v.Warnings) != 1 || v.Warnings[0].Code != "rendition_failed" {
		t.Errorf("%s, %+v, %+v, %+v", v.Status, v.Failure, v.Rendition, v.Warnings)
	}
	if d := models.DocumentOf(&v, noLinks{}); d.Playback == nil || d.Playback.Kind != models.PlaybackSource {
		t.Errorf("the source plays all the same: %+v", d.Playback)
	}
	if left, _ := os.ReadDir(p.WorkDir); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}

// A worker that dies in the last stage leaves it to the next, which does only
// that one.
func TestRenditionIsTakenUp(t *testing.T) {
	t.Parallel()
	p := tooled(t)
	p.Renditions = models.RenditionsRemux
	blobs := p.Blobs
	p.Blobs = fullBlobs{blobs, models.Errorf(models.CodeUnavailable, "away").Again(0)}
	v := p.upload(t, "x", filmed(t, "late.mp4", "-c:v", "libx264", "-pix_fmt", "yuv420p"))
	_ = p.Process(t.Context(), models.TaskOf(&v)) // put off
	v, err := p.Publisher.Advance(t.Context(), "acme", "x", lapsed)
	if err != nil || v.Stage != models.StageRendition || v.Status != models.StatusProcessing {
		t.Fatalf("%s in %s, %v", v.Status, v.Stage, err)
	}
	p.Blobs = sourceOnly{blobs}
	if v = p.processed(t, v); v.Status != models.StatusCompleted || v.Rendition == nil || v.Rendition.Key == "" {
		t.Errorf("%s, %+v, %+v", v.Status, v.Rendition, v.Warnings)
	}
	p.Blobs = blobs
	p.plays(t, &v)
}

// sourceOnly takes nothing but a rendition: no other stage may run.
type sourceOnly struct{ models.Blobs }

func (b sourceOnly) Create(ctx context.Context, org, key string) (models.BlobWriter, error) {
	if !strings.Contains(key, "/rendition-") {
		return nil, io.ErrClosedPipe
	}
	return b.Blobs.Create(ctx, org, key)
}
