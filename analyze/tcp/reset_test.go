package tcp

import (
	"testing"

	"tcpwarm/capture/segment"
)

// A RST beyond all that a side has sent answers another connection where that side has but asked
// with its SYN, and nothing came back. Where it has sent more, or something came back, the
// receiver's window tells; if that is not known, the RST is doubtful.
func TestResetBeyondWhatWasSent(t *testing.T) {
	onlySYN := Half{Started: true, SawSYN: true, ISN: 100, Una: 101, Nxt: 101}
	more := onlySYN
	more.Nxt = 151
	silent, spoke, offers := Half{}, Half{Started: true}, Half{Started: true}
	offers.Window = Window{Known: true, Edge: 400, Offered: 300, Most: 300}
	offers.SawSYN, more.SawSYN = true, true
	for _, x := range []struct {
		name    string
		h, peer Half
		seq     segment.Seq
		want    Belief
	}{
		{"only a SYN, and nothing came back", onlySYN, silent, 300, Ignored},
		{"only a SYN, with its next number", onlySYN, silent, 101, Taken},
		{"only a SYN, and something came back", onlySYN, spoke, 300, Doubtful},
		{"more than a SYN, and nothing came back", more, silent, 300, Doubtful},
		{"more than a SYN, and something came back", more, spoke, 300, Doubtful},
		{"within the window", more, offers, 400, Doubtful},
		{"beyond the window", more, offers, 401, Ignored},
	} {
		s := &segment.Segment{Seq: x.seq, Flags: segment.RST}
		if got := x.h.BelievesReset(s, &x.peer); got != x.want {
			t.Errorf("%s: %d, want %d", x.name, got, x.want)
		}
	}
}
