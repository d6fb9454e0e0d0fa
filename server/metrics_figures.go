package main

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"reelroom/rooms"
)

// figures are the counters of the whole installation: every server shows the same.
type figures struct {
	read  func(context.Context) (map[string]int64, error)
	descs map[string]*prometheus.Desc
}

func newFigures(read func(context.Context) (map[string]int64, error)) *figures {
	f := &figures{read: read, descs: map[string]*prometheus.Desc{}}
	for name, say := range map[string][3]string{
		rooms.FigureVideos:   {"videos_total", "event", "Events of videos in the whole installation."},
		rooms.FigureFailures: {"video_failures_total", "code", "Videos that failed in the whole installation, by code."},
		rooms.FigureStages:   {"video_stages_total", "stage", "Changes of videos that are worked on, in the whole installation, by the stage they are in: it began, or began again."},
		rooms.FigureBatches:  {"batches_total", "state", "Batches of the whole installation that were accepted, and how they ended."},
		rooms.FigureFiles:    {"batch_files_total", "result", "Files of the whole installation's batches."},
	} {
		f.descs[name] = prometheus.NewDesc("reelroom_"+say[0], say[2], []string{say[1]}, nil)
	}
	return f
}

// Describe implements [prometheus.Collector].
func (f *figures) Describe(out chan<- *prometheus.Desc) {
	for _, d := range f.descs {
		out <- d
	}
}

// Collect implements [prometheus.Collector]. What cannot be read is left out.
func (f *figures) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	all, err := f.read(ctx)
	if err != nil {
		return
	}
	for figure, words := range rooms.Figures {
		for _, word := range words {
			if _, known := all[figure+" "+word]; !known {
				all[figure+" "+word] = 0
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		figure, word, _ := strings.Cut(name, " ")
		if d := f.descs[figure]; d != nil {
			out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(all[name]), word)
		}
	}
}
