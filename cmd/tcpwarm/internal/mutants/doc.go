// Mutants changes operators of the program at random, one at a time, and says which
// changes no test notices: there a rule has no test, or the code has no use.
//
//	go run ./cmd/tcpwarm/internal/mutants [flags] [package pattern ...]
//
// An operator becomes its neighbour (< and <=, == and !=, && and ||, + and -, min and
// max), a "!" goes, true is returned for false, and s.After(t) becomes "at t or
// after". The sample is drawn by --seed and by the code's text, not by where it
// stands, so code that moves keeps its mutants.
//
// All mutants of a sample are compiled into the tests at once (go test -overlay), and an
// environment variable picks the one that acts, so that a mutant costs no build. Each
// test runs once without a mutant, and notes which places it comes by; a mutant is then
// shown only to tests that come by, the quickest first and those that have noticed others,
// until one fails or hangs.
//
// A mutant that changes nothing anybody can see is equivalent. Those known stand in
// equivalent.txt beside this file, by the code's text, too, and each with the reason.
// They are not tried and do not count.
//
// Packages that write reports have no mutants unless --except says otherwise. --match tries
// a few again: --match 'sender.go:363'.
//
// The exit code is 1 where tests notice a smaller share than --least says, and 2 where
// the code does not build. A test that fails without any mutant is left out, and told of.
package main
