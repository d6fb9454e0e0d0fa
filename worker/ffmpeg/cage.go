package ffmpeg

import "strings"

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

// String says it to the operator.
func (c cage) String() string {
	said := "no sandbox"
	if c.Walls != wallsNone {
		said = "sandbox: " + string(c.Walls)
		if c.Filter {
			said += ", filtered system calls"
		}
	}
	if len(c.why) > 0 {
		said += "; refused here: " + strings.Join(c.why, "; ")
	}
	return said
}
