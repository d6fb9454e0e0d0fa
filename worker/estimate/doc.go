// Package estimate says how long the work on a video will still take, learns
// from finished videos, and keeps count of how its promises did. It is
// mathematics over [models.Experience], apart from the pipeline that does the
// work: nothing here runs a tool.
//
// A rule of thumb (seconds by bytes, frames and pixels) gives the order of
// magnitude before anything was learned. What is learned is by which factor it
// is wrong, for each class of work: stage and engine, then codec and sampling,
// then size. A class with few samples leans on the broader one. The factor of
// this process (its machine, its load) is followed apart and at once. Factors
// are log-normal: medians multiply, and one long video does not spoil a mean.
package estimate
