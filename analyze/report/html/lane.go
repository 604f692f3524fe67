package html

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/growth"
	"tcpwarm/analyze/report/text"
	"tcpwarm/analyze/report/timeline"
	"tcpwarm/analyze/report/timesequence"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// A lane is a connection as it is drawn. Times are microseconds since the page's zero. The script gets
// it as JSON, under names of one letter: there may be thousands.
type lane struct {
	ID        int64      `json:"i"`
	Client    string     `json:"c"`
	Server    string     `json:"v"`
	Start     int64      `json:"s"`
	End       int64      `json:"e"`           // when it was closed, or last seen
	Handshake int64      `json:"h,omitempty"` // its end
	TLS       int64      `json:"l,omitempty"` // the end of TLS's handshake, as far as it shows: when the first request began
	Exchanges []exchange `json:"x"`
	Omitted   int        `json:"m,omitempty"` // exchanges that are not among them
	Rows      int        `json:"r,omitempty"` // that Exchanges take, if more than one
	Ending    string     `json:"d"`           // client FIN
	Opening   *opening   `json:"o,omitempty"`
	First     int64      `json:"f"` // packet
	Last      int64      `json:"t"`
	Filter    string     `json:"q"`
	About     []string   `json:"a"`
	Windows   []window   `json:"w,omitempty"`
	Sequences []sequence `json:"g,omitempty"` // what each side sent, most first

	connection *report.Connection
}

// An opening says why a connection was opened.
type opening struct {
	Cause    string  `json:"c"`
	Instead  int64   `json:"n,omitempty"` // of a connection that could have served, or would have if it were kept
	Needless bool    `json:"a,omitempty"`
	Grade    string  `json:"g"`
	Idle     string  `json:"i,omitempty"` // how long that one had been idle
	Text     string  `json:"t,omitempty"`
	Refuted  string  `json:"r,omitempty"`
	Packets  []int64 `json:"p,omitempty"`
	Filter   string  `json:"q,omitempty"`
}

// An exchange is a request and its response.
type exchange struct {
	Start, Sent, Answer, End int64 // first byte of the request, the last; of the response, the last
	Row                      int
	StartPacket, EndPacket   int64
	Request, Status, Warmth  string
}

// MarshalJSON writes e as a list, for there may be many.
func (e exchange) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{e.Start, e.Sent, e.Answer, e.End, e.Row, e.StartPacket, e.EndPacket,
		e.Request, e.Status, e.Warmth})
}

// A window is how the congestion window of one direction went.
type window struct {
	From   string   `json:"f"`
	Growth []int64  `json:"g"` // bytes, at the begin of rounds
	Phases []phase  `json:"p,omitempty"`
	Series *series  `json:"s,omitempty"`
	Size   int64    `json:"z,omitempty"` // of a segment, in bytes
	About  []string `json:"a"`
}

type phase struct {
	Name       string `json:"n"`
	Start, End int64  // microseconds since the connection's begin
	From, To   int64  // bytes
}

// Bounds of a page, by which it opens at once: what is beyond is counted.
const (
	mostLanes     = 3000 // of all pools
	mostPoolLanes = 1500
	mostExchanges = 500 // of a connection
	mostRows      = 6
)

// A drawing makes lanes of connections.
type drawing struct {
	zero      report.Instant
	until     report.Instant // 0: not known
	redacted  bool
	left      int // lanes that may still be made
	series    map[seriesKey]*growth.Series
	sequences map[int64]*timesequence.Connection
}

func (d *drawing) at(t report.Instant) int64 { return int64(t-d.zero) / 1000 }

// lanes makes lanes of some of conns: of those with a story, where they are too many.
func (d *drawing) lanes(conns []*report.Connection) []*lane {
	chosen := timeline.Choose(conns, min(d.left, mostPoolLanes))
	chosen = chosen[:min(d.left, len(chosen))]
	d.left -= len(chosen)
	all := make([]*lane, len(chosen))
	for i, c := range chosen {
		all[i] = d.lane(c)
	}
	return all
}

func (d *drawing) lane(c *report.Connection) *lane {
	span := timeline.Span{Until: d.until}
	l := &lane{ID: c.ID, Client: text.Name(c.Client), Server: text.Name(c.Server), Start: d.at(c.Start),
		First: c.FirstPacket, Last: c.LastPacket, Filter: connectionFilter(c, d.redacted),
		Ending: ending(c), About: about(c), connection: c}
	l.End = max(l.Start, d.at(span.ClosedAt(c)))
	if rtt := c.ClientToServer.RTT; rtt != nil && rtt.Handshake != nil && c.Handshake != "missed" {
		l.Handshake = d.at(c.Start + report.Instant(*rtt.Handshake))
	}
	judged := c.Judged()
	if c.TLS != nil && l.Handshake > 0 && len(judged) > 0 {
		l.TLS = max(l.Handshake, d.at(judged[0].Start))
	}
	l.exchanges(d, judged)
	if b := c.OpenedBecause; b != nil {
		l.Opening = openingOf(c)
	}
	for _, w := range []struct {
		from string
		half *report.Half
	}{{"server", &c.ServerToClient}, {"client", &c.ClientToServer}} {
		if !grown(w.half) {
			continue
		}
		v := windowOf(w.from, w.half)
		if s := d.series[seriesKey{c.ID, w.from == "client"}]; s != nil {
			v.Series = d.draw(s)
			v.Series.Kernel = d.kernelOf(c, w.from == "client")
		}
		l.Windows = append(l.Windows, v)
	}
	l.Sequences = d.sequencesOf(c.ID)
	return l
}

