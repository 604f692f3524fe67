package pool

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze/event"
	"tcpwarm/capture/segment"
)

// A history is a line of steps "time:conn:what", time in milliseconds, in packet
// order; what is one of
//
//	syn, syn2   opened, to the first or the second address of the name
//	mid         was there before the capture began
//	req, reqc   a request; one that asks to close
//	reqb        one that authenticates its connection; 401 the response that asks for it
//	req+        one that could have been sent long before
//	req100, req2 a request of HTTP/2, with so many streams permitted
//	ok, close   its response; one that says close
//	ok1, ok5    one with Keep-Alive: timeout=1, or 5
//	up          its response makes the connection a tunnel
//	left, leftT the client stopped reading, now or at T
//	no          no response
//	deadT       none, for nothing sent from T on was acknowledged; diedT likewise, and nothing more comes
//	cfin, sfin  the client, the server closes first
//	crst        the client, by a RST
//	goes        it turns out that nobody has closed it
//	end         nothing more comes
//	unread      likewise, and the latest response was never read, as its window shows
//	unreadH     likewise, and bytes of the client are missing from the capture
//	unreadW     likewise, but of a client whose windows may always do so
//	unreadR     likewise, as a RST shows where the client does not always end so
//	read4       likewise, and the window had opened again after 4000 bytes; read6: 6000
//	stop3       likewise, in the middle of a response of which 3000 bytes had come; stop5: 5000
//	refused     nothing more comes: refused
//	opaque      nothing more comes: encrypted
//
// Connections that have not ended end after the last step.
func parseHistory(t testing.TB, text string) []step {
	t.Helper()
	var list []step
	type state struct{ asked, answered int32 }
	open := map[int64]*state{}
	now := segment.Time(0)
	for k, step := range strings.Fields(text) {
		part := strings.Split(step, ":")
		ms, err := strconv.Atoi(part[0])
		id, err2 := strconv.ParseInt(part[1], 10, 64)
		if err != nil || err2 != nil {
			t.Fatalf("step %q", step)
		}
		now = max(now, segment.Time(ms)*1e6)
		e := of(id, event.Event{Time: segment.Time(ms) * 1e6, Packet: int64(k + 1)})
		s := open[id]
		if s == nil {
			s = &state{}
			open[id] = s
		}
		answer := func() { s.answered++; e.Kind, e.N = event.Answered, s.answered }
		finish := func() { e.Kind = event.ConnEnded; delete(open, id) }
		switch what := part[2]; what {
		case "syn", "syn2", "mid":
			e.open, e.midstream = true, what == "mid"
			e.client, e.server = testEndpoint(1, uint16(1000+id)), testEndpoint(10, 80)
			if what == "syn2" {
				e.server = testEndpoint(11, 80)
			}
		case "reqb": // ties its connection to a user
			s.asked++
			e.Kind, e.N, e.Name, e.Binds = event.Requested, s.asked, "a", true
		case "401":
			answer()
			e.Status = 401
		case "req", "reqc", "req+":
			if what == "req+" {
				e.Waited = 51 * time.Millisecond
			}
			s.asked++
			e.Kind, e.N, e.Name, e.AsksClose = event.Requested, s.asked, "a", what == "reqc"
		case "req100", "req2": // HTTP/2
			s.asked++
			e.Kind, e.N, e.Name, e.StreamLimit = event.Requested, s.asked, "a", 100
			if what == "req2" {
				e.StreamLimit = 2
			}
		case "ok", "ok1", "ok5":
			answer()
			if what != "ok" {
				e.KeepAlive = time.Duration(what[2]-'0') * time.Second
			}
		case "close":
			answer()
			e.SaysClose = true
		case "up":
			answer()
			e.Outcome = event.Consumed
		case "no":
			answer()
			e.Outcome = event.Unanswered
		case "goes":
			e.Kind = event.ConnResumed
		case "cfin", "sfin", "crst":
			e.Kind, e.By, e.Reset = event.ConnClosing, event.Client, what == "crst"
			if what == "sfin" {
				e.By = event.Server
			}
		case "unread", "unreadW", "unreadR": // and its windows open, by its window or by a RST
			e.End = &event.Ending{Unread: event.Unread{N: s.answered, Bytes: 4000, ByWindow: what != "unreadR", ByReset: what == "unreadR"}}
			if what == "unread" {
				e.End.Reads.Reopened = 5000
			}
			finish()
		case "unreadH": // and bytes are missing, of which some may have kept it busy
			e.End = &event.Ending{Unread: event.Unread{N: s.answered, Bytes: 4000, ByWindow: true}, Reads: event.Reads{Reopened: 5000},
				Gaps: true, Holes: event.Holes{Before: e.Packet}}
			finish()
		case "read4", "read6":
			e.End = &event.Ending{Reads: event.Reads{Reopened: int64(what[4]-'0') * 1000}}
			finish()
		case "stop3", "stop5":
			e.End = &event.Ending{Reads: event.Reads{Stopped: int64(what[4]-'0') * 1000}}
			finish()
		case "end", "refused", "opaque":
			e.End = &event.Ending{Refused: what == "refused"}
			if what == "opaque" {
				e.End.MaxUnder = 9
			}
			finish()
		default:
			if at, ok := strings.CutPrefix(what, "died"); ok {
				ms, _ := strconv.Atoi(at)
				e.End = &event.Ending{Dead: segment.Time(ms) * 1e6}
				finish()
				break
			}
			if at, ok := strings.CutPrefix(what, "dead"); ok {
				answer()
				ms, _ := strconv.Atoi(at)
				e.Outcome, e.Dead, e.Time = event.Unanswered, true, segment.Time(ms)*1e6
				break
			}
			at, ok := strings.CutPrefix(what, "left")
			if !ok {
				t.Fatalf("step %q", step)
			}
			answer()
			e.Outcome, e.Certain = event.Abandoned, true
			if ms, err := strconv.Atoi(at); err == nil {
				e.Time = segment.Time(ms) * 1e6
			}
		}
		list = append(list, e)
	}
	for _, id := range slices.Sorted(maps.Keys(open)) {
		list = append(list, of(id, event.Event{Kind: event.ConnEnded, End: &event.Ending{}, Time: now, Packet: int64(len(list) + 1)}))
	}
	return list
}

