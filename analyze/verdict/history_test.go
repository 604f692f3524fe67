package verdict_test

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// findings feeds a history to the judge, and returns what is found on its pools, by name. A
// history is a line of steps "time:conn:what", time in milliseconds, in packet order; what is
// one of
//
//	syn          opened
//	req, reqc    a request; one that asks to close
//	reqb         a request to another name
//	tun          a request through a CONNECT tunnel
//	req1, req2   a request of HTTP/2, with one stream permitted, or two
//	ok, close    its response; one that says close
//	okN, closeN  the same with status N
//	hintN        its response, with Keep-Alive: timeout=N
//	cfin, sfin   the client, the server closes first
//	end          nothing more comes
//	probed       nothing more comes, TCP has sent keep-alive probes
//	declined     nothing more comes, HTTP/2 was offered in vain
//
// Connections that have not ended end after the last step.
func findings(t *testing.T, history string) map[string]verdict.Found {
	t.Helper()
	j := pool.New(0)
	type state struct {
		c               *pool.Conn
		asked, answered int32
	}
	open := map[int64]*state{}
	now := segment.Time(0)
	for k, step := range strings.Fields(history) {
		part := strings.Split(step, ":")
		ms, err := strconv.Atoi(part[0])
		id, err2 := strconv.ParseInt(part[1], 10, 64)
		if err != nil || err2 != nil {
			t.Fatalf("step %q", step)
		}
		now = segment.Time(ms) * 1e6
		e := event.Event{Time: now, Packet: int64(k + 1)}
		s := open[id]
		if part[2] == "syn" {
			c := j.Open(0, &event.Opening{ID: id, Time: now, Packet: e.Packet, Client: endpoint(1, uint16(1000+id)), Server: endpoint(9, 80)})
			open[id] = &state{c: c}
			continue
		}
		answered := func() { s.answered++; e.Kind, e.N = event.Answered, s.answered }
		ended := func(end event.Ending) { e.Kind, e.End = event.ConnEnded, &end; delete(open, id) }
		switch what := part[2]; what {
		case "req", "reqb", "reqc", "tun", "req1", "req2":
			s.asked++
			e.Kind, e.N, e.Name, e.AsksClose, e.Tunnel = event.Requested, s.asked, "a", what == "reqc", what == "tun"
			switch what {
			case "req1", "req2":
				e.StreamLimit = int32(what[3] - '0')
			case "reqb":
				e.Name = "b"
			}
		case "ok":
			answered()
		case "close":
			answered()
			e.SaysClose = true
		case "cfin", "sfin":
			e.Kind, e.By = event.ConnClosing, event.Client
			if what == "sfin" {
				e.By = event.Server
			}
		case "end":
			ended(event.Ending{})
		case "probed":
			ended(event.Ending{Probing: event.Probing{Probes: 3, FirstProbe: e.Packet}})
		case "declined":
			ended(event.Ending{Declined: true})
		default:
			kind := strings.TrimRight(what, "0123456789")
			n, err := strconv.Atoi(what[len(kind):])
			if err != nil || kind != "ok" && kind != "close" && kind != "hint" {
				t.Fatalf("step %q", step)
			}
			if answered(); kind == "hint" {
				e.KeepAlive = segment.Time(n * 1e9).Sub(0)
			} else {
				e.SaysClose, e.Status = kind == "close", uint16(n)
			}
		}
		j.Handle(s.c, &e)
	}
	for _, id := range slices.Sorted(maps.Keys(open)) {
		j.Handle(open[id].c, &event.Event{Kind: event.ConnEnded, Time: now, Packet: 1 << 20, End: &event.Ending{}})
	}
	j.Finish()
	pools := j.Pools()
	if len(pools) != 1 {
		t.Fatalf("%d pools", len(pools))
	}
	k := verdict.NewCollector(10)
	k.Conclude(pools)
	found := map[string]verdict.Found{}
	for _, f := range k.Found() {
		found[f.ID] = f
	}
	return found
}

func endpoint(host uint64, port uint16) segment.Endpoint {
	return segment.Endpoint{Addr: segment.Addr{Lo: host}, Port: port}
}

