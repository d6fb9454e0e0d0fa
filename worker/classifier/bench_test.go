package classifier

import "testing"

func BenchmarkClassify(b *testing.B) {
	for _, k := range allKernels() {
		b.Run(k.name, func(b *testing.B) {
			n, frame := newNetwork(embedded, k), noise(1)
			if _, err := n.Classify(b.Context(), frame); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := n.Classify(b.Context(), frame); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkLoad measures what the first frame costs beside its own computation.
func BenchmarkLoad(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := load(embedded); err != nil {
			b.Fatal(err)
		}
	}
}