func testEndpoint(host uint64, port uint16) segment.Endpoint {
	return segment.Endpoint{Addr: segment.Addr{Lo: host}, Port: port}
}

// judge runs events through a Judge; advance says whether to Advance after an
// event.
func judge(events []step, advance func() bool) (*Judge, map[int64]Decision, []*Pool) {
	j := feed(New(0))
	decisions := map[int64]Decision{}
	collect := func() { j.Decisions(func(d *Decision) { decisions[d.Conn] = *d }) }
	var now segment.Time
	for k := range events {
		e := events[k]
		j.handle(&e)
		now = max(now, e.Time)
		if advance() {
			j.advance(now)
			collect()
		}
	}
	j.Finish()
	collect()
	return j.Judge, decisions, j.Pools()
}

// addsUp checks what holds of any pool.
func addsUp(p *Pool) error {
	var needed, avoidable int64
	for _, x := range p.Causes {
		c, n := x.Cause, x.N
		if n < 0 {
			return fmt.Errorf("%d connections because of %s", n, c)
		}
		if c.Avoidable() {
			avoidable += n
		} else {
			needed += n
		}
	}
	if p.Used != p.Needed+p.Avoidable || p.Needed != needed || p.Avoidable != avoidable {
		return fmt.Errorf("used %d, needed %d, avoidable %d, causes %v", p.Used, p.Needed, p.Avoidable, p.Causes)
	}
	if p.Connections != p.Used+p.Unused || p.Reused != p.Transactions-p.Used {
		return fmt.Errorf("connections %d, used %d, unused %d; transactions %d, reused %d", p.Connections, p.Used, p.Unused, p.Transactions, p.Reused)
	}
	return nil
}

const oneDone = "0:1:syn 1:1:req 5:1:ok "