// used is a connection with one transaction, at an instant.
func used(id, at int) string {
	c := ":" + strconv.Itoa(id) + ":"
	return num(at) + c + "syn " + num(at) + c + "req " + num(at) + c + "ok "
}

func num(n int) string { return strconv.Itoa(n) }

// burst is three connections at once, all but some of which the client closes right after
// use.
func burst(id, at, stay int) string {
	var s string
	for _, what := range []string{"syn ", "req ", "ok "} {
		for k := range 3 {
			s += num(at) + ":" + num(id+k) + ":" + what
		}
	}
	for k := stay; k < 3; k++ {
		s += num(at+1) + ":" + num(id+k) + ":cfin "
	}
	return s
}

func TestPoolFindings(t *testing.T) {
	three := used(1, 0) + used(2, 3000)
	for _, x := range []struct {
		claim   string
		id      string
		history string
		text    string // what is said, "" if nothing is
	}{
		{"two were closed after as long", "idle-timeout", three + "5000:1:sfin 8000:2:sfin", "the server closed 2 connections after 5.00 s idle"},
		{"one is no pattern", "idle-timeout", three + "5000:1:sfin", ""},
		{"two of four are no pattern", "idle-timeout", three + used(3, 3500) + used(4, 4000) + "5000:1:sfin 5500:3:sfin 7000:4:sfin 8000:2:sfin", ""},
		{"two of three are", "idle-timeout", three + used(3, 3500) + "5000:1:sfin 5500:3:sfin 8000:2:sfin", "the server closed 2 connections after 5.00 s idle"},
		{"the client's, too", "idle-timeout", three + "5000:1:cfin 8000:2:cfin", "the client closed 2 connections after 5.00 s idle"},
		{"within a twentieth", "idle-timeout", three + "5000:1:sfin 7750:2:sfin", "the server closed 2 connections after 4.75 s to 5.00 s idle"},
		{"not beyond", "idle-timeout", three + "5000:1:sfin 7749:2:sfin", ""},
		{"another was used again after as long", "idle-timeout", three + used(3, 3000) + "5000:1:sfin 8000:2:sfin 8000:3:req 8000:3:ok", "the server closed 2 connections after 5.00 s idle"},
		{"another was used again after more", "idle-timeout", three + used(3, 3000) + "5000:1:sfin 8000:2:sfin 8001:3:req 8001:3:ok", ""},
		{"all at one moment", "idle-timeout", used(1, 0) + used(2, 10) + "5000:1:sfin 5000:2:sfin", ""},
		{"half a timeout apart", "idle-timeout", used(1, 0) + used(2, 2500) + "5000:1:sfin 7500:2:sfin", "the server closed 2 connections after 5.00 s idle"},
		{"a little less apart", "idle-timeout", used(1, 0) + used(2, 2499) + "5000:1:sfin 7499:2:sfin", ""},
		{"a client that asked to close", "idle-timeout", "0:1:syn 0:1:reqc 0:1:ok 3000:2:syn 3000:2:reqc 3000:2:ok 5000:1:sfin 8000:2:sfin", ""},

		{"used again after half the timeout", "timeout-mismatch-risk", three + "2500:1:req 2500:1:ok 8000:2:sfin", "#1 was used again after 2.50 s idle (packet 7); the server closed after 5.00 s: 2.50 s to spare"},
		{"after less", "timeout-mismatch-risk", three + "2499:1:req 2499:1:ok 8000:2:sfin", ""},
		{"another outlived it", "timeout-mismatch-risk", three + "5001:1:req 5001:1:ok 8000:2:sfin", ""},
		{"just as long", "timeout-mismatch-risk", three + "5000:1:req 5000:1:ok 8000:2:sfin", "#1 was used again after 5.00 s idle (packet 7); the server closed after 5.00 s: 0.00 ms to spare"},
		{"as announced", "timeout-mismatch-risk", "0:1:syn 0:1:req 0:1:hint5 4000:1:req 4000:1:ok", "#1 was used again after 4.00 s idle (packet 4); the server announces a timeout of 5.00 s: 1.00 s to spare"},
		{"beyond what was announced", "timeout-mismatch-risk", "0:1:syn 0:1:req 0:1:hint5 6000:1:req 6000:1:ok", "#1 was used again after 6.00 s idle (packet 4); the server announces a timeout of 5.00 s: 1.00 s beyond it"},
		{"nothing announced", "timeout-mismatch-risk", "0:1:syn 0:1:req 0:1:ok 4000:1:req 4000:1:ok", ""},

		{"probes on the only transaction's connection", "keepalive-probes-only", used(1, 0) + used(2, 100) + "9000:1:probed", "1 connection kept alive by TCP's probes and never used a second time, first #1 (probes from packet 7 on)"},
		{"of a client that asks nothing more", "keepalive-probes-only", used(1, 0) + "9000:1:probed", ""},
		{"of a client that reuses", "keepalive-probes-only", used(1, 0) + used(2, 0) + "1:2:req 1:2:ok 9000:1:probed", ""},
		{"where the server prevents", "keepalive-probes-only", "0:1:syn 0:1:req 0:1:close 1:1:sfin 2:2:syn 2:2:req 2:2:close 9000:2:probed", ""},

		{"after two each", "max-requests", two(1, 0) + two(2, 100), "the server ended 2 connections after 2 transactions each"},
		{"only one", "max-requests", two(1, 0), ""},
		{"after one each", "max-requests", "0:1:syn 0:1:req 0:1:close 1:1:sfin 2:2:syn 2:2:req 2:2:close 3:2:sfin", ""},
		{"after one status", "max-requests", ended(1, 0, 304) + ended(2, 100, 304), ""},
		{"after two", "max-requests", ended(1, 0, 304) + ended(2, 100, 204), "the server ended 2 connections after 2 transactions each"},
		{"another carried more", "max-requests", two(1, 0) + two(2, 100) + used(3, 200) + "201:3:req 201:3:ok 202:3:req 202:3:ok", ""},
		{"after two and three", "max-requests", two(1, 0) + used(2, 100) + "101:2:req 101:2:ok 102:2:req 102:2:close 103:2:sfin", ""},

		{"two at an age of 20 s, of different use", "max-age", aged(1, 0, 1, 20000) + aged(2, 5000, 2, 25000), "the server ended 2 connections at an age of 20.0 s, after 2 to 3 transactions"},
		{"a twentieth apart", "max-age", aged(1, 0, 1, 19000) + aged(2, 5000, 2, 25000), "the server ended 2 connections at an age of 19.0 s to 20.0 s, after 2 to 3 transactions"},
		{"more apart", "max-age", aged(1, 0, 1, 18999) + aged(2, 5000, 2, 25000), ""},
		{"a second old", "max-age", aged(1, 0, 1, 1000) + aged(2, 5000, 2, 6000), "the server ended 2 connections at an age of 1.00 s, after 2 to 3 transactions"},
		{"not a second", "max-age", aged(1, 0, 1, 999) + aged(2, 5000, 2, 5999), ""},
		{"only one", "max-age", aged(1, 0, 1, 20000), ""},
		{"of one use", "max-age", aged(1, 0, 1, 20000) + aged(2, 5000, 1, 25000), ""},

		{"tunnels for one request each", "connect-per-request", "0:1:syn 0:1:tun 0:1:ok 1:2:syn 1:2:tun 1:2:ok", `2 tunnels to "a" through the proxy, each for one request`},
		{"one of them for two", "connect-per-request", "0:1:syn 0:1:tun 0:1:ok 1:2:syn 1:2:tun 1:2:ok 2:2:tun 2:2:ok", ""},
		{"none could have been saved", "connect-per-request", "0:1:syn 0:2:syn 0:1:tun 0:2:tun 1:1:ok 1:2:ok", ""},
		{"no tunnels", "connect-per-request", "0:1:syn 0:1:req 0:1:ok 1:2:syn 1:2:req 1:2:ok", ""},

		{"one stays open after a burst", "pool-too-small", burst(1, 0, 1) + burst(4, 100, 0), "2 connections were closed by the client right after use and opened anew; 1 connection stayed open each time (seen 1 time)"},
		{"none stays", "pool-too-small", burst(1, 0, 0) + burst(4, 100, 0), ""},
		{"another number each time", "pool-too-small", burst(1, 0, 1) + burst(4, 100, 2) + burst(7, 200, 0), ""},
		{"only one was opened anew", "pool-too-small", burst(1, 0, 1) + used(4, 100), ""},

		{"each used again while the other idles", "parallel-pools", used(1, 0) + used(2, 10) + again(1, 20) + again(2, 30) + again(1, 40) + again(2, 50), "2 connections to one authority were used in turns, each idle while another worked: 4 of 6 requests went back to one while the one used last was idle, first in packet 7"},
		{"and each as often at once again", "parallel-pools", used(1, 0) + used(2, 10) + again(1, 20) + again(1, 21) + again(2, 30) + again(2, 31) + again(1, 40) + again(1, 41) + again(2, 50) + again(2, 51), "2 connections to one authority were used in turns, each idle while another worked: 4 of 10 requests went back to one while the one used last was idle, first in packet 7"},
		{"more often at once again", "parallel-pools", used(1, 0) + used(2, 10) + again(1, 20) + again(1, 21) + again(2, 30) + again(2, 31) + again(1, 40) + again(1, 41) + again(2, 50) + again(2, 51) + again(2, 52), ""},
		{"three times", "parallel-pools", used(1, 0) + used(2, 10) + again(1, 20) + again(2, 30) + again(1, 40), ""},
		{"one again and again", "parallel-pools", used(1, 0) + used(2, 10) + again(2, 15) + again(1, 20) + again(1, 30) + again(1, 40) + again(1, 50) + again(1, 60), ""},

		{"asked again at once six times", "pool-at-its-limit", crowd(6, 0, 0), atLimit(6, 6)},
		{"five times", "pool-at-its-limit", crowd(5, 0, 0), ""},
		{"one of ten after a pause", "pool-at-its-limit", crowd(10, 1, 0), atLimit(9, 10)},
		{"two of eleven", "pool-at-its-limit", crowd(11, 2, 0), ""},
		{"one of ten with the other idle", "pool-at-its-limit", crowd(9, 0, 1), atLimit(9, 9)},
		{"one of nine with the other idle", "pool-at-its-limit", crowd(8, 0, 1), ""},
		{"a third was used", "pool-at-its-limit", used(3, 0) + crowd(6, 0, 0), ""},
		{"alone", "pool-at-its-limit", used(1, 0) + strings.Repeat("1:1:req 1:1:ok ", 9), ""},

		{"as many streams as permitted", "h2-stream-limit", "0:1:syn 0:1:req2 0:1:req2 1:2:syn 1:2:req2 2:1:ok 2:1:ok 2:2:ok", "1 stream made its connection carry as many as the server permits, first on #1 in packet 3; connections opened because all were in use: 1"},
		{"one at a time, and another connection for the next", "h2-stream-limit", "0:1:syn 0:1:req1 1:1:ok 1:1:req1 2:2:syn 2:2:req1 3:1:ok 3:2:ok", "3 streams made their connections carry as many as the server permits, first on #1 in packet 2; connections opened because all were in use: 1"},
		{"one at a time in turn is no limit that is reached", "h2-stream-limit", "0:1:syn 0:1:req1 1:1:ok 1:1:req1 2:1:ok", ""},
		{"one at a time, the other opened before that was known", "h2-stream-limit", "0:1:syn 0:2:syn 1:1:req1 1:2:req1 2:1:ok 2:2:ok", ""},
		{"not so many", "h2-stream-limit", "0:1:syn 0:1:req2 1:1:ok 1:1:req2 2:1:ok", ""},

		{"declined, and two at once", "h2-not-negotiated", "0:1:syn 0:2:syn 0:1:req 0:2:req 1:1:ok 1:2:ok 2:1:declined 2:2:declined", "2 connections offered h2 and got another protocol; 1 were opened because all others were in use"},
		{"declined once", "h2-not-negotiated", "0:1:syn 0:2:syn 0:1:req 0:2:req 1:1:ok 1:2:ok 2:1:declined 2:2:end", ""},
		{"declined, one after the other", "h2-not-negotiated", used(1, 0) + "1:1:declined " + used(2, 2) + "3:2:declined", ""},
	} {
		f, ok := findings(t, x.history)[x.id]
		if ok != (x.text != "") || f.Text != x.text {
			t.Errorf("%s, %s: %q, want %q", x.id, x.claim, f.Text, x.text)
		}
	}
}

