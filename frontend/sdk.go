package frontend

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"embed"
	"io/fs"
	"time"
)

//go:embed packages/react/package.json packages/react/README.md packages/react/LICENSE packages/react/dist
var react embed.FS

// sdkPath is where the server offers its own copy of @reelroom/react.
const sdkPath = "sdk/reelroom-react.tgz"

// packed is the date that npm gives every file of a package, so that the same
// files give the same bytes.
var packed = time.Date(1985, time.October, 26, 8, 15, 0, 0, time.UTC)

// sdk returns @reelroom/react as npm packs it: the same files under package/,
// gzipped. The bytes depend on the files alone, so every server of one build
// offers the same, and a lock file's hash holds for all of them.
func sdk() []byte {
	files, err := fs.Sub(react, "packages/react")
	if err != nil { // the folder is embedded: only a wrong name could do this
		panic(err)
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err != nil { // the level exists
		panic(err)
	}
	t := tar.NewWriter(z)
	err = fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		header := &tar.Header{Typeflag: tar.TypeReg, Name: "package/" + name, Mode: 0o644, Size: int64(len(body)), ModTime: packed, Format: tar.FormatUSTAR}
		if err := t.WriteHeader(header); err != nil {
			return err
		}
		_, err = t.Write(body)
		return err
	})
	if err == nil {
		err = t.Close()
	}
	if err == nil {
		err = z.Close()
	}
	if err != nil { // an embedded file is always readable, a buffer takes everything
		panic(err)
	}
	return b.Bytes()
}