var histories = []struct {
	name, text string
	want       string // causes by connection
	verdict    Verdict
}{
	{"one", oneDone, "1:first", NoOpportunity},
	{"first: near", oneDone + "10:1:req 11:1:ok", "1:first", Reused},
	{"concurrent", "0:1:syn 1:1:req 2:2:syn 3:2:req 5:1:ok 6:2:ok", "1:first 2:concurrent", NoOpportunity},
	{"concurrent: near", oneDone + "6:2:syn 7:2:req 8:2:ok", "1:first 2:missed", NotReused},
	{"reserved from its SYN", "0:1:syn 1:2:syn 2:1:req 3:1:ok 4:2:req 5:2:ok", "1:first 2:concurrent", NoOpportunity},
	{"missed, then reused", oneDone + "6:2:syn 7:2:req 8:2:ok 9:1:req 10:1:ok", "1:first 2:missed", PartlyReused},
	{"server-closed", oneDone + "50:1:sfin 60:2:syn 61:2:req 62:2:ok", "1:first 2:server-closed", ServerPrevents},
	{"server-closed: near, too late", oneDone + "60:2:syn 61:2:req 62:2:ok 63:1:sfin", "1:first 2:missed", NotReused},
	{"server-closed, before the end", "0:1:syn 1:1:req 3:1:sfin 5:1:ok 60:2:syn 61:2:req 62:2:ok", "1:first 2:server-closed", ServerPrevents},
	{"server-closed explains one", oneDone + "50:1:sfin 60:2:syn 60:3:syn 61:2:req 61:3:req 62:2:ok 62:3:ok", "1:first 2:server-closed 3:concurrent", ServerPrevents},
	{"server-said-close", "0:1:syn 1:1:req 5:1:close 6:1:sfin 60:2:syn 61:2:req 62:2:ok", "1:first 2:server-said-close", ServerPrevents},
	{"server-said-close, client first", "0:1:syn 1:1:req 5:1:close 6:1:cfin 60:2:syn 61:2:req 62:2:ok", "1:first 2:server-said-close", ServerPrevents},
	{"server-said-close, half closed before", "0:1:syn 1:1:req 2:1:cfin 5:1:close 60:2:syn 61:2:req 62:2:ok", "1:first 2:server-said-close", ServerPrevents},
	{"server-said-close, never closed", "0:1:syn 1:1:req 5:1:close 60:2:syn 61:2:req 62:2:ok", "1:first 2:server-said-close", ServerPrevents},
	{"server-said-close: near, carried on", "0:1:syn 1:1:req 5:1:close 60:2:syn 61:2:req 62:2:ok 70:1:req 71:1:ok", "1:first 2:missed", PartlyReused},
	{"reset", oneDone + "10:1:req 11:1:sfin 11:1:no 12:1:end 60:2:syn 61:2:req 62:2:ok", "1:first 2:reset", ServerPrevents},
	{"reset, after one that was answered", oneDone + "6:1:req 7:1:ok 10:1:req 11:1:sfin 11:1:no 12:1:end 60:2:syn 61:2:req 62:2:ok", "1:first 2:reset", Reused},
	{"reset, alone", "0:1:syn 1:1:req 11:1:sfin 11:1:no 12:1:end 60:2:syn 61:2:req 62:2:ok", "1:first 2:reset", ServerPrevents},
	{"reset, asked to close", "0:1:syn 1:1:reqc 11:1:sfin 11:1:no 12:1:end 60:2:syn 61:2:req 62:2:ok", "1:first 2:reset", ServerPrevents},
	{"reset, crossed", oneDone + "10:1:sfin 11:1:req 12:1:no 12:1:end 60:2:syn 61:2:req 62:2:ok", "1:first 2:reset", ServerPrevents},
	{"request-abandoned", oneDone + "10:1:req 11:1:cfin 11:1:no 12:1:end 60:2:syn 61:2:req 62:2:ok", "1:first 2:request-abandoned", Reused},
	{"request-abandoned, the only one", "0:1:syn 1:1:req 11:1:cfin 11:1:no 12:1:end 60:2:syn 61:2:req 62:2:ok", "1:first 2:request-abandoned", NoOpportunity},
	{"request-abandoned, asked to close", "0:1:syn 1:1:reqc 11:1:cfin 11:1:no 12:1:end 60:2:syn 61:2:req 62:2:ok", "1:first 2:request-abandoned", NoOpportunity},
	{"request-abandoned explains one", "0:1:syn 1:1:req 11:1:cfin 11:1:no 12:1:end 60:2:syn 61:2:req 62:2:ok 70:3:syn 71:3:req 72:3:ok", "1:first 2:request-abandoned 3:missed", NotReused},
	{"request-abandoned: near, behind a response left unread", "0:1:syn 1:1:req 2:1:req 11:1:cfin 11:1:left5 11:1:no 12:1:end 60:2:syn 61:2:req 62:2:ok", "1:first 2:undrained", PartlyReused},
	{"request-abandoned: near, a stream", "0:1:syn 1:1:req100 11:1:cfin 11:1:no 12:1:end 60:2:syn 61:2:req100 62:2:ok", "1:first 2:client-closed", NotReused},
	{"opened-ahead", "0:1:syn 0:2:syn 100:1:req+ 105:1:ok 120:2:req+ 125:2:ok", "1:first 2:opened-ahead", NotReused},
	{"opened-ahead: near, in use together", "0:1:syn 0:2:syn 100:1:req+ 105:2:req+ 120:1:ok 125:2:ok", "1:first 2:concurrent", NoOpportunity},
	{"opened-ahead: near, for a request at once", "0:1:syn 0:2:syn 10:1:req 15:1:ok 40:2:req 45:2:ok", "1:first 2:concurrent", NoOpportunity},
	{"opened-ahead: near, needed later", "0:1:syn 0:2:syn 100:1:req+ 105:1:ok 120:2:req+ 125:2:ok 140:1:req 141:2:req 150:1:ok 151:2:ok", "1:first 2:early", Reused},
	{"opened-ahead, the other was closed meanwhile", "0:1:syn 0:2:syn 100:1:req+ 105:1:ok 106:1:cfin 120:2:req+ 125:2:ok", "1:first 2:client-closed", NotReused},
	{"opened-ahead, the other was left unread", "0:1:syn 0:2:syn 100:1:req+ 105:1:ok 120:2:req+ 125:2:ok 300:1:cfin 301:1:unread", "1:first 2:undrained", NotReused},
	{"silent-drop", oneDone + "10:1:req 5000:2:syn 5001:2:req 5002:2:ok 6000:1:dead10 6001:1:end", "1:first 2:silent-drop", Reused},
	{"silent-drop, the client gave up", oneDone + "10:1:req 4000:1:cfin 4000:1:dead10 4001:1:end 5000:2:syn 5001:2:req 5002:2:ok", "1:first 2:silent-drop", Reused},
	{"silent-drop: near, only another address answers", oneDone + "10:1:req 4000:1:cfin 4000:1:dead10 4001:1:end 5000:2:syn2 5001:2:req 5002:2:ok", "1:first 2:request-abandoned", Reused},
	{"silent-drop: near, another was opened before", oneDone + "20:1:req 21:2:syn 22:2:req 23:2:ok 6000:1:dead30 6001:1:end", "1:first 2:concurrent", Reused},
	{"silent-drop, while it idled", oneDone + "5000:2:syn 5001:2:req 5002:2:ok 6000:1:cfin 6001:1:died4000", "1:first 2:silent-drop", NoOpportunity},
	{"silent-drop: near, while it idled, but later", oneDone + "3000:2:syn 3001:2:req 3002:2:ok 6000:1:cfin 6001:1:died4000", "1:first 2:missed", NotKnown},
	{"bound", "0:1:syn 1:1:reqb 5:1:ok 20:2:syn 21:2:reqb 25:2:ok 30:1:reqb 35:1:ok", "1:first 2:bound", Reused},
	{"bound, when told to be", "0:1:syn 1:1:reqb 5:1:ok 20:2:syn 21:2:req 25:2:401 26:2:reqb 27:2:ok 30:1:reqb 35:1:ok", "1:first 2:bound", Reused},
	{"bound: perhaps, not authenticated anew", "0:1:syn 1:1:reqb 5:1:ok 20:2:syn 21:2:req 25:2:ok", "1:first 2:missed", NotKnown},
	{"bound: near, to nobody", "0:1:syn 1:1:req 5:1:ok 20:2:syn 21:2:reqb 25:2:ok 30:1:req 35:1:ok", "1:first 2:missed", PartlyReused},
	{"early, for two are bound in the end", "0:1:syn 1:1:req 5:1:ok 20:2:syn 21:2:reqb 25:2:ok 30:1:reqb 35:1:ok", "1:first 2:early", Reused},
	{"bound: near, in use", "0:1:syn 1:1:reqb 20:2:syn 21:2:reqb 25:2:ok 30:1:ok", "1:first 2:concurrent", NoOpportunity},
	{"other-address, in turn", "0:1:syn 0:2:syn2 1:1:req 5:1:ok 20:2:req 25:2:ok 30:1:req 35:1:ok", "1:first 2:other-address", Reused},
	{"other-address: near, in use together", "0:1:syn 0:2:syn2 1:1:req 2:2:req 25:2:ok 35:1:ok", "1:first 2:concurrent", NoOpportunity},
	{"other-address: near, two of one address", "0:1:syn 0:2:syn 1:1:req 5:1:ok 20:2:req 25:2:ok", "1:first 2:concurrent", NoOpportunity},
	{"other-address, opened ahead", "0:1:syn 0:2:syn2 100:1:req+ 105:1:ok 120:2:req+ 125:2:ok", "1:first 2:other-address", NoOpportunity},
	{"client-said-close, left unread", "0:1:syn 1:1:reqc 11:1:cfin 11:1:left5 12:1:end 60:2:syn 61:2:req 62:2:ok", "1:first 2:client-said-close", NotReused},
	{"used-up", "0:1:syn 1:1:req 5:1:up 60:2:syn 61:2:req 62:2:ok", "1:first 2:used-up", NoOpportunity},
	{"used-up: near, explained already", "0:1:syn 1:1:req 5:1:up 60:2:syn 61:2:req 62:2:ok 70:3:syn 71:3:req 72:3:ok", "1:first 2:used-up 3:missed", NotReused},
	{"other-address", oneDone + "6:2:syn2 7:2:req 8:2:ok", "1:first 2:other-address", NoOpportunity},
	{"other-address: near", "0:1:syn 1:1:req 3:2:syn2 4:2:req 5:1:ok 8:2:ok", "1:first 2:concurrent", NoOpportunity},
	{"failed", "0:1:syn 1:1:req 2:2:syn 3:2:refused 4:3:syn 5:3:req 6:1:ok 7:3:ok", "1:first 3:failed", NoOpportunity},
	{"failed: near, never used", "0:1:syn 1:1:req 2:2:syn 3:2:end 4:3:syn 5:3:req 6:1:ok 7:3:ok", "1:first 3:concurrent", NoOpportunity},
	{"early", oneDone + "6:2:syn 7:2:req 8:1:req 9:2:ok 10:1:ok", "1:first 2:early", Reused},
	{"early: near, its response was done", oneDone + "6:2:syn 7:2:req 8:2:ok 9:1:req 10:1:ok", "1:first 2:missed", PartlyReused},
	{"unknown", "0:1:mid 1:1:req 5:1:ok 6:2:mid 7:2:req 8:2:ok", "1:unknown 2:unknown", NotKnown},
	{"unknown: near", "0:1:mid 1:1:req 5:1:ok 6:2:syn 7:2:req 8:2:ok", "1:unknown 2:missed", NotReused},
	{"missed: near, to be used soon", oneDone + "6:2:syn 7:2:req 7:1:req 9:2:ok 10:1:ok", "1:first 2:early", Reused},
	{"undrained", "0:1:syn 1:1:req 9:2:syn 9:2:req 10:2:ok 20:1:left5", "1:first 2:undrained", NotReused},
	{"undrained: near, still reading", "0:1:syn 1:1:req 9:2:syn 9:2:req 10:2:ok 20:1:left15", "1:first 2:concurrent", NoOpportunity},
	{"undrained, the whole response", oneDone + "9:2:syn 9:2:req 10:2:ok 20:1:cfin 21:1:unread", "1:first 2:undrained", NotReused},
	{"undrained, across a hole", oneDone + "9:2:syn 9:2:req 10:2:ok 20:1:cfin 21:1:unreadH", "1:first 2:undrained", NotKnown},
	{"undrained, idle closed", oneDone + "300:1:cfin 301:1:unread 309:2:syn 309:2:req 310:2:ok", "1:first 2:undrained", NotReused},
	{"undrained, by a window as others are not", oneDone + "9:2:syn 9:2:req 10:2:ok 20:1:cfin 21:1:unreadW 30:2:read4", "1:first 2:undrained", NotReused},
	{"undrained: near, by a window as all may be", oneDone + "6:1:cfin 7:1:unreadW 9:2:syn 9:2:req 10:2:ok", "1:first 2:client-closed", NotReused},
	{"undrained: near, others open after more", oneDone + "6:1:cfin 7:1:unreadW 9:2:syn 9:2:req 10:2:ok 30:2:read6", "1:first 2:client-closed", NotReused},
	{"undrained, by a RST where others end by FIN", oneDone + "9:2:syn 9:2:req 10:2:ok 20:1:crst 21:1:unreadR 30:2:cfin", "1:first 2:undrained", NotReused},
	{"undrained, by a RST as others in the middle of a response", oneDone + "9:2:syn 9:2:req 10:2:left10 20:1:crst 21:1:unreadR 30:2:crst 31:2:stop3", "1:first 2:undrained", NotReused},
	{"undrained: near, in the middle of more", oneDone + "9:2:syn 9:2:req 10:2:left10 20:1:crst 21:1:unreadR 30:2:crst 31:2:stop5", "1:first 2:missed", NotReused},
	{"undrained: near, a RST right after use", oneDone + "6:1:crst 7:1:unreadR 9:2:syn 9:2:req 10:2:left10 30:2:crst 31:2:stop3", "1:first 2:client-closed", NotReused},
	{"undrained: near, all end by RST", oneDone + "9:2:syn 9:2:req 10:2:ok 20:1:crst 21:1:unreadR 30:2:crst", "1:first 2:missed", NotReused},
	{"undrained: near, another was unread", oneDone + "9:2:syn 9:2:req 10:2:ok 11:1:req 12:1:ok 20:1:cfin 21:1:unread", "1:first 2:missed", PartlyReused},
	{"client-said-close", "0:1:syn 1:1:reqc 5:1:ok 6:1:sfin 7:2:syn 7:2:req 8:2:ok", "1:first 2:client-said-close", NotReused},
	{"client-said-close: near", "0:1:syn 1:1:req 5:1:ok 6:1:sfin 7:2:syn 7:2:reqc 8:2:ok", "1:first 2:server-closed", ServerPrevents},
	{"client-closed", oneDone + "104:1:cfin 120:2:syn 121:2:req 122:2:ok", "1:first 2:client-closed", NotReused},
	{"client-closed: near", oneDone + "105:1:cfin 120:2:syn 121:2:req 122:2:ok", "1:first 2:client-idle-timeout", NotReused},
	{"client-closed, half closed", "0:1:syn 1:1:req 2:1:cfin 5:1:ok 20:2:syn 21:2:req 22:2:ok", "1:first 2:client-closed", NotReused},
	{"client-idle-timeout", oneDone + "500:1:cfin 520:2:syn 521:2:req 522:2:ok", "1:first 2:client-idle-timeout", NotReused},
	{"client-idle-timeout: near, not yet", oneDone + "500:2:syn 501:2:req 502:2:ok 506:1:cfin", "1:first 2:missed", NotReused},
	{"client-idle-timeout, closed when the next is wanted", oneDone + "500:2:syn 501:2:req 502:2:ok 505:1:cfin", "1:first 2:client-idle-timeout", NotReused},
	{"client-idle-timeout: near, closed then but had not idled", oneDone + "50:2:syn 51:1:cfin 51:2:req 52:2:ok", "1:first 2:missed", NotReused},
	{"server-closed, the client obeyed", "0:1:syn 1:1:req 5:1:ok5 4005:1:cfin 5000:2:syn 5001:2:req 5002:2:ok", "1:first 2:server-closed", ServerPrevents},
	{"server-closed: near, before the time announced", "0:1:syn 1:1:req 5:1:ok5 4004:1:cfin 5000:2:syn 5001:2:req 5002:2:ok", "1:first 2:client-idle-timeout", NotReused},
	{"server-closed: near, well after the time announced", "0:1:syn 1:1:req 5:1:ok5 6006:1:cfin 7000:2:syn 7001:2:req 7002:2:ok", "1:first 2:client-idle-timeout", NotReused},
	{"server-closed: near, at once", "0:1:syn 1:1:req 5:1:ok1 104:1:cfin 2000:2:syn 2001:2:req 2002:2:ok", "1:first 2:client-closed", NotReused},
	{"server-closed, at once, but longer ago than announced", "0:1:syn 1:1:req 5:1:ok1 104:1:cfin 5000:2:syn 5001:2:req 5002:2:ok", "1:first 2:server-closed", ServerPrevents},
	{"server-closed, the client obeyed, one left it idle", "0:1:syn 1:1:req 2:2:syn 3:2:req 4:2:ok5 5:1:ok5 4005:1:cfin 5000:3:syn 5001:3:req 5002:3:ok", "1:first 2:concurrent 3:missed", NotReused},
	{"server-closed, as it is seen to", "0:1:syn 1:1:req 5:1:ok 1005:1:sfin 2000:2:syn 2001:2:req 2005:2:ok 2800:2:cfin 4000:3:syn 4001:3:req 4005:3:ok", "1:first 2:server-closed 3:server-closed", ServerPrevents},
	{"server-closed, as it is seen to later", "0:1:syn 1:1:req 5:1:ok 805:1:cfin 2000:2:syn 2001:2:req 2005:2:ok 3005:2:sfin 4000:3:syn 4001:3:req 4005:3:ok", "1:first 2:server-closed 3:server-closed", ServerPrevents},
	{"server-closed: near, seen to later than that", "0:1:syn 1:1:req 5:1:ok 1005:1:sfin 2000:2:syn 2001:2:req 2005:2:ok 2700:2:cfin 4000:3:syn 4001:3:req 4005:3:ok", "1:first 2:server-closed 3:client-idle-timeout", NotReused},
	{"pipelined", "0:1:syn 1:1:req 2:1:req 3:1:ok 4:2:syn 5:2:req 6:1:ok 7:2:ok", "1:first 2:concurrent", Reused},
	{"streams", "0:1:syn 1:1:req100 2:1:req100 3:1:ok 4:1:ok", "1:first", Reused},
	{"missed, though a close was taken back", oneDone + "6:1:sfin 7:1:goes 50:2:syn 51:2:req 52:2:ok", "1:first 2:missed", NotReused},
	{"server-closed, after a close was taken back", oneDone + "6:1:sfin 7:1:goes 30:1:sfin 50:2:syn 51:2:req 52:2:ok", "1:first 2:server-closed", ServerPrevents},
	{"streams: room on another", "0:1:syn 1:1:req100 2:2:syn 3:2:req100 5:1:ok 6:2:ok", "1:first 2:missed", NotReused},
	{"streams: room, not known yet", "0:1:syn 0:2:syn 1:1:req100 1:2:req100 5:1:ok 6:2:ok", "1:first 2:concurrent", NoOpportunity},
	{"streams: at the limit", "0:1:syn 1:1:req2 1:1:req2 2:2:syn 3:2:req2 5:1:ok 6:1:ok 7:2:ok", "1:first 2:concurrent", Reused},
	{"streams: below it again", "0:1:syn 1:1:req2 1:1:req2 2:1:ok 3:2:syn 4:2:req2 6:1:ok 7:2:ok", "1:first 2:missed", PartlyReused},
	{"streams: GOAWAY", "0:1:syn 1:1:req100 2:1:ok 50:1:sfin 60:2:syn 61:2:req100 62:2:ok", "1:first 2:server-closed", ServerPrevents},
	{"streams: GOAWAY with one left", "0:1:syn 1:1:req100 50:1:sfin 55:1:ok 60:2:syn 61:2:req100 62:2:ok", "1:first 2:server-closed", ServerPrevents},
	{"streams: one lost, one loss", "0:1:syn 1:1:req100 1:1:req100 50:1:sfin 51:1:no 51:1:no 52:1:end 60:2:syn 60:3:syn 61:2:req100 62:3:req100 63:2:ok 64:3:ok", "1:first 2:server-closed 3:concurrent", ServerPrevents},
	{"encrypted", "0:1:syn 1:1:req 3:1:ok 4:2:syn 5:2:opaque", "1:first", NotKnown},
}

