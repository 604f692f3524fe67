package tcp

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

// replay returns what is known of the sender of a script's responses at its end.
func replay(t *testing.T, name string) string {
	b, err := os.ReadFile(filepath.Join("..", "testdata", "half", name+".txtar"))
	if err != nil {
		t.Fatal(err)
	}
	a, err := script.ParseArchive(string(b))
	if err != nil {
		t.Fatal(err)
	}
	var shake Handshake
	var half [2]Half
	var views [2]*SenderView
	list := a.Script.Segments()
	client := list[0].Dir
	for i := range list {
		s := &list[i]
		own, peer := &half[s.Dir], &half[1-s.Dir]
		own.Sent(s, own.HasWindowScale && peer.HasWindowScale, peer.MSS)
		switch {
		case s.Flags.Has(segment.SYN | segment.ACK):
			shake.SYNACK = s.Mark()
		case s.Flags.Has(segment.SYN):
			shake.SYN = s.Mark()
		case shake.ACK.Packet == 0:
			shake.ACK = s.Mark()
		}
		if s.Flags.Has(segment.ACK) {
			if v := views[1-s.Dir]; v != nil {
				v.Ack(s, s.Ack.Add(own.Window.Offered), peer, Way{&shake, s.Dir != client})
			}
			peer.Acked(s.Ack, s.Time)
		}
		if s.Len > 0 {
			if views[s.Dir] == nil {
				views[s.Dir] = new(SenderView)
				views[s.Dir].Begin(own, peer, &shake, s.Dir == client, false)
			}
			views[s.Dir].Data(s, own, peer, OfMessage, Way{&shake, s.Dir == client})
		}
	}
	v := views[1-client]
	e := v.Estimate()
	return fmt.Sprint(e.Phase, " ", e.Best/v.MSS, " paced ", v.isPaced(), " spaced ", v.isSpaced())
}

// Within these ranges of each threshold nothing changes: neither of a sender that its clock keeps nor of one that
// its window does.
func TestClockLimits(t *testing.T) {
	was := clocks
	defer func() { clocks = was }()
	for _, name := range []string{"cwnd-paced-sender-that-its-clock-keeps", "cwnd-paced-sender-that-its-window-keeps"} {
		clocks = was
		want := replay(t, name)
		vary := func(what string, n int, limits clockLimits) {
			if clocks = limits; replay(t, name) != want {
				t.Errorf("%s: %s of %d: %s, want %s", name, what, n, replay(t, name), want)
			}
		}
		for late := 8; late <= 12; late++ {
			vary("late", late, clockLimits{late: time.Duration(late), stops: was.stops, share: was.share})
		}
		for stops := 1; stops <= 8; stops++ {
			vary("stops", stops, clockLimits{late: was.late, stops: int32(stops), share: was.share})
		}
		for share := 2; share <= 6; share++ {
			vary("share", share, clockLimits{late: was.late, stops: was.stops, share: int32(share)})
		}
		clocks = clockLimits{late: 1 << 20, stops: 1 << 20, share: 1}
		if got := replay(t, name); (got == want) != (name == "cwnd-paced-sender-that-its-clock-keeps") {
			t.Errorf("%s: without the thresholds %s, with them %s", name, got, want)
		}
	}
}
