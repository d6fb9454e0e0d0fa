package classifier

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"math"
	"os"
	"path/filepath"
	"testing"
)

var inputs = flag.String("inputs", "", "write the pictures of the golden test to this folder, for testdata/golden.mjs")

// golden is one entry of testdata/golden.json, written by testdata/golden.mjs.
type golden struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"` // of the frame
	Scores Scores `json:"scores"`
}

func goldenPictures(t testing.TB) map[string][]byte {
	return map[string][]byte{
		"black":     plain(rgb{}),
		"white":     plain(rgb{255, 255, 255}),
		"noise":     noise(1),
		"gradient":  gradient(),
		"checks":    checks(),
		"blobs-6":   blobs(6),
		"blobs-7":   blobs(7),
		"blobs-109": blobs(109),
		"blobs-159": blobs(159),
		"cat":       photograph(t, "cat"),
		"coffee":    photograph(t, "coffee"),
		"rocket":    photograph(t, "rocket"),
		"saucer":    photograph(t, "saucer"),
	}
}

// TestGolden holds the scores to those of nsfwjs itself.
func TestGolden(t *testing.T) {
	t.Parallel()
	pictures := goldenPictures(t)
	if *inputs != "" {
		for name, picture := range pictures {
			if err := os.WriteFile(filepath.Join(*inputs, name+".rgb"), picture, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	for _, k := range allKernels() {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			checkGolden(t, newNetwork(embedded, k), pictures)
		})
	}
}

// checkGolden fails the test when the scores of a classifier are not those of
// nsfwjs.
func checkGolden(t *testing.T, network Classifier, pictures map[string][]byte) {
	t.Helper()
	text, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var want []golden
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	if len(want) != len(pictures) {
		t.Fatalf("golden.json has %d pictures, not %d", len(want), len(pictures))
	}
	worst, seen := 0., map[Category]bool{}
	for _, w := range want {
		sum := sha256.Sum256(pictures[w.Name])
		if hex.EncodeToString(sum[:]) != w.SHA256 {
			t.Fatalf("%s is not the picture that was scored", w.Name)
		}
		got, err := network.Classify(t.Context(), pictures[w.Name])
		if err != nil {
			t.Fatal(err)
		}
		for i := range got {
			worst = max(worst, math.Abs(float64(got[i]-w.Scores[i])))
		}
		if worst > 1e-4 {
			t.Errorf("%s: %v, want %v", w.Name, got, w.Scores)
		}
		top, _ := got.Top()
		seen[top] = true
	}
	t.Logf("worst difference %.1e, categories on top %v", worst, seen)
}