func TestHistories(t *testing.T) {
	fired := map[Cause]bool{}
	for _, h := range histories {
		t.Run(h.name, func(t *testing.T) {
			for _, always := range []bool{false, true} {
				_, decisions, pools := judge(parseHistory(t, h.text), func() bool { return always })
				var got []string
				for _, id := range slices.Sorted(maps.Keys(decisions)) {
					cause := decisions[id].Cause
					got = append(got, fmt.Sprintf("%d:%s", id, cause))
					fired[cause] = true
				}
				if s := strings.Join(got, " "); s != h.want {
					t.Errorf("always=%v: %s, want %s", always, s, h.want)
				}
				if len(pools) != 1 {
					t.Fatalf("%d pools", len(pools))
				}
				var whole Verdicts
				if whole.Add(pools[0]); pools[0].Verdict != h.verdict || whole.Whole() != h.verdict {
					t.Errorf("verdict %s, of the whole %s, want %s", pools[0].Verdict, whole.Whole(), h.verdict)
				}
				if err := addsUp(pools[0]); err != nil {
					t.Error(err)
				}
			}
		})
	}
	if len(fired) != 19 {
		t.Errorf("%d causes fired, want 19: %v", len(fired), slices.Sorted(maps.Keys(fired)))
	}
}

func TestTwoRoundTripsAreAtOnce(t *testing.T) {
	events := parseHistory(t, oneDone+"250:1:cfin 260:2:syn 261:2:req 262:2:ok")
	for k := range events {
		events[k].RTT = 150 * time.Millisecond
	}
	_, decisions, _ := judge(events, func() bool { return false })
	if cause := decisions[2].Cause; cause != ClientClosed {
		t.Errorf("idle for 245 ms with a round trip of 150 ms: %s", cause)
	}
}

