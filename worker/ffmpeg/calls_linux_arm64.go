package ffmpeg

import "golang.org/x/sys/unix"

const (
	auditArch        = unix.AUDIT_ARCH_AARCH64
	firstForeignCall = 1 << 31 // there is one table only
)

// refusedHere are calls that only this architecture has.
var refusedHere []uint32
