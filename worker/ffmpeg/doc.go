// Package ffmpeg is the one way in which Reelroom runs ffmpeg and ffprobe.
//
// [Open] takes the native programs where they answer, else the embedded ones:
// ffmpeg as WebAssembly, run by this same binary under a hidden subcommand, so
// that it is a process that can be limited and killed. Every main (and every
// TestMain) that may use it calls [Child] first.
//
// Input is what strangers uploaded. Whatever is run has its own process group,
// an empty environment, a fixed list of containers that may be opened, limits
// on pixels, memory, time, silence and output, and ends with its context.
// What goes wrong is an [Error] with a code and words that are safe to show.
//
// The embedded ffmpeg is under the GPL, version 3. The build tag noffmpeg
// leaves it out; then a machine without native ffmpeg gets [CodeMissing].
package ffmpeg