// again is a transaction on a connection that was used before.
func again(id, at int) string {
	c := num(at) + ":" + num(id) + ":"
	return c + "req " + c + "ok "
}

// crowd is two connections in use, of which one is used again n times at once after its response
// while the other is in use, some of these times after a pause; and some times while the other is idle.
func crowd(n, paused, alone int) string {
	s, at := "1:1:syn 1:2:syn 1:1:req 1:2:req ", 10
	for k := range n {
		c := ":" + num(1+k%2) + ":"
		s += num(at) + c + "ok "
		if at += 5; k < paused {
			at++
		}
		s += num(at) + c + "req "
	}
	s += num(at) + ":1:ok " + num(at) + ":2:ok "
	for range alone {
		s += num(at) + ":1:req " + num(at) + ":1:ok "
	}
	return s
}

func atLimit(prompt, full int) string {
	return "2 connections were in use all along, never more: " + num(prompt) + " of " + num(full) + " requests that brought as many " +
		"into use again came within 5 ms of the response before, as where others wait for a free one"
}

// two is a connection that the server ends with its second response.
func two(id, at int) string {
	c := ":" + num(id) + ":"
	return used(id, at) + num(at+1) + c + "req " + num(at+1) + c + "close " + num(at+2) + c + "sfin "
}

