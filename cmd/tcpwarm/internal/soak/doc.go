// Soak captures live for a long time while connections come and go, in a network namespace of
// its own, and holds tcpwarm to two promises: its memory stays as it is, and no connection and
// no transaction is lost.
//
//	go run ./cmd/tcpwarm/internal/soak --binary ./tcpwarm --for 20m
//
// What was captured is counted against what was made: by clients and a server in this program,
// which are idle between, so that the kernel drops nothing. Memory is what is resident,
// on average: in the last third of the time at most a fifth more than in the second one. The
// first one is for what is kept to become as much as may be.
//
// It needs Linux, root and ip(8). Where one is missing it says so, and ends well.
package main
