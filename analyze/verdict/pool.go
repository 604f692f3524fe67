package verdict

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"tcpwarm/analyze/pool"
	"tcpwarm/capture/segment"
)

// A poolRule finds at most one thing on a pool.
type poolRule struct {
	id   string
	find func(*pool.Pool) (Found, bool)
}

var poolRules = []poolRule{
	{"pool-too-small", poolTooSmall},
	{"pool-key-split", keySplit},
	{"connect-per-request", connectPerRequest},
	{"idle-timeout", idleTimeout},
	{"timeout-mismatch-risk", mismatchRisk},
	{"keepalive-probes-only", probesOnly},
	{"max-requests", maxRequests},
	{"max-age", maxAge},
	{"h2-stream-limit", streamLimit},
	{"h2-not-negotiated", notNegotiated},
	{"h2-not-coalesced", notCoalesced},
}

// poolTooSmall: after a burst all but k connections are closed by the client at
// once, then new ones are opened; k is the same each time.
func poolTooSmall(p *pool.Pool) (Found, bool) {
	n, low, high, conn, packet := p.Churn()
	if n == 0 || low != high || low == 0 || p.Causes.Of(pool.ClientClosed) < 2 {
		return Found{}, false
	}
	f := Found{Connections: []int64{conn}, Evidence: Evidence{Packets: []int64{packet}, Confidence: pool.Likely}}
	if n == 1 {
		f.Confidence = pool.Hint
	}
	f.Text = fmt.Sprintf("%d connections were closed by the client right after use and opened anew; %s stayed open each time (seen %s)",
		p.Causes.Of(pool.ClientClosed), count(int64(low), "connection"), count(n, "time"))
	return f, true
}

// keySplit: an idle connection to the same endpoint was there, but under another
// name.
func keySplit(p *pool.Pool) (Found, bool) {
	s := p.Split()
	if s.Conn == 0 || s.HTTP2 {
		return Found{}, false
	}
	return Found{Connections: []int64{s.Opened, s.Conn}, Evidence: Evidence{Packets: []int64{s.Packet}, Confidence: pool.Likely,
		Text: fmt.Sprintf("#%d was opened although #%d to the same address was idle: that one is known as %q, this one as %q",
			s.Opened, s.Conn, s.Other, p.Name)}}, true
}

// connectPerRequest: tunnels through a proxy that carry one transaction each, though
// one would have done for several.
func connectPerRequest(p *pool.Pool) (Found, bool) {
	if !p.Tunnels() || p.Avoidable == 0 || p.Transactions != p.Used {
		return Found{}, false
	}
	f := Found{Evidence: Evidence{Packets: []int64{p.FirstPacket}, Confidence: pool.Certain,
		Text: fmt.Sprintf("%s to %q through the proxy, each for one request", count(p.Used, "tunnel"), p.Name)}}
	if p.MaxUnder > 0 { // inferred
		f.Confidence = pool.Likely
	}
	return f, true
}

// timeout returns the idle times that look like one timeout, the longest first: several,
// and most of all; none outlived by another connection; and not all over at one moment, for
// a program that ends closes all it has.
func timeout(c *pool.Closes, longest time.Duration) []pool.Idle {
	alike := c.Alike()
	if len(alike) < 2 || 2*len(alike) <= len(c.Longest) || longest > alike[0].For {
		return nil
	}
	first, last := alike[0].At, alike[0].At
	for _, i := range alike {
		first, last = min(first, i.At), max(last, i.At)
	}
	if last.Sub(first) < alike[len(alike)-1].For/2 {
		return nil
	}
	return alike
}

// idleTimeout: one side closes after an idle time that is the same over several
// connections.
func idleTimeout(p *pool.Pool) (Found, bool) {
	server, client := p.ServerCloses(), p.ClientCloses()
	longest := p.LongestReuse().For
	side, alike := "server", timeout(&server, longest)
	if alike == nil {
		side, alike = "client", timeout(&client, longest)
	}
	if alike == nil {
		return Found{}, false
	}
	f := Found{Evidence: Evidence{Confidence: pool.Likely, Text: fmt.Sprintf("the %s closed %s after %v to %v idle", side,
		count(int64(len(alike)), "connection"), segment.Span(alike[len(alike)-1].For), segment.Span(alike[0].For))}}
	shown := slices.Clone(alike[:min(len(alike), 8)])
	slices.SortFunc(shown, func(a, b pool.Idle) int { return cmp.Compare(a.Packet, b.Packet) })
	for _, i := range shown {
		f.Connections = append(f.Connections, i.Conn)
		f.Packets = append(f.Packets, i.Packet)
	}
	return f, true
}

