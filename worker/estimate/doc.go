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
//
// Inside a stage the expectation and the rate so far are weighed against each
// other; what then is still wrong is learned too, for each part of the stage's
// work. What was promised is compared with the truth when the video is completed,
// and the figures are kept beside the lessons, for /metrics.
package estimate
