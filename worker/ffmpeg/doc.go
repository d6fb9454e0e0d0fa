// Package ffmpeg is the one way in which Reelroom runs ffmpeg and ffprobe.
//
// [Open] takes the native programs where they answer, else the embedded ones:
// ffmpeg as WebAssembly, run by this same binary under a hidden subcommand, so
// that it is a process that can be limited and killed. Every main (and every
// TestMain) that may use it calls [Child] first.
//
// Input is what strangers uploaded. Whatever is run has its own process group,
// an empty environment, one demuxer that the first bytes choose, limits on
// pixels, memory, time, silence and output, and ends with its context. A native
// tool is started by a launcher, this same binary again, that shuts it in
// behind the strongest walls that the system allows; [Tools.Describe] says which.
// What goes wrong is an [Error] with a code and words that are safe to show.
//
// The embedded ffmpeg is under the GPL, version 3. The build tag noffmpeg
// leaves it out; then a machine without native ffmpeg gets [CodeMissing].
package ffmpeg
