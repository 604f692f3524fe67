// Accuracylive holds the windows that tcpwarm infers against what the sender's own kernel says
// of them, on this machine: transfers in two network namespaces of their own, over a path with a
// rate and a delay that it makes itself, captured live where they are sent.
//
//	accuracylive --binary ./tcpwarm [--rtt 40ms] [--rate 50] [--algorithm cubic]
//
// It prints, for each of the kernel's answers that an estimate was in force for, how far off that
// was: how many lie within a tenth, the median, and by basis. Linux, root.
//
// Instead it can record transfers with more than the kernel's answers: with every event of the
// sender's kernel.
//
//	accuracylive --record DIR [--only TEXT] [--stretch 1.3]
//
// Each scenario (scenarios lists them) gets a folder with the captures of both ends, the window
// and its like whenever a packet came, went or went again (truth.csv.gz), and what the client saw of
// its requests (txn.csv): in the form that the comparison of "make accuracy" reads, which then says
// how far off tcpwarm is on paths that none of its rules was written with. Pages, calls of an interface
// and streams of events over HTTP, TLS and HTTP/2; IPv6; small and large packets; offload; pacing;
// loss, jitter, reordering and marks; small buffers and slow readers. "make accuracy-new" does both.
//
// It takes six minutes, tcpdump, ip, root, and Linux 6.16 or later with BPF. A path that was late
// by more than a few milliseconds, as the machine did other things, is recorded again.
package main
