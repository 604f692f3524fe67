// Package liveview shows, on a terminal, how a capture stands while it goes on: pools, the lanes of one
// of them as they grow, causes as they become certain, findings, rates and drops.
//
//	the analysis -> Watch -> Snapshot -> model -> terminal
//
// A Watch is fed by the analysis and keeps little of it: of the latest connections what a lane shows. A few
// times a second it makes a Snapshot, plain data in which every string from packets has been made fit to be
// shown. The model draws the latest one, in its own goroutine: a terminal that takes nothing any more holds up
// no analysis. What is asked of it (which pool, which filter) goes back to the Watch, so that a Snapshot holds
// no more than is drawn.
//
// Where somebody else's program has the terminal, too, a Split shows in its last lines what SendFrames has sent, maybe from
// another process, and what the program prints above:
//
//	model -> SendFrames -> ReadFrame -> Split -> terminal
//
// However the program ends, the terminal is given back: by Close, or by a guard, another process that waits for
// the end of this one.
package liveview
