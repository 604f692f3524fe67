// Package capture reads saved captures, or captures itself, turns packets into TCP
// segments, and writes packets to files.
//
//	file, pipe -> [gzip, zstd, bzip2] -> block of bytes -> records (pcap, pcapng) -> packets -> segments
//	interfaces (AF_PACKET, bpf) -> packets -> segments, and the packets to a Writer
//
// Files or streams come in, told apart by their content; batches of segments go
// out in capture order, with counts of what could not be used. Payload is never
// copied: blocks are read straight into a batch and its segments point into
// them. They are valid until that batch is filled again.
//
// IP fragments are put together, in fragment.go; only then is payload copied. Times handed on
// never go back. A bad packet is a counted problem; a bad file is
// a FormatError, after all that came before.
//
// The readers are our own, since the packet library's readers misread link type
// SLL2, stop silently at a cut and panic at odd clock resolutions; so is the decoder,
// for speed and for what the library does not read. Only packets of link types that the
// decoder does not know go through the library's layers, in tunnel.go. What is met and not
// read is counted by name, in unread.go.
package capture
