// Package assigned names numbers that packets are told apart by, as their registries assign them.
package assigned

// Link types (the LINKTYPE_ registry) that are read without the packet library.
const (
	LinkNull       = 0
	LinkEthernet   = 1
	LinkTokenRing  = 6
	LinkARCNETBSD  = 7
	LinkPPP        = 9
	LinkFDDI       = 10
	LinkRFC1483BSD = 11
	LinkRawBSD     = 12
	LinkRawOBSD    = 14
	LinkPPPSerial  = 50
	LinkPPPoE      = 51
	LinkRFC1483    = 100
	LinkRaw        = 101
	LinkHDLC       = 104
	LinkWiFi       = 105
	LinkFrameRelay = 107
	LinkLoop       = 108
	LinkENC        = 109
	LinkSLL        = 113
	LinkPrism      = 119
	LinkIPOverFC   = 122
	LinkSunATM     = 123
	LinkRadiotap   = 127
	LinkARCNET     = 129
	LinkFirewire   = 138
	LinkAVS        = 163
	LinkPPPD       = 166
	LinkPPI        = 192
	LinkERF        = 197
	LinkPPPWithDir = 204
	LinkHDLCDir    = 205
	LinkFrameDir   = 206
	LinkMPLS       = 219
	LinkIPNET      = 226
	LinkIPv4       = 228
	LinkIPv6       = 229
	LinkNFLOG      = 239
	LinkNetAna     = 240
	LinkNetAnaBits = 241
	LinkPKTAP      = 258
	LinkMPacket    = 274
	LinkSLL2       = 276
	LinkBrcmTag    = 281
	LinkBrcmFront  = 282
	LinkDSA        = 284
	LinkEDSA       = 285
)

// Ethernet types (IEEE 802). Those below 0x600 are lengths.
const (
	EtherIPv4       = 0x0800
	EtherARP        = 0x0806
	EtherTRILL      = 0x22f3
	EtherBridged    = 0x6558
	EtherRARP       = 0x8035
	EtherVLAN       = 0x8100
	EtherIPv6       = 0x86dd
	EtherPPP        = 0x880b
	EtherMPLS       = 0x8847
	EtherMPLSMulti  = 0x8848
	EtherPPPoE      = 0x8864
	EtherJumboLLC   = 0x8870
	EtherQinQ       = 0x88a8
	EtherMACsec     = 0x88e5
	EtherBackbone   = 0x88e7 // 802.1ah
	EtherFabricPath = 0x8903
	EtherMetaData   = 0x8909 // Cisco's, with a security group tag
	EtherVNTag      = 0x8926
	EtherHSR        = 0x892f // IEC 62439-3
	EtherETag       = 0x893f // 802.1BR
	EtherNSH        = 0x894f
	EtherOldQ       = 0x9100
	EtherOlderQ     = 0x9200
	EtherEDSA       = 0xdada // Marvell's switches, Linux's default
	EtherRTag       = 0xf1c1 // 802.1CB
)

// PPP protocol numbers (IANA).
const (
	PPPIPv4      = 0x0021
	PPPBridged   = 0x0031
	PPPMultilink = 0x003d
	PPPIPv6      = 0x0057
	PPPMPLS      = 0x0281
	PPPMPLSMulti = 0x0283
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
	ProtoESP      = 50
	ProtoAH       = 51
	ProtoICMP6    = 58
	ProtoDestOpts = 60
	ProtoIPIP     = 94
	ProtoEtherIP  = 97
	ProtoL2TP     = 115
	ProtoSCTP     = 132
	ProtoMPLS     = 137
	ProtoHIP      = 139
	ProtoShim6    = 140
	ProtoEthernet = 143 // RFC 8986
)
