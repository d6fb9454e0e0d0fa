//go:build !unix

package uploads

import "os"

// lockFile does nothing: here one server alone may use the folder.
func lockFile(*os.File) (bool, error) { return true, nil }

func syncFolder(*os.File) error { return nil }
