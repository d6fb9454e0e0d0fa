package ffmpeg

import (
	"slices"
	"strings"
)

// walls are what stands between a native tool and the machine. The embedded
// one has its own: WebAssembly reaches one file and one folder.
type walls string

const (
	// wallsOwnRoot: namespaces of users, mounts, processes, network, IPC and
	// host name; the root holds the program, its libraries, the input (read
	// only) and the output folder.
	wallsOwnRoot walls = "own root and no network, by namespaces"
	// wallsRootOnly is the same for root, where user namespaces are forbidden.
	wallsRootOnly walls = "own root and no network, by namespaces of root"
	// wallsLandlock: the same files, by rules of the kernel instead of a root.
	wallsLandlock walls = "Landlock"
	// wallsLimits: limits and a filter of system calls, but the files that
	// this process can read.
	wallsLimits walls = "limits only"
	// wallsNone: started as any program; the limits follow at once.
	wallsNone walls = ""
)

// cage is how a native tool is kept.
type cage struct {
	Walls  walls
	Filter bool     // system calls for sockets and new processes are refused
	Needs  []need   // what the program takes from the machine to start
	why    []string // what is stronger and was refused, for the operator
}

// need is one thing that a program takes from the machine.
type need struct {
	Path string
	Link string // Path is a symbolic link to this
	File bool   // else a folder
}

// rooted tells whether the tool has a root of its own, in which its input and
// output have other names than outside.
func (c cage) rooted() bool { return c.Walls == wallsOwnRoot || c.Walls == wallsRootOnly }

// confined tells whether the tool reaches its input, its output folder and no
// network.
func (c cage) confined() bool { return c.rooted() || c.Walls == wallsLandlock && c.Filter }

// refused lists what is stronger and does not work here.
func (c cage) refused() string {
	refused := slices.Clone(c.why)
	if c.Walls == wallsLandlock && !c.Filter {
		refused = append(refused, "a filter of system calls (seccomp)")
	}
	return strings.Join(refused, "; ")
}

// String says it to the operator.
func (c cage) String() string {
	said := "no sandbox"
	if c.Walls != wallsNone {
		said = "sandbox: " + string(c.Walls)
		if c.Filter {
			said += ", filtered system calls"
		}
	}
	if refused := c.refused(); refused != "" {
		said += "; refused here: " + refused
	}
	return said
}
