// Command lab records the samples of package pcaps: it starts a server of its
// own, lets a real client talk to it, and captures the loopback interface of a
// network namespace in which nothing else is.
//
//	make pcaps                         all again
//	go run ./pcaps/lab -run '^axios-'  some of them
//	go run ./pcaps/lab -list           their names
//
// Each goes into the folder of its client. Beside NAME.pcap is NAME.truth.json, what the server saw: which
// remote port carried which requests. That is the truth the analysis is held
// against (samples_test.go); no part of it comes from the packets. With TLS the
// server's key log is NAME.keys.
//
// scenarios.txt declares all scenarios; clients/ has the clients, by language. A
// client whose toolchain is not here is skipped and named. Linux only, as root,
// with tcpdump: the samples come from a capture program that shares no code with
// what they test.
package main
