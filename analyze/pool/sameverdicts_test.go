package pool

import (
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tcpwarm/analyze/event"
)

var update = flag.Bool("update", false, "write testdata/histories.txt anew")

// TestHistoriesAreJudgedAsBefore holds what is judged of some thousand random histories to what it was,
// by digests of so many at once: all that a pool says and all decisions with what they rest on. It
// tells that a change of the code changes a judgement, where the code was to be moved only. Whether a
// change is right, the reference and the histories beside it tell; then
//
//	go test ./analyze/pool -run TestHistoriesAreJudgedAsBefore -update
//
// notes what is judged now.
func TestHistoriesAreJudgedAsBefore(t *testing.T) {
	const groups, each = 60, 50
	var got strings.Builder
	for g := range uint64(groups) {
		sum := sha256.New()
		for k := range uint64(each) {
			r := rand.New(rand.NewPCG(g, k))
			history := withOddities(r, withDetails(r, randomHistory(r)))
			_, decisions, pools := judge(history, func() bool { return k%2 == 0 })
			for _, id := range slices.Sorted(maps.Keys(decisions)) {
				d := decisions[id]
				d.shard, d.awaits = nil, [2]*Conn{}
				fmt.Fprintf(sum, "%+v\n", d)
			}
			for _, p := range pools {
				fmt.Fprintln(sum, allOf(p))
			}
		}
		fmt.Fprintln(&got, g, hex.EncodeToString(sum.Sum(nil)[:6]))
	}
	path := filepath.Join("testdata", "histories.txt")
	if *update {
		if err := os.WriteFile(path, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before := strings.Split(string(want), "\n")
	changed := 0
	for i, line := range strings.Split(got.String(), "\n") {
		if i >= len(before) || line != before[i] {
			changed++
		}
	}
	if changed > 0 {
		t.Errorf("%d of %d groups of histories are judged otherwise than before", changed, groups)
	}
}

// allOf is all that p says.
func allOf(p *Pool) string {
	who, by := p.Who()
	atLimit := fmt.Sprint(p.AtLimit())
	return fmt.Sprintf("%d %v %v %q %v %q %d %+v %d %d %+v %s %q %q who %+v %v closes %+v %+v %v %+v limit %s probed %s declined %s "+
		"churn %s tunnels %v lifetimes %+v turns %s crowding %+v shares %+v %v split %+v statuses %+v",
		p.ID, p.Client, p.Servers, p.Name, p.TLS, p.Agent, p.FirstPacket, p.Sums, p.MostOnOne, p.Peak, p.Curve, p.Verdict,
		p.WithheldBecause, p.Spoken, who, by, p.ClientCloses(), p.ServerCloses(), p.KeepAlive(), p.LongestReuse(),
		atLimit, fmt.Sprint(p.Probed()), fmt.Sprint(p.Declined()), fmt.Sprint(p.Churn()), p.Tunnels(), p.Lifetimes(),
		turnsOf(p), p.Crowding(), p.Shares(), p.SharesCut(), p.Split(), statusesOf(p))
}

func turnsOf(p *Pool) string {
	x := p.Turns()
	return fmt.Sprint(x.Returns, x.Conn, x.Packet, x.Single)
}

// withOddities adds to a history what the reference knows nothing of: other names, streams, tunnels, what
// could not be read, what the capture lacks.
func withOddities(r *rand.Rand, history []step) []step {
	sometimes := func() bool { return r.IntN(8) == 0 }
	// Half of the histories have none of a kind, for what is odd hides what is not.
	streams, names, reading, lacks, says, differs := r.IntN(3) == 0, r.IntN(2) == 0, r.IntN(2) == 0, r.IntN(3) == 0, r.IntN(2) == 0, r.IntN(4) == 0
	multiplexed := map[int64]int32{}
	for i := range history {
		e := &history[i]
		if e.open {
			if streams && r.IntN(2) == 0 {
				multiplexed[e.conn] = int32(1 + r.IntN(3)*50)
			}
			continue
		}
		switch e.Kind {
		case event.Requested:
			e.StreamLimit = multiplexed[e.conn]
			if names {
				e.Name = []string{"a", "a", "a", "b", ""}[r.IntN(5)]
			}
			if reading {
				e.MayHideClose, e.Inferred, e.Ignored = sometimes(), sometimes(), e.N > 1 && sometimes()
			}
			e.TLS, e.Proxied, e.Tunnel = e.conn%5 == 0, names && sometimes(), names && r.IntN(30) == 0
			e.SaysKeepAlive = e.Promises && says && r.IntN(2) == 0
			e.Browser, e.ServerUnseen = says && e.conn%4 == 0, lacks && r.IntN(20) == 0
			e.SetupRoundTrips = int32(1 + e.conn%3)
			if differs && e.N == 1 {
				e.Who = &event.Who{Hello: uint32(1 + r.IntN(2))}
			}
		case event.Answered:
			e.MayHideClose = e.MayHideClose || reading && sometimes()
			if says && e.Outcome == 0 {
				e.Status = []uint16{200, 200, 200, 304, 401, 500, 503}[r.IntN(7)]
			}
			e.Refused, e.Unserved = streams && r.IntN(20) == 0, e.Outcome == event.Unanswered && streams && r.IntN(2) == 0
		case event.ConnClosing:
			if streams && multiplexed[e.conn] > 0 && r.IntN(2) == 0 {
				e.GoAway = &event.GoAway{FromClient: e.By == event.Client, Code: uint32(r.IntN(2)), LastStream: uint32(r.IntN(9)), BlamesPeer: r.IntN(3) == 0}
			}
			e.FINUnseen = lacks && sometimes()
		case event.ConnEnded:
			lackOrTell(r, e.End, lacks, says)
			e.End.Unread.Shown = e.End.Unread.ByReset && r.IntN(2) == 0
		}
	}
	return history
}

// lackOrTell adds what the end of a connection lacks, and what it tells.
func lackOrTell(r *rand.Rand, end *event.Ending, lacks, says bool) {
	sometimes := func() bool { return r.IntN(8) == 0 }
	if lacks {
		end.Gaps, end.ServerGaps, end.Untimed, end.GaveUp = sometimes(), sometimes(), r.IntN(20) == 0, r.IntN(20) == 0
		if end.Gaps || end.ServerGaps {
			from := r.Int64N(60)
			end.Holes = event.Holes{After: from, Before: from + 1 + r.Int64N(20)}
		}
		if r.IntN(20) == 0 {
			end.Inconsistent = 1 + r.Int64N(60)
		}
		end.MaxOver, end.MaxUnder = int64(r.IntN(9)/8), int64(r.IntN(9)/8)
		end.Snapped, end.NotHTTP = sometimes(), sometimes()
	}
	if says {
		end.Agent = []string{"", "curl/8", "node"}[r.IntN(3)]
		end.OldEnds = int64(r.IntN(9) / 8)
		end.Warmth = event.Warmths{Cold: int64(r.IntN(2)), Warm: int64(r.IntN(3)), Cooled: int64(r.IntN(2))}
		end.Probes = int64(r.IntN(2))
	}
}

// statusesOf returns what became of p's connections by status, as it was when the histories were judged first.
func statusesOf(p *Pool) any {
	by := p.Statuses()
	is := struct {
		Of   [16]Status
		N    int
		More bool
	}{N: len(by.Of), More: by.More}
	copy(is.Of[:], by.Of)
	return is
}
