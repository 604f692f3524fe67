package explain

// problems are the kinds of reasons why part of a capture was not used, or of limits that
// were reached.
var problems = []Entry{
	term("kernel-dropped", "packets were lost before the capture could take them",
		"The kernel's ring was full. Nothing passes then, for anything may have been in them. "+
			"A larger ring (-B), a filter, or a shorter snap length (-s) helps."),
	term("file-cut-short", "a file ends within a record", "It was copied or ended too early. What is there is judged; nothing passes."),
	term("not-readable", "a file or an interface could not be read further", "What was read before is judged; nothing passes."),
	term("interface-gone", "the interface went down, or away, while capturing", "What was captured before is judged; nothing passes."),
	term("interrupted", "the reading was interrupted before its end", "By a signal. What was read before is judged; nothing passes."),
	term("not-written", "a file that was asked for could not be written", "The other reports were written; the exit code is 3."),
	term("internal-error", "something went wrong in tcpwarm itself",
		"What it concerned was given up, and the rest judged; the verdict is withheld. Please report it, with the packet's number."),
	term("owner-not-known", "connections of the command that were not told from others'",
		"It opened more than are remembered. What was told is judged; nothing passes."),
	term("unknown-link-type", "packets of a link type that is not read",
		"The report says its number in the LINKTYPE_ registry. Ethernet, loopback, raw IP, Linux cooked, PPP, 802.11 and many more are."),
	term("not-read", "packets of a protocol that is not read",
		"The report names it: TCP may be behind it, in a tunnel of that kind, or encrypted. What was met and cannot hold TCP is no "+
			"problem; in JSON it is listed as other_protocols."),
	term("nested-too-deep", "packets with too many headers one within another",
		"No real network has 32 of them; such packets are made to be slow to read."),
	term("ip-fragment", "IP fragments of packets that never became whole",
		"A fragment is missing, or came more than 30 seconds (IPv6: a minute) after the first. What was in them is not judged. A filter "+
			"by port lets only first fragments through."),
	term("overlapping-fragments", "IP fragments of packets whose fragments overlap",
		"Which of two contents its receiver took cannot be known: such packets are refused, as RFC 5722 has it."),
	term("bad-ip-header", "packets whose IP header is broken or cut", "A snap length that is too short cuts it."),
	term("bad-tcp-header", "packets whose TCP header is broken", "They are not used."),
	term("tcp-header-cut", "packets cut within the TCP header", "By a snap length that is too short: capture with -s 0."),
	term("clock-stepped-back", "packets timed before an earlier one",
		"They are taken as of the earlier one's time; after more than a second what follows counts from there."),
	term("clock-stepped-ahead", "packets timed more than a year after the one before",
		"A clock was set that had not been, or captures were joined. What lies between is taken as time that passed, so that idle "+
			"times across it may be none."),
	term("files-sorted", "files that were given before earlier ones",
		"Several files are the parts of one capture: they are read in order of their first packets, whatever their names."),
	term("files-overlap", "files that begin before the one before ends",
		"They were made at the same time, or by clocks that differ, and are no parts of one capture: judge them one by one."),
	term("packet-without-time", "packets without a time, or of one before 1970 or beyond 2200", "They are taken as of the packet before."),
	term("captured-longer-than-wire", "packets that claim more captured bytes than there were on the wire", "The captured ones count."),
	term("undecodable", "packets that could not be decoded", "They may hold TCP; they are not judged."),
	term("bytes-missing", "bytes that are not in the capture, though a peer acknowledged them",
		"The capture missed packets, not the network. Requests may hide there."),
	term("one-direction-only", "connections of which only one direction was captured",
		"Routing that is not symmetric, or a filter with src or dst. What the other side sent is not known."),
	term("connections-given-up", "more connections at once than the memory permitted holds",
		"Half-open ones were given up first, then those idle longest; they count as far as they went. Permit more by --memory."),
	term("records-not-kept", "connections that are in the totals only", "Totals, pools and exit codes count them; NDJSON has all."),
	term("pools-not-kept", "pools that are in the totals only",
		"A client that came back later began a new pool, whose verdict is not known, unless connections of it were avoidable anyhow."),
	term("transactions-not-kept", "transactions that are in the totals only", "Totals and pools count them."),
	term("findings-cut", "kinds of findings of which there may be more than counted",
		"What they rest on is held for so many clients, servers and connections; what is beyond is left out."),
	term("other-connections", "connections that are not the command's", "They were captured and not judged."),
	term("seen-twice", "connections captured at a second place too",
		"Behind an address translator; they are judged once, nearest to the client."),
	term("stray-segments", "segments of connections that had ended", "They came later than any copy should, and count with none."),
	term("unacceptable-segments", "segments that no receiver would take for their connection's",
		"Their numbers are further off than any window reaches, they follow a second SYN-ACK that the client did not take (RFC 9293 "+
			"section 3.10.7), they are SYNs within a connection that went on (RFC 5961 section 4.2), or SYNs, FINs and "+
			"RSTs whose checksum is wrong where others of their sender have right ones."),
	term("inconsistent-segments", "segments of which it is not known whether their receiver has taken them",
		"Others have other bytes at the same sequence numbers, or are SYNs that show another client; or they are FINs, RSTs or bytes "+
			"behind bytes that never came, are sent once and acknowledged by nobody, have an outdated timestamp (RFC 7323 section 5.3), "+
			"or acknowledge what was not captured. They may be forged, or changed on their way. Receivers differ in what they keep (RFC "+
			"9293 section 3.10.7.4), and one may never have arrived: nothing that rests on their connection is certain, and its pools "+
			"do not pass. Of two SYNs it is not known which of the machines behind their address has opened the connection, unless the "+
			"TTL of what follows tells."),
	term("stream-overflow", "holes that were given up because too much waited behind them", "What is behind is read on from there."),
	term("decided-early", "openings judged before all that bears on them was seen", "Too much was waiting; a limit of memory."),
}
