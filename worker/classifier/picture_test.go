package classifier

import (
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

// The pictures of the golden test. They are made with whole numbers alone, so
// that every machine makes the same ones, or stored without loss.

type rgb [3]int

func frame(pixel func(x, y int) rgb) []byte {
	out := make([]byte, 0, FrameBytes)
	for y := range Size {
		for x := range Size {
			c := pixel(x, y)
			out = append(out, byte(c[0]), byte(c[1]), byte(c[2]))
		}
	}
	return out
}

// dice returns whole numbers from 0 to n-1.
func dice(seed uint64) func(n int) int {
	source := rand.NewPCG(seed, 1)
	return func(n int) int { return int(source.Uint64() % uint64(n)) }
}

func noise(seed uint64) []byte {
	roll := dice(seed)
	return frame(func(int, int) rgb { return rgb{roll(256), roll(256), roll(256)} })
}

func plain(c rgb) []byte { return frame(func(int, int) rgb { return c }) }

func gradient() []byte {
	return frame(func(x, y int) rgb {
		return rgb{x * 255 / (Size - 1), y * 255 / (Size - 1), (x + y) * 255 / (2 * (Size - 1))}
	})
}

func checks() []byte {
	return frame(func(x, y int) rgb {
		if (x/16+y/16)%2 == 0 {
			return rgb{250, 250, 240}
		}
		return rgb{20, 30, 90}
	})
}

// blobs draws ellipses, some with soft edges and some in shades of brown. They
// show nothing, but the network sees all kinds of things in them.
func blobs(seed uint64) []byte {
	roll := dice(seed)
	type ellipse struct {
		x, y, width, height int
		color               rgb
	}
	color := func() rgb { return rgb{roll(256), roll(256), roll(256)} }
	ground, soft, brown := color(), roll(2) == 0, roll(2) == 0
	ellipses := make([]ellipse, 2+roll(12))
	for i := range ellipses {
		e := ellipse{roll(Size), roll(Size), 10 + roll(90), 10 + roll(90), color()}
		if brown {
			v := 120 + e.color[0]/2
			e.color = rgb{v, v * (60 + e.color[1]%20) / 100, v * (45 + e.color[2]%20) / 100}
		}
		ellipses[i] = e
	}
	return frame(func(x, y int) rgb {
		c := ground
		for _, e := range ellipses {
			dx, dy := x-e.x, y-e.y
			far := dx*dx*1000/(e.width*e.width) + dy*dy*1000/(e.height*e.height)
			if far >= 1000 {
				continue
			}
			for i := range c {
				if soft {
					c[i] = (c[i]*far + e.color[i]*(1000-far)) / 1000
				} else {
					c[i] = e.color[i]
				}
			}
		}
		return c
	})
}

func photograph(t testing.TB, name string) []byte {
	t.Helper()
	file, err := os.Open(filepath.Join("testdata", name+".png"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	picture, err := png.Decode(file)
	if err != nil {
		t.Fatal(err)
	}
	width, height := picture.Bounds().Dx(), picture.Bounds().Dy()
	return frame(func(x, y int) rgb {
		r, g, b, _ := picture.At(x*width/Size, y*height/Size).RGBA()
		return rgb{int(r >> 8), int(g >> 8), int(b >> 8)}
	})
}
