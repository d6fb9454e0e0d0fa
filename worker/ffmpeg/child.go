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

// Child makes this process the embedded ffmpeg when it was started as such, and
// then never returns. Else it returns at once, having let go of the 24 MB that
// the embedded module takes in every process that links it.
//
// It must be the first call of main and of TestMain.
func Child() {
	if len(os.Args) < 2 || os.Args[1] != childCommand {
		embed.B = nil
		debug.FreeOSMemory()
		childCalled.Store(true)
		return
	}
	code, err := runChild(os.Args[2:])
	if err != nil {
		fmt.Fprintln(os.Stderr, "reelroom: "+err.Error())
		code = childBroken
	}
	os.Exit(code)
}

// runChild takes: cache folder, input file or "", output folder or "", tool,
// the tool's arguments. The tool "compile" fills the cache and ends.
func runChild(args []string) (int, error) {
	if len(args) < 4 {
		return 0, fmt.Errorf("embedded ffmpeg: too few arguments")
	}
	cache, input, output, tool := args[0], args[1], args[2], args[3]
	debug.SetMemoryLimit(childHeap)

	compiled, err := wazero.NewCompilationCacheWithDir(cache)
	if err != nil {
		return 0, fmt.Errorf("embedded ffmpeg: cache: %w", err)
	}
	if tool == childCompile {
		unlock, err := lockFile(filepath.Join(cache, "compile.lock"))
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
	if tool == childCompile {
		return 0, nil
	}
	code, err := wasm.Run(ctx, engine, module, wasm.Args{
		Name:   tool,
		Stdout: os.Stdout,
		Stderr: os.Stderr,
		Args:   args[4:],
		Config: func(c wazero.ModuleConfig) wazero.ModuleConfig {
			files := wazero.NewFSConfig()
			if input != "" {
				files = files.WithFSMount(oneFile(input), childInput)
			}
			if output != "" {
				files = files.WithDirMount(output, childOutput)
			}
			return c.WithFSConfig(files).WithSysWalltime().WithSysNanotime().WithSysNanosleep()
		},
	})
	return int(code), err
}
