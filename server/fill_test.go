package main

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"reelroom/models"
	"reelroom/worker/backend"
)

// fill makes a large library, to look at and to measure, in the data folder of a
// server that does not run:
//
//	go test ./server -run TestFillLibrary -args -fill FOLDER -fill.videos 10000
//
// The newest thirty and every hundredth are under way, held by a worker from
// outside, so that POST /api/events can tell their progress. Pictures are taken in turn from the
// files of a folder, where one is given.
var (
	fillFolder   = flag.String("fill", "", "a server's data folder to fill with videos, instead of testing that it can be")
	fillVideos   = flag.Int("fill.videos", 10_000, "how many")
	fillOrg      = flag.String("fill.organization", "acme", "whose they are")
	fillPictures = flag.String("fill.pictures", "", "a folder of WebP pictures")
)

func TestFillLibrary(t *testing.T) {
	t.Parallel()
	folder, videos, pictures := *fillFolder, *fillVideos, [][]byte{}
	if folder == "" {
		folder, videos, pictures = t.TempDir(), 230, [][]byte{[]byte("RIFF----WEBP")}
	}
	files, err := filepath.Glob(filepath.Join(*fillPictures, "*.webp"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		picture, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		pictures = append(pictures, picture)
	}
	c, err := readConfig(map[string]string{"DATA_DIR": folder})
	if err != nil {
		t.Fatal(err)
	}
	b, err := backend.Open(t.Context(), &c.Config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for i := range videos {
		fillOne(t, b, i, i >= videos-30 || i%100 == 50, pictures)
	}
	counts, err := b.Store.Count(t.Context(), *fillOrg)
	if err != nil || counts.Total < videos || counts.Status[models.StatusProcessing] < videos/100 || counts.Verdict[models.VerdictReview] == 0 {
		t.Errorf("%+v, %v", counts, err)
	}
	t.Logf("%d videos in %s", counts.Total, folder)
}

var (
	fillPlaces = []string{"Harbour", "Night market", "Alpine pass", "Old town", "River delta", "Observatory", "Desert road", "Glasshouse", "İzmir", "Zürich"}
	fillKinds  = []string{"interview", "drone flight", "walk-through", "time lapse", "rehearsal", "dailies", "b-roll", "keynote"}
)

func fillOne(t *testing.T, b *backend.Backend, i int, underWay bool, pictures [][]byte) {
	id, nonce := models.NewID(time.Now()), fmt.Sprint("n", i)
	v, err := b.Store.Create(t.Context(), *fillOrg, models.Video{
		ID: id, UploadedBy: "ann",
		Title: fmt.Sprintf("%s %s %d", fillPlaces[i%len(fillPlaces)], fillKinds[i/7%len(fillKinds)], i),
		File: models.File{
			Key: models.SourceKey(id, nonce), Name: fmt.Sprintf("C%05d.MP4", i), Size: int64(5_000_000 + i*7919%900_000_000),
			SHA256: fmt.Sprintf("%064x", i), MediaType: "video/mp4",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(pictures) > 0 {
		w, err := b.Blobs.Create(t.Context(), *fillOrg, v.ThumbnailKey())
		if err != nil {
			t.Fatal(err)
		}
		defer w.Abort()
		if _, err := w.Write(pictures[i%len(pictures)]); err != nil || w.Commit() != nil {
			t.Fatal(err)
		}
	}
	_, err = b.Store.Advance(t.Context(), *fillOrg, id, func(v *models.Video, now time.Time) error {
		v.Rev, v.PublishedRev, v.StartedAt = 2, 2, now
		if len(pictures) > 0 {
			picture := pictures[i%len(pictures)]
			v.Thumbnail = &models.Thumbnail{Key: v.ThumbnailKey(), Width: 640, Height: 360, Bytes: int64(len(picture)), AtMs: 1000, Placeholder: "1QcSHQRnh493V4dIh4eXh1h4kJUI"}
		}
		v.Metadata = &models.Metadata{
			Container: models.Container{Format: "mov,mp4,m4a,3gp,3g2,mj2", LongName: "QuickTime / MOV"}, DurationSeconds: float64(5 + i*31%3600), DurationSource: "container",
			SizeBytes: v.File.Size, BitRate: 8_000_000,
			Video: models.VideoStream{Codec: "h264", Profile: "High", CodedWidth: 1920, CodedHeight: 1088, Width: 1920, Height: 1080, FrameRate: 25, NominalFrameRate: 25, Frames: 5000, Keyframes: 100, PixelFormat: "yuv420p"},
			Audio: []models.AudioTrack{{Codec: "aac", Channels: 2, Layout: "stereo", SampleRate: 48000, BitRate: 128_000, Language: "eng"}},
		}
		if underWay {
			v.Status, v.Stage = models.StatusProcessing, models.StageSensitivity
			v.Lease = models.Lease{Worker: "outside", Until: now.Add(24 * time.Hour)}
			return nil
		}
		v.FinishedAt = now.Add(time.Minute)
		if i%40 == 7 {
			v.Status, v.Stage = models.StatusFailed, models.StageMetadata
			v.Metadata, v.Failure = nil, &models.Failure{Code: models.CodeCorrupt, Stage: models.StageMetadata, Message: "The file is damaged or was not received completely."}
			return nil
		}
		v.Status = models.StatusCompleted
		verdict := []models.Verdict{models.VerdictSafe, models.VerdictSafe, models.VerdictSafe, models.VerdictReview, models.VerdictSafe, models.VerdictSafe, models.VerdictFlagged}[i%7]
		v.Sensitivity = &models.Sensitivity{
			Verdict: verdict, MachineVerdict: verdict, PolicyVersion: 1, Scores: map[string]float64{"explicit": 0.12, "suggestive": 0.3}, Frames: 100,
			Sampling: "keyframes", Model: "mobilenet_v2", Scope: models.SensitivityScope,
		}
		if verdict != models.VerdictSafe {
			v.Sensitivity.Segments = []models.SensitivitySegment{{StartMs: 1000, EndMs: 4000, Category: "explicit", Score: 0.9, EvidenceMs: 2000}}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
