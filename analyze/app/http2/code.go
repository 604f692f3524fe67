package http2

import "fmt"

// A Code is an error code of RST_STREAM and GOAWAY (RFC 9113 section 7).
type Code uint32

// The codes that are asked for by name.
const (
	NoError         Code = 0x0
	RefusedStream   Code = 0x7
	Cancel          Code = 0x8
	EnhanceYourCalm Code = 0xb
)

var codeNames = [...]string{"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT",
	"STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR",
	"ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED"}

// BlamesPeer reports whether who says c says that the other side did wrong; of the other
// codes some tell of no error, or of one's own, or of what is not permitted here.
func (c Code) BlamesPeer() bool {
	switch c {
	case 0x1, 0x3, 0x4, 0x5, 0x6, 0x9, EnhanceYourCalm:
		return true
	}
	return false
}

// String returns the code's name, or its number where it has none.
func (c Code) String() string {
	if int(c) < len(codeNames) {
		return codeNames[c]
	}
	return fmt.Sprintf("error code %#x", uint32(c))
}
