package ffmpeg

import (
	"bytes"
	"context"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// systemFolders hold programs and libraries and nobody's files: there the
// folder of a library is shown, elsewhere the library alone.
var systemFolders = []string{"/usr/", "/lib", "/bin/", "/sbin/", "/nix/store/", "/gnu/store/"}

// needsOf lists what these programs take from the machine to start: themselves
// and their libraries, which the loader names. What the loader does not tell,
// and a script, takes the folders of the system.
func needsOf(ctx context.Context, programs ...string) []need {
	var n needs
	n.add("/etc/ld.so.cache")
	for _, program := range programs {
		n.add(program)
		interpreted, dynamic := kindOf(program)
		var libraries []string
		if dynamic {
			libraries = librariesOf(ctx, program)
		}
		if interpreted || dynamic && len(libraries) == 0 {
			libraries = []string{"/usr", "/bin", "/sbin", "/lib", "/lib64", "/etc/alternatives"}
		}
		for _, path := range libraries {
			n.add(path)
		}
	}
	return n.list()
}

// kindOf tells whether another program reads this one (a script), and whether
// it has shared libraries.
func kindOf(program string) (interpreted, dynamic bool) {
	f, err := elf.Open(program)
	if err != nil {
		return true, false
	}
	defer f.Close()
	return false, slices.ContainsFunc(f.Progs, func(p *elf.Prog) bool { return p.Type == elf.PT_INTERP })
}

// librariesOf asks the loader for the libraries, and for itself. A loader that
// does not know the question runs the program, which says its version.
func librariesOf(ctx context.Context, program string) (paths []string) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, "-version")
	cmd.Env = []string{"LD_TRACE_LOADED_OBJECTS=1"}
	isolate(cmd)
	said, err := cmd.Output()
	if err != nil {
		return nil
	}
	for line := range bytes.Lines(said) {
		if fields := strings.Fields(string(line)); len(fields) >= 2 && strings.HasPrefix(fields[len(fields)-1], "(0x") {
			if path := fields[len(fields)-2]; filepath.IsAbs(path) {
				paths = append(paths, path)
			}
		}
	}
	return paths
}

// needs collects what is needed, by path.
type needs map[string]need

// add takes the file or folder at path and the links on the way to it.
func (n *needs) add(path string) { n.walk(filepath.Clean(path), 40) }

func (n *needs) walk(path string, links int) {
	if *n == nil {
		*n = needs{}
	}
	parts := strings.Split(strings.Trim(path, "/"), "/")
	at := ""
	for i, part := range parts {
		parent := at
		at += "/" + part
		info, err := os.Lstat(at)
		if err != nil {
			return // the trial finds out whether it was needed
		}
		if info.Mode()&os.ModeSymlink == 0 {
			continue
		}
		target, err := os.Readlink(at)
		if err != nil || links == 0 {
			return
		}
		if i == len(parts)-1 && isSystem(parent) {
			(*n)[parent] = need{Path: parent}
		} else {
			(*n)[at] = need{Path: at, Link: target}
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(parent, target)
		}
		n.walk(filepath.Join(append([]string{target}, parts[i+1:]...)...), links-1)
		return
	}
	info, err := os.Stat(at)
	switch folder := filepath.Dir(at); {
	case err != nil:
	case info.IsDir():
		(*n)[at] = need{Path: at}
	case strings.Contains(filepath.Base(at), ".so") && isSystem(folder):
		(*n)[folder] = need{Path: folder}
	default:
		(*n)[at] = need{Path: at, File: true}
	}
}

func isSystem(folder string) bool {
	return slices.ContainsFunc(systemFolders, func(s string) bool { return strings.HasPrefix(folder+"/", s) })
}

// list orders them, without what lies in a folder that is shown as a whole.
func (n needs) list() (list []need) {
	for path, one := range n {
		within := false
		for folder := filepath.Dir(path); folder != "/"; folder = filepath.Dir(folder) {
			if above, ok := n[folder]; ok && !above.File && above.Link == "" {
				within = true
			}
		}
		if !within {
			list = append(list, one)
		}
	}
	slices.SortFunc(list, func(a, b need) int { return strings.Compare(a.Path, b.Path) })
	return list
}
