// Package filter reads tcpdump's filter language (pcap-filter(7)), the part of it
// that is used every day, and compiles it to classic BPF: for the kernel in a live
// capture, for a virtual machine where a file is read.
//
// The language:
//
//	host A, net N/len, net N mask M, port P, portrange P-Q     after src, dst, src or dst, src and dst
//	ip, ip6, tcp, udp, sctp, icmp, icmp6, arp                  alone, or before host, net, port, portrange
//	ip proto N, ip6 proto N, ether proto N, proto N
//	vlan, vlan N                                               shifts what follows, as in tcpdump
//	less N, greater N, len                                     bytes of the frame
//	EXPR REL EXPR                                              with tcp[13], ip[2:2], tcp[tcpflags] & tcp-syn, + - * / & | ^ << >>
//	and && or || not ! ( )                                     and and or bind alike, from left to right; not binds first
//
// Words are inherited: "port 80 or 443". Anything else is refused, with the column
// where it stands.
package filter