// mismatchRisk: the server closes after an idle time, and the client's reuse
// comes near it: sooner or later a request meets the close.
func mismatchRisk(p *pool.Pool) (Found, bool) {
	c, longest := p.ServerCloses(), p.LongestReuse()
	limit, how, seen := c.Min.For, "the server closed after", len(c.Longest) > 0
	if !seen {
		limit, how = p.KeepAlive(), "the server announces a timeout of"
	}
	if limit <= 0 || longest.For < limit/2 {
		return Found{}, false
	}
	if seen && longest.For > limit && longest.Conn != c.Min.Conn { // another outlived it: it was no timeout
		return Found{}, false
	}
	left := fmt.Sprintf("%v to spare", segment.Span(limit-longest.For))
	if longest.For > limit {
		left = fmt.Sprintf("%v beyond it", segment.Span(longest.For-limit))
	}
	f := Found{Connections: []int64{longest.Conn}, Evidence: Evidence{Packets: []int64{longest.Packet}, Confidence: pool.Likely,
		Text: fmt.Sprintf("#%d was used again after %v idle (packet %d); %s %v: %s", longest.Conn,
			segment.Span(longest.For), longest.Packet, how, segment.Span(limit), left)}}
	if seen {
		f.Connections = append(f.Connections, c.Min.Conn)
		f.Packets = append(f.Packets, c.Min.Packet)
	}
	return f, true
}

// probesOnly: TCP keep-alive probes on connections that never carry a second
// transaction, of a client that reuses none. That is another knob than HTTP's.
func probesOnly(p *pool.Pool) (Found, bool) {
	n, conn, packet := p.Probed()
	if n == 0 || p.Reused > 0 || p.Verdict == pool.ServerPrevents {
		return Found{}, false
	}
	return Found{Connections: []int64{conn}, Evidence: Evidence{Packets: []int64{packet}, Confidence: pool.Likely,
		Text: fmt.Sprintf("%s kept alive by TCP's probes and never used a second time, first #%d (probes from packet %d on)",
			count(n, "connection"), conn, packet)}}, true
}

// maxRequests: the server ends each connection after the same number of
// transactions.
func maxRequests(p *pool.Pool) (Found, bool) {
	s := p.Lifetimes()
	if s.Count < 2 || s.Fewest != s.Most || s.Most < 2 || p.MostOnOne > s.Most {
		return Found{}, false
	}
	return Found{Connections: s.Conns, Evidence: Evidence{Packets: s.Packets, Confidence: pool.Likely,
		Text: fmt.Sprintf("the server ended %s after %d transactions each", count(s.Count, "connection"), s.Most)}}, true
}

// maxAge: the server ends each connection at the same age, in use or just after.
func maxAge(p *pool.Pool) (Found, bool) {
	s := p.Lifetimes()
	if s.Count < 2 || s.Fewest == s.Most || s.Youngest < time.Second || s.Oldest-s.Youngest > s.Oldest/20 {
		return Found{}, false
	}
	return Found{Connections: s.Conns, Evidence: Evidence{Packets: s.Packets, Confidence: pool.Likely,
		Text: fmt.Sprintf("the server ended %s at an age of %v to %v, after %d to %d transactions", count(s.Count, "connection"),
			segment.Span(s.Youngest), segment.Span(s.Oldest), s.Fewest, s.Most)}}, true
}

// streamLimit: an HTTP/2 connection carried as many streams as the server permits.
func streamLimit(p *pool.Pool) (Found, bool) {
	n, conn, packet := p.AtLimit()
	if n == 0 {
		return Found{}, false
	}
	return Found{Connections: []int64{conn}, Evidence: Evidence{Packets: []int64{packet}, Confidence: pool.Certain,
		Text: fmt.Sprintf("%s made its connection carry as many as the server permits, first on #%d in packet %d; connections opened because all were in use: %d",
			count(n, "stream"), conn, packet, p.Causes.Of(pool.Concurrent))}}, true
}

// notNegotiated: the client offers HTTP/2, the server takes HTTP/1.1, and connections
// are used side by side that HTTP/2 would not need.
func notNegotiated(p *pool.Pool) (Found, bool) {
	n, conn, packet := p.Declined()
	if n < 2 || p.Causes.Of(pool.Concurrent) == 0 {
		return Found{}, false
	}
	return Found{Connections: []int64{conn}, Evidence: Evidence{Packets: []int64{packet}, Confidence: pool.Certain,
		Text: fmt.Sprintf("%s offered h2 and got another protocol; %d were opened because all others were in use", count(n, "connection"), p.Causes.Of(pool.Concurrent))}}, true
}

// notCoalesced: an HTTP/2 connection to the same endpoint was there, for another
// name. Whether its certificate would do for this one (RFC 9113 section 9.1.1) is not
// looked at.
func notCoalesced(p *pool.Pool) (Found, bool) {
	s := p.Split()
	if !s.HTTP2 {
		return Found{}, false
	}
	return Found{Connections: []int64{s.Opened, s.Conn}, Evidence: Evidence{Packets: []int64{s.Packet}, Confidence: pool.Hint,
		Text: fmt.Sprintf("#%d was opened for %q although #%d, HTTP/2 for %q at the same address, had room", s.Opened, p.Name, s.Conn, s.Other)}}, true
}

func count(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
