// Package classifier says what is in a frame: how much it looks like each of
// five categories of a published network, computed in Go on the CPU.
//
// The network is the MobileNetV2 of nsfwjs 4.4.0 (MIT, see LICENSE.nsfwjs). It
// was trained to tell nudity and sexual content from drawings and everyday
// pictures, and detects nothing else: neither violence nor weapons. Its weights
// are embedded in their quantised form and unpacked at the first frame, so that
// a program that classifies nothing pays neither time nor memory.
//
// On amd64 with AVX2 and FMA, or AVX-512, the two hot loops are assembly; everywhere else
// the same loops run in Go. Both give the same scores within rounding.
//
// In a program built with the tag onnxruntime, [Open] hands the network to that
// library where it loads. The library gets a model made from the same weights,
// in memory, so that there is one set of them and one set of scores.
//
// weights.bin is made from the npm package by the generator in weightsgen.
package classifier

//go:generate go run ./weightsgen -from $NSFWJS_PACKAGE
