// Package assigned names numbers that packets are told apart by, as their registries assign them.
package assigned

// Link types (the LINKTYPE_ registry) that are read without the packet library.
const (
	LinkNull     = 0
	LinkEthernet = 1
	LinkRawBSD   = 12
	LinkRawOBSD  = 14
	LinkRaw      = 101
	LinkLoop     = 108
	LinkSLL      = 113
	LinkIPv4     = 228
	LinkIPv6     = 229
	LinkSLL2     = 276
)

// Ethernet types (IEEE 802). Those below 0x600 are lengths.
const (
	EtherIPv4       = 0x0800
	EtherARP        = 0x0806
	EtherRARP       = 0x8035
	EtherBridged    = 0x6558
	EtherVLAN       = 0x8100
	EtherIPv6       = 0x86dd
	EtherMPLS       = 0x8847
	EtherMPLSMulti  = 0x8848
	EtherPPPoE      = 0x8864
	EtherQinQ       = 0x88a8
	EtherBackbone   = 0x88e7 // 802.1ah
	EtherFabricPath = 0x8903
	EtherOldQ       = 0x9100
)

// PPP protocol numbers (IANA).
const (
	PPPIPv4 = 0x0021
	PPPIPv6 = 0x0057
)

// IP protocol numbers (IANA).
const (
	ProtoHopByHop = 0
	ProtoICMP     = 1
	ProtoIPv4     = 4
	ProtoTCP      = 6
	ProtoUDP      = 17
	ProtoIPv6     = 41
	ProtoRouting  = 43
	ProtoFragment = 44
	ProtoGRE      = 47
	ProtoAH       = 51
	ProtoICMP6    = 58
	ProtoDestOpts = 60
	ProtoSCTP     = 132
)
