package main

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"reelroom/models"
)

// maxTitles bounds the titles that are remembered for events without one.
const maxTitles = 1024

// lines writes events for people, one a line.
type lines struct {
	zone   *time.Location
	titles map[string]string
}

func newLines(zone *time.Location) *lines { return &lines{zone, map[string]string{}} }

// line returns time, seq, event, video, stage, bar and words.
func (l *lines) line(r received, d digest) string {
	if d.Title != "" && d.VideoID != "" {
		if len(l.titles) >= maxTitles {
			clear(l.titles)
		}
		l.titles[d.VideoID] = d.Title
	}
	seq := "-"
	if d.Seq != 0 {
		seq = fmt.Sprintf("#%d", d.Seq)
	}
	fields := []string{
		r.ReceivedAt.In(l.zone).Format("15:04:05.000"), fmt.Sprintf("%-7s", seq), fmt.Sprintf("%-19s", r.Event),
		fmt.Sprintf("%-24s", short(l.name(d), 24)), fmt.Sprintf("%-11s", d.Stage), progressBar(r, d), words(r, d),
	}
	return strings.TrimRight(clean(strings.Join(fields, "  "), false), " ")
}

// name is the title, when it is known, and the end of the id: the beginnings
// of ids made at about the same time are alike.
func (l *lines) name(d digest) string {
	id := d.VideoID
	if r := []rune(id); len(r) > 6 {
		id = "…" + string(r[len(r)-6:])
	}
	if title := l.titles[d.VideoID]; title != "" {
		return short(title, 15) + " " + id
	}
	return id
}

const barCells = 10

func progressBar(r received, d digest) string {
	percent := 0.0
	switch {
	case d.Progress != nil:
		percent = min(max(*d.Progress, 0), 100)
	case r.Event == string(models.EventProcessed):
		percent = 100
	default:
		return strings.Repeat(" ", barCells+6)
	}
	full := int(percent * barCells / 100)
	return fmt.Sprintf("%s%s %3.0f %%", strings.Repeat("█", full), strings.Repeat("░", barCells-full), percent)
}

// words says what the event means.
func words(r received, d digest) string {
	if r.ends(d) {
		return outcome(r.Event, d)
	}
	switch {
	case d.UserID != "" && d.Text != "":
		return d.UserID + ": " + d.Text
	case d.Reason != "":
		return d.Reason
	case d.ETASeconds != nil && d.Message != "":
		return fmt.Sprintf("%s, about %.0f s left", d.Message, *d.ETASeconds)
	case d.Message != "":
		return d.Message
	}
	return string(d.Status)
}

// outcome says how a video ended.
func outcome(event string, d digest) string {
	switch {
	case event == string(models.EventProcessed), d.Status == models.StatusCompleted:
		return "completed" + findings(d)
	case event == string(models.EventFailed), d.Status == models.StatusFailed:
		return fmt.Sprintf("failed: %s: %s", d.Code, d.Error)
	case event == string(models.EventDeleted), d.Status == models.StatusDeleted:
		return "deleted"
	}
	return "cancelled"
}

func findings(d digest) string {
	var parts []string
	if d.Sensitivity != nil {
		parts = append(parts, string(d.Sensitivity.Verdict))
	}
	if m := d.Metadata; m != nil {
		parts = append(parts, fmt.Sprintf("%d×%d %s, %.1f s", m.Video.Width, m.Video.Height, m.Video.Codec, m.DurationSeconds))
	}
	for _, w := range d.Warnings {
		parts = append(parts, "warning: "+w.Message)
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, "; ")
}

// short cuts s to n characters.
func short(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}

// clean takes out what could steer a terminal: titles and messages are other
// people's text. Line feeds stay where they are the harness's own.
func clean(s string, feeds bool) string {
	return strings.Map(func(r rune) rune {
		if feeds && r == '\n' || unicode.IsPrint(r) {
			return r
		}
		return '�'
	}, s)
}
