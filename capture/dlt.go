package capture

import "tcpwarm/capture/assigned"

// linkOfDLT returns the link type (LINKTYPE_ value) of what bpf(4) calls a data link type on a
// system (DLT_ value). Most are the same number; some numbers mean one thing here and another
// there, as libpcap's dlt_to_linktype has it.
func linkOfDLT(goos string, dlt int) uint32 {
	const raw, rawOrLoop = 14, 12 // OpenBSD's DLT_RAW; DLT_RAW elsewhere, and OpenBSD's DLT_LOOP
	switch {
	case dlt == rawOrLoop && goos == "openbsd":
		return assigned.LinkLoop
	case dlt == rawOrLoop, dlt == raw && goos == "openbsd":
		return assigned.LinkRaw
	}
	return uint32(dlt)
}