// Clients have a connection back in their pool a little later than the wire shows that its
// response has ended, and decide to dial a little before the SYN: that one was missed is
// certain only of one that had idled for 10 ms and two round trips.
func TestMissedIsCertainOnlyOfWhatHadIdled(t *testing.T) {
	const streams = "0:1:syn 1:1:req2 " // known at 1
	for _, x := range []struct {
		name, text string
		rtt        time.Duration
		want       Confidence
	}{
		{"9 ms", oneDone + "14:2:syn 15:2:req 16:2:ok", 0, Likely},
		{"10 ms", oneDone + "15:2:syn 16:2:req 17:2:ok", 0, Certain},
		{"59 ms of two round trips of 30", oneDone + "64:2:syn 65:2:req 66:2:ok", 30 * time.Millisecond, Likely},
		{"60 ms of two round trips of 30", oneDone + "65:2:syn 66:2:req 67:2:ok", 30 * time.Millisecond, Certain},
		{"room for 9 ms", streams + "10:2:syn 11:2:req2 12:2:ok", 0, Likely},
		{"room for 10 ms", streams + "11:2:syn 12:2:req2 13:2:ok", 0, Certain},
		{"room again for 9 ms", streams + "1:1:req2 20:1:ok 29:2:syn 30:2:req2 31:2:ok", 0, Likely},
		{"room again for 10 ms", streams + "1:1:req2 20:1:ok 30:2:syn 31:2:req2 32:2:ok", 0, Certain},
	} {
		events := parseHistory(t, x.text)
		for k := range events {
			events[k].RTT = x.rtt
		}
		_, decisions, _ := judge(events, func() bool { return false })
		if d := decisions[2]; d.Cause != Missed || d.Confidence != x.want {
			t.Errorf("%s: %s, %s; want %s", x.name, d.Cause, d.Confidence, x.want)
		}
	}
}