// ended is a connection that the server ends with its second response, which has a status.
func ended(id, at, status int) string {
	return strings.NewReplacer("ok ", "ok200 ", "close ", "close"+num(status)+" ").Replace(two(id, at))
}

// aged is a connection with some transactions more, that the server ends with the last one,
// at an instant.
func aged(id, at, more, end int) string {
	c := ":" + num(id) + ":"
	s := used(id, at)
	for k := range more {
		if last := "ok "; k < more-1 {
			s += num(at+1) + c + "req " + num(at+1) + c + last
		} else {
			s += num(end) + c + "req " + num(end) + c + "close "
		}
	}
	return s
}

// Connections of two names that turn out to be one pool's ended after one status if all did.
func TestStatusOfJoinedPools(t *testing.T) {
	for status, limit := range map[int]bool{304: false, 204: true} {
		const joins = "150:1:end 150:2:end 200:3:syn 200:3:req 200:3:ok 201:3:reqb 201:3:ok 202:3:end"
		other := strings.ReplaceAll(ended(2, 100, status), "req ", "reqb ")
		if _, ok := findings(t, ended(1, 0, 304)+other+joins)["max-requests"]; ok != limit {
			t.Errorf("one ended after 304, the other name's after %d: found %v", status, ok)
		}
	}
}

