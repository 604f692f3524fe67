package capture

import (
	"fmt"
	"slices"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// A space is a set of numbers by which protocols are told.
type space uint8

const (
	inLink space = iota
	inEther
	inLLC
	inSNAP
	inPPP
	inNLP
	inNSH
	inFamily
	inARCNET
	inIP
	inGRE
	inOther // numbers of our own
)

// What is met by no number, or for another reason than its number.
const (
	sealedMACsec = iota
	sealedWiFi
	partOfWiFi
	severalFlows
	controlFrame
	partOfMultilink
	emptyGRE
	channelMPLS
	unknownMPLS
	controlL2TP
	sessionL2TP
	sealedCAPWAP
	partOfCAPWAP
	partOfLWAPP
	sealedWireGuard
	partOfARCNET
	keepaliveCAPWAP
	signallingGTP
	otherGTP
	channelATM
	partOfMPacket
	otherERF
	manyKinds
)

// spaces say how a number of each is written. What is said of a protocol's name is in named.
var spaces = [...]string{
	inLink:   "link type %d",
	inEther:  "Ethernet type 0x%04x",
	inLLC:    "LLC SAP 0x%02x",
	inSNAP:   "SNAP protocol 0x%010x",
	inPPP:    "PPP protocol 0x%04x",
	inNLP:    "network protocol 0x%02x",
	inNSH:    "NSH protocol %d",
	inARCNET: "ARCNET system code %d",
	inFamily: "address family %d",
	inIP:     "IP protocol %d",
	inGRE:    "GRE protocol 0x%04x",
}

// A protocolID is the number of a protocol in a packet, behind which nothing was looked for.
type protocolID struct {
	in     space
	number uint64
}

// A protocolCount says how many packets had it.
type protocolCount struct {
	protocolID
	count, first int64 // packets, and the first one's number
}

// mostUnread bounds how many protocols are counted by name; others are counted together.
const mostUnread = 64

// unreadProtocol counts a protocol at the packet being decoded: what is behind it is not read.
func (d *decoder) unreadProtocol(in space, number uint64) (verdict, problem) {
	m := protocolID{in, number}
	for i := range d.unread {
		if d.unread[i].protocolID == m {
			d.unread[i].count++
			return notTCP, noProblem
		}
	}
	if len(d.unread) == mostUnread {
		m = protocolID{inOther, manyKinds}
		if last := &d.unread[mostUnread-1]; last.protocolID == m {
			last.count++
			return notTCP, noProblem
		}
		// The last one makes room; it stays the earliest of those counted together.
		d.unread[mostUnread-1].protocolID = m
		d.unread[mostUnread-1].count++
		return notTCP, noProblem
	}
	d.unread = append(d.unread, protocolCount{m, 1, d.totals.Packets})
	return notTCP, noProblem
}

// named gives protocols their names, and says of which it is known that no TCP is behind
// them. Of all others there may be.
var named = map[protocolID]struct {
	name  string
	noTCP bool
}{
	{inEther, assigned.EtherARP}: {"ARP", true},
	{inEther, 0x8035}:            {"RARP", true},
	{inEther, 0x88cc}:            {"LLDP", true},
	{inEther, 0x888e}:            {"EAPOL", true},
	{inEther, 0x88c7}:            {"EAPOL", true},
	{inEther, 0x8863}:            {"PPPoE discovery", true},
	{inEther, 0x8809}:            {"slow protocols", true},
	{inEther, 0x9000}:            {"loopback test", true},
	{inEther, 0x0060}:            {"loopback test", true},
	{inEther, 0x88f7}:            {"PTP", true},
	{inEther, 0x8902}:            {"CFM", true},
	{inEther, 0x8137}:            {"IPX", true},
	{inEther, 0x809b}:            {"AppleTalk", true},
	{inEther, 0x80f3}:            {"AARP", true},
	{inEther, 0x88e1}:            {"HomePlug", true},
	{inEther, 0x887b}:            {"HomePlug", true},
	{inEther, 0x8912}:            {"HomePlug", true},
	{inEther, 0x893a}:            {"IEEE 1905", true},
	{inEther, 0x88d9}:            {"LLTD", true},
	{inEther, 0x8906}:            {"FCoE", true},
	{inEther, 0x8914}:            {"FIP", true},
	{inEther, 0x8915}:            {"RoCE", true},
	{inEther, 0x88a2}:            {"AoE", true},
	{inEther, 0x88a4}:            {"EtherCAT", true},
	{inEther, 0x8892}:            {"PROFINET", true},
	{inEther, 0x88ab}:            {"POWERLINK", true},
	{inEther, 0x88b8}:            {"GOOSE", true},
	{inEther, 0x88ba}:            {"sampled values", true},
	{inEther, 0x88f5}:            {"MVRP", true},
	{inEther, 0x88f6}:            {"MMRP", true},
	{inEther, 0x88fb}:            {"HSR supervision", true},
	{inEther, 0x22ea}:            {"SRP", true},
	{inEther, 0x22f0}:            {"AVTP", true},
	{inEther, 0x22f4}:            {"IS-IS", true},
	{inEther, 0x0842}:            {"Wake-on-LAN", true},
	{inEther, 0x6001}:            {"DEC", true},
	{inEther, 0x6002}:            {"DEC", true},
	{inEther, 0x6003}:            {"DECnet", true},
	{inEther, 0x6004}:            {"LAT", true},
	{inEther, 0x2000}:            {"CDP", true},
	{inEther, 0x8899}:            {"Realtek", true},
	{inEther, 0x88bb}:            {"LWAPP", false},
	{inEther, 0x4305}:            {"B.A.T.M.A.N.", false},
	{inLLC, 0x42}:                {"spanning tree", true},
	{inLLC, 0xfe}:                {"OSI", true},
	{inLLC, 0xe0}:                {"IPX", true},
	{inLLC, 0xff}:                {"IPX", true},
	{inLLC, 0xf0}:                {"NetBIOS", true},
	{inIP, 1}:                    {"ICMP", true},
	{inIP, 2}:                    {"IGMP", true},
	{inIP, assigned.ProtoUDP}:    {"UDP", true},
	{inIP, 33}:                   {"DCCP", true},
	{inIP, 46}:                   {"RSVP", true},
	{inIP, assigned.ProtoESP}:    {"ESP, encrypted", false},
	{inIP, 54}:                   {"NHRP", true},
	{inIP, 55}:                   {"minimal encapsulation", false},
	{inIP, 58}:                   {"ICMPv6", true},
	{inIP, 59}:                   {"no next header", true},
	{inIP, 88}:                   {"EIGRP", true},
	{inIP, 89}:                   {"OSPF", true},
	{inIP, 103}:                  {"PIM", true},
	{inIP, 108}:                  {"IPComp, compressed", false},
	{inIP, 112}:                  {"VRRP", true},
	{inIP, 113}:                  {"PGM", true},
	{inIP, 132}:                  {"SCTP", true},
	{inIP, 135}:                  {"Mobile IPv6", true},
	{inIP, 136}:                  {"UDP-Lite", true},
	{inGRE, assigned.EtherARP}:   {"ARP", true},
	{inGRE, 0x2001}:              {"NHRP", true},
	{inGRE, 0x2000}:              {"CDP", true},
	{inGRE, 0x00fe}:              {"OSI", true},
	{inPPP, 0x002d}:              {"Van Jacobson's compressed TCP", false},
	{inPPP, 0x002f}:              {"Van Jacobson's uncompressed TCP", false},
	{inPPP, 0x0053}:              {"encrypted", false},
	{inPPP, 0x00fd}:              {"compressed", false},
	{inPPP, 0x0029}:              {"AppleTalk", true},
	{inPPP, 0x002b}:              {"IPX", true},
	{inPPP, 0x0023}:              {"OSI", true},
	{inLink, 147}:                {"user 0", false},
	{inLink, 187}:                {"Bluetooth", true},
	{inLink, 189}:                {"USB", true},
	{inLink, 195}:                {"IEEE 802.15.4", true},
	{inLink, 201}:                {"Bluetooth", true},
	{inLink, 220}:                {"USB", true},
	{inLink, 227}:                {"CAN", true},
	{inLink, 230}:                {"IEEE 802.15.4", true},
	{inLink, 249}:                {"USB", true},
	{inLink, 251}:                {"Bluetooth", true},
	{inLink, 253}:                {"netlink", true},
	{inLink, 254}:                {"Bluetooth", true},
	{inLink, 266}:                {"USB", true},
	{inLink, 272}:                {"Bluetooth", true},
	{inLink, 283}:                {"IEEE 802.15.4", true},

	{inOther, sealedMACsec}:    {"MACsec, encrypted", false},
	{inOther, sealedWiFi}:      {"802.11 data, encrypted", false},
	{inOther, partOfWiFi}:      {"fragments of 802.11 frames", false},
	{inOther, severalFlows}:    {"802.11 aggregates (A-MSDU) of several connections", false},
	{inOther, controlFrame}:    {"frames without data", true},
	{inOther, partOfMultilink}: {"fragments of PPP multilink", false},
	{inOther, emptyGRE}:        {"GRE without a payload", true},
	{inOther, channelMPLS}:     {"MPLS associated channel", true},
	{inOther, unknownMPLS}:     {"MPLS with neither IP nor Ethernet", false},
	{inOther, controlL2TP}:     {"L2TP control", true},
	{inOther, sessionL2TP}:     {"L2TPv3 sessions with neither Ethernet nor PPP", false},
	{inOther, sealedCAPWAP}:    {"CAPWAP data, encrypted", false},
	{inOther, partOfCAPWAP}:    {"fragments of CAPWAP", false},
	{inOther, partOfLWAPP}:     {"fragments of LWAPP", false},
	{inOther, sealedWireGuard}: {"WireGuard, encrypted", false},
	{inOther, partOfARCNET}:    {"fragments of ARCNET packets", false},
	{inOther, keepaliveCAPWAP}: {"CAPWAP keepalive", true},
	{inOther, signallingGTP}:   {"GTP-U signalling", true},
	{inOther, otherGTP}:        {"GTP-U with neither IP nor PPP", false},
	{inOther, channelATM}:      {"ATM channels without LLC", false},
	{inOther, partOfMPacket}:   {"fragments of preempted Ethernet frames", false},
	{inOther, otherERF}:        {"ERF records with neither IP nor Ethernet", false},
	{inOther, manyKinds}:       {"other protocols", false},
}

// String is the protocol's name and number.
func (m protocolID) String() string {
	name := named[m].name
	if m.in == inOther {
		return name
	}
	number := fmt.Sprintf(spaces[m.in], m.number)
	if name == "" {
		return number
	}
	return number + " (" + name + ")"
}

// noTCP reports whether no TCP can be behind m: it is known for what it is, controls the
// layer below, or belongs to who uses neither IP nor any tunnel.
func (m protocolID) noTCP() bool {
	const leastControl = 0x4000 // RFC 1661 section 2: of low volume, or link control
	switch m.in {
	case inLLC, inFamily, inARCNET: // IP has numbers of its own there
		return true
	case inSNAP:
		return m.number>>16 == 0x00000c || m.number>>16 == 0x080007 // Cisco's and Apple's own
	case inPPP:
		return m.number >= leastControl || named[m].noTCP
	}
	return named[m].noTCP
}

// notRead adds to t what was met and not read: as problems where TCP may be behind it.
func (d *decoder) notRead(t *segment.Totals) {
	all := d.unread
	if parts := d.wifiParts.count(); parts.count > 0 {
		all = append(slices.Clip(all), protocolCount{protocolID{inOther, partOfWiFi}, parts.count, parts.first})
	}
	for _, m := range all {
		if m.noTCP() {
			t.Others = append(t.Others, segment.Other{Protocol: m.String(), Packets: m.count, FirstPacket: m.first})
			continue
		}
		t.Unread += m.count
		kind := segment.NotRead
		if m.in == inLink {
			kind = segment.UnknownLinkType
		}
		t.Problems = append(t.Problems, segment.Problem{Kind: kind, Count: m.count, FirstPacket: m.first, Text: m.String() + ", not read"})
	}
}
