// Package script reads packet scripts: traces as text, one segment or one check
// a line. What comes out are the segments a capture of that trace would give, or
// the capture itself as a pcap. Print goes the other way.
//
//	isn 4294967290 0                  # initial sequence numbers, default 0 0
//	 0      > S  0:0(0) win 64240 <mss 1460, sackOK, TS 1 0, wscale 7>
//	+0.020  < S. 0:0(0) ack 1 win 65160 <mss 1460, sackOK>
//	+0      > .  1:1(0) ack 1
//	+0      > P. + ack + "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
//	+0.020  < P. +(4000) ack + "HTTP/1.1 200 OK\r\nContent-Length: 3962\r\n\r\n" ...
//	~+0     > .  + ack +              # on the wire, missing from the capture
//	= < flight 4000                   # what must hold now: for the caller to check
//
// ">" goes to the server, "<" to the client. A time is absolute, "+" after the
// line above, or "-" before it (captures do step back). Sequence numbers count
// from the sender's initial one, acknowledgements and SACK blocks from the
// other side's: a SYN is 0 and data begins at 1.
//
// Instead of a range, "+" is the next bytes, as many as the payload has, and
// "+(n)" the next n. "ack +" acknowledges all the other side has sent, captured
// or not. A window not stated is the one the sender stated last, 65535 at first.
//
// A payload is quoted as in Go, or @name, a file of the archive, or @@name, that
// file with its line ends made CRLF. It is as long as the range; followed by
// "..." it is only the beginning. Bytes not stated are what was sent there
// before, or else letters chosen by their sequence number, so that a resend
// repeats what it resends.
//
// The options are mss, sackOK, wscale, TS, sack and md5, a signature that is not right.
//
// More words: "ttl n" (64 if not stated), "id n" (IPv4 identification; else one
// more than the sender's last), "ce", "badsum", the checksum of a SYN, FIN or RST without
// payload that is wrong, and "forged": not the sender's, so "+" does not follow it. The flags
// are letters of SFRPUEC, "." for ACK, "-" for none.
//
// Settings: "ip6", which comes first, makes the packets IPv6's: 10.0.0.1 stands for
// 2001:db8::a00:1 then, and "id" for nothing. "conn [name] client server" with addresses and ports; the lines of a
// named connection begin "name:". "snap n" is how many bytes of a frame the
// capture holds. "mtu n" splits what does not fit into packets of n bytes, as
// the network's sender does; without it a segment may be as long as offload
// makes it.
//
// The package knows IPv4 and IPv6 on Ethernet and nothing of what a check means.
package script
