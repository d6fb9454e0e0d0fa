//go:build !noffmpeg

package ffmpeg

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"

	"codeberg.org/gruf/go-ffmpreg/embed"
	"codeberg.org/gruf/go-ffmpreg/wasm"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/experimental"
)

const (
	embeddedBuilt = true

	// childMemory limits what the WebAssembly may allocate; childHeap is where
	// Go's collector starts to work hard. RLIMIT_DATA stands above both.
	childMemory = 1536 << 20
	childHeap   = 2 << 30
	wasmPage    = 64 << 10
)

// Child makes this process the embedded ffmpeg, or the launcher of the native
// one, when it was started as such, and then never returns. Else it returns at once, having let go of the 24 MB that
// the embedded module takes in every process that links it.
//
// It must be the first call of main and of TestMain.
func Child() {
	becomeChild(runChild)
	embed.B = nil
	debug.FreeOSMemory()
}

// runChild does a job with the embedded tool. The tool "compile" fills the
// cache and ends.
func runChild(args []string) (int, error) {
	j, err := jobOf(args)
	if err != nil {
		return 0, fmt.Errorf("embedded ffmpeg: %w", err)
	}
	if err := j.Limits.set(); err != nil {
		return 0, fmt.Errorf("embedded ffmpeg: %w", err)
	}
	// WebAssembly has no way to a socket or a process. Should there be one, the
	// kernel bars it; where it cannot, all is as it was.
	_ = filterCalls(filterAllThreads)
	debug.SetMemoryLimit(childHeap)

	compiled, err := wazero.NewCompilationCacheWithDir(j.Cache)
	if err != nil {
		return 0, fmt.Errorf("embedded ffmpeg: cache: %w", err)
	}
	if j.Tool == childCompile {
		unlock, err := lockFile(filepath.Join(j.Cache, "compile.lock"))
		if err != nil {
			return 0, fmt.Errorf("embedded ffmpeg: lock: %w", err)
		}
		defer unlock()
	}
	ctx := experimental.WithCompilationWorkers(context.Background(), runtime.NumCPU())
	// Without WithCloseOnContextDone, which makes it four times slower: who
	// wants to stop it kills the process.
	engine, err := wasm.NewRuntime(ctx, wazero.NewRuntimeConfig().
		WithCompilationCache(compiled).
		WithMemoryLimitPages(childMemory/wasmPage))
	if err != nil {
		return 0, fmt.Errorf("embedded ffmpeg: runtime: %w", err)
	}
	module, err := engine.CompileModule(ctx, embed.B)
	if err != nil {
		return 0, fmt.Errorf("embedded ffmpeg: compile: %w", err)
	}
	embed.B = nil
	if j.Tool == childCompile {
		return 0, nil
	}
	code, err := wasm.Run(ctx, engine, module, wasm.Args{
		Name:   j.Tool,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Args:   j.Args,
		Config: func(c wazero.ModuleConfig) wazero.ModuleConfig {
			files := wazero.NewFSConfig()
			if j.Input != "" {
				files = files.WithFSMount(oneFile(j.Input), childInput)
			}
			if j.Output != "" {
				files = files.WithDirMount(j.Output, childOutput)
			}
			return c.WithFSConfig(files).WithSysWalltime().WithSysNanotime().WithSysNanosleep()
		},
	})
	return int(code), err
}
