// Package bench measures our server and its peers side by side: each is
// started as a process of its own on this machine, gets the same load from the
// same clients, and is ended again, one after another in every run, so that
// whatever else the machine does meets all of them. What is compared is the
// ratio within a run; the median of the runs is quoted.
//
// It needs Linux, whose /proc tells what a process has used.
package bench
