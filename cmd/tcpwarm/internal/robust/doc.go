// Robust makes captures as nobody friendly makes them, of many kinds and each in two sizes,
// has tcpwarm read them, and holds it to what README promises: it ends with an exit code of
// its own, takes at most so much memory, takes for ten times the input at most eleven times
// the time, and is not turned to a wrong verdict.
//
//	go run ./cmd/tcpwarm/internal/robust --binary ./tcpwarm [--readme README.md]
//
// A kind is a function that writes a capture of a size (kinds.go lists them). Captures are
// made in a folder for temporary files, one at a time, and removed at once.
//
// The smaller size grows until reading it takes long enough to be measured, or its file is
// large. Time is the processor's, of the program alone; memory is what it had resident at most.
package main
