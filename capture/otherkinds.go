package capture

import (
	"bytes"
	"errors"
	"fmt"
)

// otherKinds are files of captures that are not read, by their first bytes, for whoever has one to know what it is. Wireshark's
// programs read them, and write those as pcapng that know what link each is of.
var otherKinds = []struct{ magic, name string }{
	{"snoop\x00\x00\x00", "a capture of snoop (RFC 1761)"},
	{"RTSS", "a capture of Microsoft Network Monitor 1"},
	{"GMBU", "a capture of Microsoft Network Monitor 2 or 3"},
	{"TRSNIFF data    ", "a capture of Sniffer"},
	{"XCP\x00", "a capture of Sniffer or NetXRay"},
	{"VL\x00\x00", "a capture of NetXRay"},
	{"TR\x00d", "a trace of HP-UX nettl"},
	{"ObserverPktBuffe", "a capture of Observer"},
	{"\x05VNF", "a capture of Visual Networks"},
	{"\xaa\xaa\xaa\xaa", "a capture of 5View"},
	{"\x7fver", "a capture of OmniPeek"},
	{"iptrace ", "a trace of AIX iptrace"},
	{"btsnoop\x00", "a capture of btsnoop"},
	{"LOGG", "a log of Vector (BLF)"},
	{"+---------+", "a capture of K12, as text"},
}

// notACapture says why a file that begins with b is not read.
func notACapture(b []byte) error {
	for _, k := range otherKinds {
		if bytes.HasPrefix(b, []byte(k.magic)) {
			return fmt.Errorf("%s, which is not read; editcap -F pcapng, of Wireshark, makes a capture that is of most", k.name)
		}
	}
	return errors.New("neither pcap nor pcapng")
}
