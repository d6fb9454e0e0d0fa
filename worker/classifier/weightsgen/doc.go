// Command weightsgen makes weights.bin, the weights of the frame classifier,
// from the npm package nsfwjs. Get the package with
//
//	npm pack nsfwjs@4.4.0
//
// and, in the folder worker/classifier, run
//
//	go run ./weightsgen -from nsfwjs-4.4.0.tgz
//
// where -from takes the archive or the folder of the unpacked or installed
// package. The same package gives the same bytes. With -check nothing is
// written: it fails when the file there is not what would be made.
package main
