package http2

import "encoding/binary"

// Preface opens the client's direction (RFC 9113 section 3.4).
const Preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// An Answer says whether bytes are HTTP/2.
type Answer uint8

// The answers.
const (
	More Answer = iota // not enough bytes to tell
	Yes
	No
)

// DetectClient tells by its first bytes whether a half is a client's.
func DetectClient(b []byte) Answer {
	n := min(len(b), len(Preface))
	switch {
	case string(b[:n]) != Preface[:n]:
		return No
	case n < len(Preface):
		return More
	}
	return Yes
}

// DetectServer tells by its first bytes whether a half is a server's: it begins
// with SETTINGS (RFC 9113 section 3.4).
func DetectServer(b []byte) Answer {
	const flagsNone = 0
	want := [headerLen - 3]byte{typeSettings, flagsNone}
	if len(b) < headerLen {
		if len(b) > 0 && b[0] != 0 || len(b) > 3 && string(b[3:]) != string(want[:len(b)-3]) {
			return No
		}
		return More
	}
	n := length(b)
	if [headerLen - 3]byte(b[3:headerLen]) != want || n%6 != 0 || n > 6*64 {
		return No
	}
	return Yes
}

// DetectMidstream tells whether frames begin with b, somewhere within a connection:
// one that is whole, and after it the header of another or the end of b.
func DetectMidstream(b []byte) Answer {
	if len(b) < headerLen || !plausible(b) {
		return No
	}
	n := headerLen + length(b)
	switch {
	case len(b) == n:
		return Yes
	case len(b) < n+headerLen || !plausible(b[n:]):
		return No
	}
	return Yes
}

// Types of frames (RFC 9113 section 6).
const (
	typeData         = 0
	typeHeaders      = 1
	typePriority     = 2
	typeReset        = 3
	typeSettings     = 4
	typePush         = 5
	typePing         = 6
	typeGoAway       = 7
	typeWindowUpdate = 8
	typeContinuation = 9
)

// Flags of frames.
const (
	flagEndStream  = 0x1
	flagAck        = 0x1
	flagEndHeaders = 0x4
	flagPadded     = 0x8
	flagPriority   = 0x20
)

const headerLen = 9

func length(b []byte) int { return int(b[0])<<16 | int(b[1])<<8 | int(b[2]) }

func stream(b []byte) uint32 { return binary.BigEndian.Uint32(b[5:]) & (1<<31 - 1) }

// plausible reports whether b, of nine bytes, may be a frame's header: its type,
// flags, stream and length fit each other (RFC 9113 section 6).
func plausible(b []byte) bool {
	n, flags, id := length(b), b[4], stream(b)
	if b[5]&0x80 != 0 || n > 1<<14 {
		return false
	}
	switch b[3] {
	case typeData:
		return id != 0 && flags&^(flagEndStream|flagPadded) == 0
	case typeHeaders:
		return id != 0 && n > 0 && flags&^(flagEndStream|flagEndHeaders|flagPadded|flagPriority) == 0
	case typePriority:
		return id != 0 && n == 5 && flags == 0
	case typeReset:
		return id != 0 && n == 4 && flags == 0
	case typeSettings:
		return id == 0 && n%6 == 0 && flags&^flagAck == 0 && (flags == 0 || n == 0)
	case typePush:
		return id != 0 && n >= 4 && flags&^(flagEndHeaders|flagPadded) == 0
	case typePing:
		return id == 0 && n == 8 && flags&^flagAck == 0
	case typeGoAway:
		return id == 0 && n >= 8 && flags == 0
	case typeWindowUpdate:
		return n == 4 && flags == 0
	case typeContinuation:
		return id != 0 && flags&^flagEndHeaders == 0
	}
	return false
}