// Pools that turn out to be one count together, and the first of both is the first.
func TestFirstOfJoinedPools(t *testing.T) {
	for _, x := range []struct {
		declined string // in the end
		n, first string
	}{
		{"5:1:declined 5:2:declined 5:3:declined", "3 connections", "1"},
		{"5:1:end 5:2:declined 5:3:declined", "2 connections", "2"},
		{"5:1:declined 5:2:declined 5:3:end", "2 connections", "1"},
		{"5:1:declined 5:2:end 5:3:declined", "2 connections", "1"},
	} {
		// The first is another name's; the fourth is used for both names.
		const apart = "0:1:syn 0:2:syn 0:3:syn 0:1:reqb 0:2:req 0:3:req 1:1:ok 1:2:ok 1:3:ok "
		const joins = " 6:4:syn 6:4:req 6:4:ok 7:4:reqb 7:4:ok 8:4:end"
		f := findings(t, apart+x.declined+joins)["h2-not-negotiated"]
		if !strings.HasPrefix(f.Text, x.n+" ") || len(f.Connections) != 1 || strconv.FormatInt(f.Connections[0], 10) != x.first {
			t.Errorf("%s: %q, first %v; want %s, first %s", x.declined, f.Text, f.Connections, x.n, x.first)
		}
	}
}
