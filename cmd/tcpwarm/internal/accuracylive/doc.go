// Accuracylive holds the windows that tcpwarm infers against what the sender's own kernel says
// of them, on this machine: transfers in two network namespaces of their own, over a path with a
// rate and a delay that it makes itself, captured live where they are sent.
//
//	accuracylive --binary ./tcpwarm [--rtt 40ms] [--rate 50] [--algorithm cubic]
//
// It prints, for each of the kernel's answers that an estimate was in force for, how far off that
// was: how many lie within a tenth, the median, and by basis. Linux, root.
package main
