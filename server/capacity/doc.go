// Package capacity says whether there is room for a file before it comes: on the
// disks that it will be written to, and in what its organization may keep. What
// was announced and has not come counts as taken, so that files which are let in
// side by side do not fill a disk, or pass a quota, together.
package capacity
