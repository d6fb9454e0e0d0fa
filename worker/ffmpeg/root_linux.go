package ffmpeg

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// rootBases are folders that every Linux has and nothing is taken from: over
// the first that exists, the new root is mounted before it becomes the root.
var rootBases = []string{"/proc", "/sys", "/mnt"}

// devices that a program may expect; both are safe.
var devices = []string{"/dev/null", "/dev/urandom"}

// ownRoot makes a root that holds what the job needs and nothing else, and
// enters it. This process must be alone in its mount namespace.
func ownRoot(j job) error {
	base := ""
	for _, b := range rootBases {
		if info, err := os.Stat(b); err == nil && info.IsDir() {
			base = b
			break
		}
	}
	// Nothing mounted here may be seen outside.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("private mounts: %w", err)
	}
	if err := unix.Mount("tmpfs", base, "tmpfs", unix.MS_NOSUID|unix.MS_NODEV, "size=256k,mode=755"); err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	for _, n := range j.Cage.Needs {
		if err := n.provide(base); err != nil {
			return fmt.Errorf("%s: %w", n.Path, err)
		}
	}
	for _, path := range devices {
		if err := bind(path, base+path, true, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NOEXEC); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	const harmless = unix.MOUNT_ATTR_NOSUID | unix.MOUNT_ATTR_NODEV | unix.MOUNT_ATTR_NOEXEC
	if j.Input != "" {
		if err := bind(j.Input, filepath.Join(base, childInput, inputName), true, harmless|unix.MOUNT_ATTR_RDONLY); err != nil {
			return fmt.Errorf("input: %w", err)
		}
	}
	if j.Output != "" {
		if err := bind(j.Output, base+childOutput, false, harmless); err != nil {
			return fmt.Errorf("output: %w", err)
		}
	}
	if err := attributes(base, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV, 0); err != nil {
		return fmt.Errorf("read only: %w", err)
	}
	_ = unix.Sethostname([]byte("reelroom"))
	return enter(base)
}

// enter makes base the root and lets go of the old one.
func enter(base string) error {
	if err := unix.Chdir(base); err != nil {
		return err
	}
	if err := unix.PivotRoot(".", "."); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := unix.Unmount(".", unix.MNT_DETACH); err != nil {
		return fmt.Errorf("old root: %w", err)
	}
	return unix.Chdir("/")
}

func (n need) provide(base string) error {
	to := base + n.Path
	if n.Link != "" {
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.Symlink(n.Link, to)
	}
	return bind(n.Path, to, n.File, unix.MOUNT_ATTR_RDONLY|unix.MOUNT_ATTR_NOSUID|unix.MOUNT_ATTR_NODEV)
}

// bind shows the file or folder from at to.
func bind(from, to string, file bool, attr uint64) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if !file {
		if err := os.MkdirAll(to, 0o755); err != nil {
			return err
		}
	} else if err := os.WriteFile(to, nil, 0o600); err != nil {
		return err
	}
	if err := unix.Mount(from, to, "", unix.MS_BIND|unix.MS_REC, ""); err != nil {
		return err
	}
	return attributes(to, attr, unix.AT_RECURSIVE)
}

// attributes adds attributes to a mount and, with AT_RECURSIVE, to those below.
func attributes(path string, attr uint64, flags uint) error {
	err := unix.MountSetattr(unix.AT_FDCWD, path, flags, &unix.MountAttr{Attr_set: attr})
	if !errors.Is(err, unix.ENOSYS) {
		return err
	}
	// Before Linux 5.12 a mount is made anew; what it has been must be said
	// again, or a user namespace may not.
	var s unix.Statfs_t
	if err := unix.Statfs(path, &s); err != nil {
		return err
	}
	again := uintptr(unix.MS_REMOUNT | unix.MS_BIND)
	for _, same := range []uintptr{unix.MS_RDONLY, unix.MS_NOSUID, unix.MS_NODEV, unix.MS_NOEXEC, unix.MS_NOATIME, unix.MS_NODIRATIME} {
		again |= uintptr(s.Flags) & same // statfs and mount use the same bits
	}
	if s.Flags&unix.ST_RELATIME != 0 {
		again |= unix.MS_RELATIME
	}
	for set, flag := range map[uint64]uintptr{
		unix.MOUNT_ATTR_RDONLY: unix.MS_RDONLY, unix.MOUNT_ATTR_NOSUID: unix.MS_NOSUID,
		unix.MOUNT_ATTR_NODEV: unix.MS_NODEV, unix.MOUNT_ATTR_NOEXEC: unix.MS_NOEXEC,
	} {
		if attr&set != 0 {
			again |= flag
		}
	}
	return unix.Mount("", path, "", again, "")
}