// exchanges adds transactions. Those of HTTP/2 that overlap are stacked.
func (l *lane) exchanges(d *drawing, list []*report.Transaction) {
	l.Omitted = max(0, len(list)-mostExchanges)
	l.Exchanges = []exchange{}
	var free []int64 // from when each row is
	for _, t := range list[:len(list)-l.Omitted] {
		from, to := timeline.Response(t)
		sent := t.Start
		if t.Wait != nil {
			sent = max(t.Start, from-report.Instant(*t.Wait))
		}
		e := exchange{Start: d.at(t.Start), Sent: d.at(sent), Answer: d.at(from), End: d.at(to),
			StartPacket: t.StartPacket, EndPacket: t.EndPacket, Warmth: text.Name(string(t.Warmth)),
			Request: text.Name(strings.TrimSpace(t.Method + " " + t.Target))}
		if t.Status > 0 {
			e.Status = strconv.Itoa(t.Status)
		}
		e.Row = slices.IndexFunc(free, func(at int64) bool { return at <= e.Start })
		switch {
		case e.Row < 0 && len(free) < mostRows:
			e.Row = len(free)
			free = append(free, 0)
		case e.Row < 0:
			e.Row = mostRows - 1
		}
		free[e.Row] = max(free[e.Row], e.End)
		l.Exchanges = append(l.Exchanges, e)
	}
	if len(free) > 1 {
		l.Rows = len(free)
	}
}

func openingOf(c *report.Connection) *opening {
	b := c.OpenedBecause
	o := &opening{Cause: text.Name(string(b.Cause)), Instead: b.InsteadOf, Needless: b.Cause.Avoidable(), Packets: b.Packets,
		Grade: text.Name(string(b.Confidence)), Text: text.Statement(b.Text), Refuted: text.Statement(b.RefutedBy),
		Filter: packetFilter(append(slices.Clone(b.Packets), c.FirstPacket))}
	if b.Idle != nil {
		o.Idle = segment.Span(time.Duration(*b.Idle))
	}
	return o
}

// open is the ending of what nobody ended.
const open = "open"

// ending says who ended c, and how.
func ending(c *report.Connection) string {
	who := text.Name(c.Closed.First)
	switch c.Closed.How {
	case "fin":
		return who + " FIN"
	case "rst":
		return who + " RST"
	}
	return open
}

// about says of c what its lane does not show.
func about(c *report.Connection) []string {
	all := []string{text.Name(c.Protocol)}
	if t := c.TLS; t != nil {
		all = append(all, strings.TrimSpace("TLS "+text.Name(t.Version)+" "+text.Name(t.ServerName)))
	}
	all = append(all, "history "+text.Name(c.History))
	for _, h := range []struct {
		from string
		half *report.Half
	}{{"client", &c.ClientToServer}, {"server", &c.ServerToClient}} {
		s := strconv.FormatInt(h.half.PayloadBytes, 10) + " bytes from the " + h.from
		if n := h.half.ResentSegments; n > 0 {
			s += ", " + strconv.FormatInt(n, 10) + " segments resent"
		}
		if r := h.half.RTT; r != nil && r.Median != nil && r.P90 != nil {
			s += fmt.Sprintf(", round trip %s (nine of ten below %s)",
				segment.Span(time.Duration(*r.Median)), segment.Span(time.Duration(*r.P90)))
		}
		all = append(all, s)
	}
	if s := c.Closed.AfterIdle; s != nil {
		all = append(all, "closed after it had been idle for "+segment.Span(time.Duration(*s)))
	}
	return all
}

// grown reports whether a window is worth a picture.
func grown(h *report.Half) bool {
	return h.Window != nil && len(h.Window.Growth) > 1 && h.Window.Rounds > 1
}

func windowOf(from string, h *report.Half) window {
	w := h.Window
	v := window{From: from, Growth: w.Growth, Size: w.Segment}
	for _, p := range w.Phases {
		v.Phases = append(v.Phases, phase{text.Name(p.Phase), int64(p.Start) / 1000, int64(p.End) / 1000, p.From, p.To})
	}
	v.About = []string{
		"initial window " + strconv.FormatInt(w.InitialSegments, 10) + " segments (" + text.Name(w.InitialBasis) + ")",
		"last " + strconv.FormatInt(w.Last, 10) + " bytes (" + text.Name(w.Basis) + ")",
		strconv.FormatInt(w.Rounds, 10) + " round trips",
	}
	for _, e := range []struct {
		n    int64
		what string
	}{{w.Losses, "loss episodes"}, {w.Timeouts, "timeouts"}, {w.IdleRestarts, "idle restarts"}} {
		if e.n > 0 {
			v.About = append(v.About, e.what+": "+strconv.FormatInt(e.n, 10))
		}
	}
	if k := h.KernelWindow; k != nil {
		v.About = append(v.About, fmt.Sprintf("its kernel said %d to %d bytes, last %d (%s, asked %s)", k.Min, k.Max, k.Last,
			text.Name(k.Algorithm), plural.Count(k.Answers, "time")))
	}
	if limit, acks := w.MostLimiting(); limit != tcp.UnknownLimit {
		v.About = append(v.About, fmt.Sprintf("limited by %s at %d of %d ACKs", limit, w.LimitedACKs[limit], acks))
	}
	return v
}
