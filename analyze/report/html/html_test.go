package html

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/html"

	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/growth"
	"tcpwarm/analyze/report/reporttest"
	"tcpwarm/analyze/report/timesequence"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// written returns the page of r, and its elements.
func written(t *testing.T, r *report.Report) (string, []*html.Node) {
	t.Helper()
	return writtenWith(t, r, Options{})
}

func writtenWith(t *testing.T, r *report.Report, o Options) (string, []*html.Node) {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, r, Recorded{}, o); err != nil {
		t.Fatal(err)
	}
	return b.String(), elements(t, b.Bytes())
}

// elements returns all elements of a page.
func elements(t *testing.T, page []byte) (all []*html.Node) {
	t.Helper()
	root, err := html.Parse(bytes.NewReader(page))
	if err != nil {
		t.Fatal(err)
	}
	for n := range root.Descendants() {
		if n.Type == html.ElementNode {
			all = append(all, n)
		}
	}
	return all
}

func attribute(n *html.Node, key string) string {
	for _, a := range n.Attr {
		if a.Key == key {
			return a.Val
		}
	}
	return ""
}

// textOf is the text in n.
func textOf(n *html.Node) string {
	var b strings.Builder
	for c := range n.Descendants() {
		if c.Type == html.TextNode {
			b.WriteString(c.Data)
		}
	}
	return b.String()
}

func ofClass(all []*html.Node, tag, class string) (found []*html.Node) {
	for _, n := range all {
		if n.Data == tag && slices.Contains(strings.Fields(attribute(n, "class")), class) {
			found = append(found, n)
		}
	}
	return found
}

// The one style and the one script are those of the policy; nothing else can run, load or be sent.
func TestPolicy(t *testing.T) {
	for name, r := range reporttest.Samples() {
		_, all := written(t, r)
		var policies, scripts, styles int
		for _, n := range all {
			for _, a := range n.Attr {
				if strings.HasPrefix(a.Key, "on") || a.Key == "style" || a.Key == "src" || a.Key == "action" ||
					strings.HasSuffix(a.Key, "href") && !strings.HasPrefix(a.Val, "#") {
					t.Errorf("%s: <%s %s=%q>", name, n.Data, a.Key, a.Val)
				}
			}
			switch {
			case n.Data == "meta" && attribute(n, "http-equiv") == "Content-Security-Policy":
				policies++
				if got := attribute(n, "content"); got != policy || !strings.HasPrefix(got, "default-src 'none';") || strings.Contains(got, "unsafe") {
					t.Errorf("%s: %s", name, got)
				}
			case n.Data == "script" && attribute(n, "type") == "application/json":
			case n.Data == "script":
				scripts++
				if !strings.Contains(policy, "script-src "+hash(textOf(n))) {
					t.Errorf("%s: a script that the policy does not let run", name)
				}
			case n.Data == "style":
				styles++
				if !strings.Contains(policy, "style-src "+hash(textOf(n))) {
					t.Errorf("%s: a style that the policy does not let in", name)
				}
			}
		}
		if policies != 1 || scripts != 1 || styles != 1 {
			t.Errorf("%s: %d policies, %d scripts, %d styles", name, policies, scripts, styles)
		}
	}
}

// The script makes no markup out of strings, and asks nothing of others.
func TestScriptIsTame(t *testing.T) {
	for _, word := range []string{"innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", "fetch(",
		"XMLHttpRequest", "import(", "WebSocket", "sendBeacon", "setAttribute(\"style"} {
		if strings.Contains(pageJS, word) {
			t.Errorf("the script has %s", word)
		}
	}
	if n := len(pageJS); n > 60_000 {
		t.Errorf("the script has %d bytes", n)
	}
}

// markup is what a capture may hold to become part of a page.
const markup = `</script></style></title><img src=x onerror="alert(1)"><svg/onload=alert(2)>'"` + "`${alert(3)}{{.}}" +
	"-->]]>&lt;\u2028\u2029<!--<script>"

// infect puts s into every string that v holds.
func infect(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			infect(v.Elem(), s)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			infect(v.Field(i), s)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			infect(v.Index(i), s)
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if k.Kind() == reflect.String {
				value := v.MapIndex(k)
				v.SetMapIndex(k, reflect.Value{})
				v.SetMapIndex(reflect.ValueOf(s).Convert(k.Type()), value)
			}
		}
	case reflect.String:
		if v.CanSet() {
			v.SetString(v.String() + s)
		}
	}
}

// Whatever strings a report has, the page has the same elements: they are text, and are all there.
func TestMarkupIsText(t *testing.T) {
	for _, make := range []func() *report.Report{reporttest.Missed, reporttest.Burst, reporttest.Many, reporttest.Hostile} {
		tame, hostile := make(), make()
		infect(reflect.ValueOf(tame), "x")
		infect(reflect.ValueOf(hostile), markup)
		_, want := written(t, tame)
		page, got := written(t, hostile)
		elements := func(all []*html.Node) string {
			var b strings.Builder
			for _, n := range all {
				fmt.Fprint(&b, n.Data)
				for _, a := range n.Attr {
					fmt.Fprint(&b, " ", a.Key)
				}
				b.WriteByte('\n')
			}
			return b.String()
		}
		if a, b := elements(want), elements(got); a != b {
			t.Errorf("the elements are\n%s\nand with markup\n%s", a, b)
		}
		if n := strings.Count(page, "&lt;img src=x"); n < 5 {
			t.Errorf("the markup is in the text %d times", n)
		}
		for _, n := range got {
			if attribute(n, "id") != "data" {
				continue
			}
			if raw := textOf(n); strings.ContainsAny(raw, "<>&\u2028\u2029") || !json.Valid([]byte(raw)) {
				t.Errorf("the data are not as they should be: %s", raw)
			}
		}
	}
}

// What a terminal could obey is visible in a page too: an override of direction would turn it round.
func TestControlsAreVisible(t *testing.T) {
	page, _ := written(t, reporttest.Hostile())
	if strings.ContainsAny(page, "\x1b\x07\u202e\u2066\u200b\u009b") {
		t.Error("a control character is in the page")
	}
}

// pageData are the data of a page.
func pageData(t *testing.T, all []*html.Node) (d struct {
	Pools []struct {
		ID    int64
		Total int64
		Ideal [][]int64
		Lanes []struct {
			I int64
			O *struct{ A bool }
		}
	}
}) {
	t.Helper()
	for _, n := range all {
		if attribute(n, "id") == "data" {
			if err := json.Unmarshal([]byte(textOf(n)), &d); err != nil {
				t.Fatal(err)
			}
		}
	}
	return d
}

// A page says what its report says: verdict, counts, lanes, arrows.
func TestAsTheReport(t *testing.T) {
	for name, r := range reporttest.Samples() {
		page, all := written(t, r)
		if h := textOf(ofTag(all, "h1")); h == "" || !strings.Contains(page, "<h1 ") {
			t.Errorf("%s: no verdict", name)
		}
		if got := len(ofClass(all, "details", "pool")); got != len(r.Pools) {
			t.Errorf("%s: %d of %d pools", name, got, len(r.Pools))
		}
		lanes, needless := 0, 0
		for _, p := range pageData(t, all).Pools {
			lanes += len(p.Lanes)
			for _, l := range p.Lanes {
				if l.O != nil && l.O.A {
					needless++
				}
			}
		}
		want := 0
		for _, c := range r.Connections {
			if c.OpenedBecause != nil && c.OpenedBecause.Cause.Avoidable() {
				want++
			}
		}
		if lanes != len(r.Connections) || needless != want {
			t.Errorf("%s: %d lanes of %d, %d of them needless of %d", name, lanes, len(r.Connections), needless, want)
		}
		if n := len(r.Connections); n <= mostDrawn && len(ofClass(all, "div", "lane")) != n {
			t.Errorf("%s: %d lanes stand in the page, not %d", name, len(ofClass(all, "div", "lane")), n)
		}
	}
}

func ofTag(all []*html.Node, tag string) *html.Node {
	return all[slices.IndexFunc(all, func(n *html.Node) bool { return n.Data == tag })]
}

// An arrow ends at the needless connection, and begins where the idle one is at that time.
func TestArrow(t *testing.T) {
	_, all := written(t, reporttest.Missed())
	arrows := ofClass(all, "line", "arrow")
	if len(arrows) != 1 {
		t.Fatalf("%d arrows", len(arrows))
	}
	a := arrows[0]
	if attribute(a, "x1") != attribute(a, "x2") || attribute(a, "y1") != "11" || attribute(a, "y2") != "25" ||
		!strings.Contains(attribute(a, "class"), "first") || strings.Contains(attribute(a, "class"), "gone") {
		t.Errorf("%v", a.Attr)
	}
	lane := ofClass(all, "div", "needless")
	if len(lane) != 1 || !strings.Contains(textOf(lane[0]), "#2 missed") {
		t.Fatalf("%d needless lanes", len(lane))
	}
	for n := range lane[0].Descendants() {
		if n.Data == "rect" && attribute(n, "class") == "handshake" && attribute(n, "x") != attribute(a, "x2") {
			t.Errorf("the connection begins at %s, its arrow ends at %s", attribute(n, "x"), attribute(a, "x2"))
		}
	}
	_, all = written(t, reporttest.Burst()) // the connections had been closed
	for _, a := range ofClass(all, "line", "arrow") {
		if !strings.Contains(attribute(a, "class"), "gone") {
			t.Errorf("%v", a.Attr)
		}
	}
}

// The ideal client's connections are shown where the report says whose requests they carry, and only there.
func TestIdeal(t *testing.T) {
	at := func(r *report.Report) string {
		_, all := written(t, r)
		return fmt.Sprint(pageData(t, all).Pools[0].Ideal)
	}
	if got := at(reporttest.Missed()); got != "[[1 2]]" {
		t.Errorf("%s", got)
	}
	meeting := reporttest.Missed() // the second request begins before the first's response has come
	meeting.Connections[1].Transactions[0].Start = meeting.Connections[0].Transactions[0].Start + 1000
	unkept := reporttest.Missed()
	unkept.Pools[0].Used = 3
	elsewhere := reporttest.Missed()
	elsewhere.Connections[1].OpenedBecause.InsteadOf = 7
	for name, r := range map[string]*report.Report{"reused": reporttest.Reused(), "meeting": meeting, "unkept": unkept, "elsewhere": elsewhere} {
		if got := at(r); got != "[]" {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// Today's setting is marked on the curve, and the one that would do.
func TestCurve(t *testing.T) {
	c := curveOf(reporttest.Burst().Pools[0])
	var got []string
	for _, p := range c.Points {
		got = append(got, fmt.Sprint(p.IdleKept, p.Connections, p.Today, p.Would))
	}
	want := []string{"0 24 false false", "1 22 false false", "2 20 true false", "4 16 false false", "6 12 false false", "8 8 false true"}
	if !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
	if c.Today != 20 || c.Share != "83.33%" {
		t.Errorf("today %d, %s of the most", c.Today, c.Share)
	}
	between := reporttest.Burst().Pools[0] // no setting does as today
	between.Used = 21
	for _, p := range curveOf(between).Points {
		if p.Today {
			t.Errorf("%d idle ones open %d, today %d", p.IdleKept, p.Connections, between.Used)
		}
	}
	if c := curveOf(reporttest.Reused().Pools[0]); c != nil {
		t.Errorf("a curve with nothing to gain: %v", c)
	}
}

// Requests of one connection that overlap are stacked, at most so high.
func TestStacked(t *testing.T) {
	r := reporttest.Missed()
	c := r.Connections[0]
	one := *c.Transactions[0]
	c.Transactions = nil
	for range 9 {
		again := one
		c.Transactions = append(c.Transactions, &again)
	}
	later := one
	later.Start += report.Instant(*one.Duration) + 1000
	c.Transactions = append(c.Transactions, &later)
	d := &drawing{zero: c.Start, left: 1}
	l := d.lane(c)
	var rows []int
	for _, e := range l.Exchanges {
		rows = append(rows, e.Row)
	}
	if want := []int{0, 1, 2, 3, 4, 5, 5, 5, 5, 0}; l.Rows != mostRows || !slices.Equal(rows, want) {
		t.Errorf("%d rows: %v", l.Rows, rows)
	}
}

// A page is bounded, and says what it leaves out.
func TestBounds(t *testing.T) {
	r := reporttest.Missed()
	c, p := r.Connections[0], r.Pools[0]
	for i := range int64(mostPoolLanes + 500) {
		again := *c
		again.ID = 3 + i
		r.Connections = append(r.Connections, &again)
	}
	p.Used = int64(len(r.Connections))
	for range mostExchanges {
		r.Connections[1].Transactions = append(r.Connections[1].Transactions, r.Connections[1].Transactions[0])
	}
	for i := range int64(mostPools) {
		again := *p
		again.ID, again.Verdict = 2+i, pool.Reused
		r.Pools = append(r.Pools, &again)
	}
	_, all := written(t, r)
	d := pageData(t, all)
	if len(d.Pools) != 1 || len(d.Pools[0].Lanes) != mostPoolLanes || d.Pools[0].Total != mostPoolLanes+502 {
		t.Errorf("%d lanes of %d", len(d.Pools[0].Lanes), d.Pools[0].Total)
	}
	if n := len(ofClass(all, "details", "pool")); n != mostPools {
		t.Errorf("%d pools in full", n)
	}
	if got, want := unlisted(mostListed+7, mostListed, mostPools), "7 more, with less to gain, are not listed; the worst 200 are told in full below"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := unlisted(mostPools, mostPools, mostPools); got != "" {
		t.Errorf("%q", got)
	}
	l := (&drawing{zero: c.Start}).lane(r.Connections[1])
	if len(l.Exchanges) != mostExchanges || l.Omitted != 1 {
		t.Errorf("%d exchanges, %d omitted", len(l.Exchanges), l.Omitted)
	}
}

// A page tells of as many pools in full as are asked for, the worst first; the overview lists the others too, and
// says what it alone has.
func TestTopAndAll(t *testing.T) {
	r := reporttest.Missed()
	for i := range int64(mostPools + 50) {
		again := *r.Pools[0]
		again.ID, again.Verdict, again.Avoidable = 2+i, pool.Reused, 0
		r.Pools = append(r.Pools, &again)
	}
	for _, c := range []struct {
		o    Options
		full int
		says string
	}{
		{Options{}, mostPools, "the worst 200 are told in full below"},
		{Options{Top: 1}, 1, "the worst is told in full below"},
		{Options{Top: 7}, 7, "the worst 7 are told in full below"},
		{Options{Top: mostPools + 20}, mostPools + 20, "the worst 220 are told in full below"},
		{Options{Top: 5000}, mostPools + 51, ""},
		{Options{Top: 1, All: true}, mostPools + 51, ""},
	} {
		page, all := writtenWith(t, r, c.o)
		if n := len(ofClass(all, "details", "pool")); n != c.full {
			t.Errorf("%+v: %d pools in full, want %d", c.o, n, c.full)
		}
		if !strings.Contains(page, c.says) || c.says == "" && strings.Contains(page, "told in full below") {
			t.Errorf("%+v: does not say %q", c.o, c.says)
		}
		if n := strings.Count(page, "data-pool=") - len(ofClass(all, "div", "picture")); n != mostPools+51 {
			t.Errorf("%+v: %d pools listed", c.o, n)
		}
		if first := ofClass(all, "details", "pool")[0]; attribute(first, "id") != "pool-1" {
			t.Errorf("%+v: the first is %s", c.o, attribute(first, "id"))
		}
	}
}

// What was recorded of a window is drawn with the direction it is of; sizes stay, and times count from the
// page's zero.
func TestSeries(t *testing.T) {
	r := reporttest.Missed()
	r.Connections[1].ServerToClient.Window = &report.HalfWindow{Rounds: 3, Growth: []int64{1, 2, 3}, Segment: 1448}
	var windows growth.Recorder
	var list []tcp.Sample
	for i := range 20 {
		phase := "slow-start"
		if i > 9 {
			phase = "recovery"
		}
		list = append(list, tcp.Sample{At: segment.Time(r.Connections[0].Start) + segment.Time(1000*(i+5)), Event: "window", Offered: -1,
			RTT: 0.002, Estimate: tcp.Estimate{Low: 1, Best: 2 + i, High: 99, Phase: phase, Pipe: 7}})
	}
	list = append(list, tcp.Sample{At: list[9].At, Event: "loss"})
	windows.Add(2, false, list)
	d := &drawing{zero: r.Connections[0].Start, series: seriesOf(&windows)}
	l := d.lane(r.Connections[1])
	if len(l.Windows) != 1 || l.Windows[0].From != "server" || l.Windows[0].Series == nil {
		t.Fatalf("%+v", l.Windows)
	}
	s := l.Windows[0].Series
	if len(s.At) != 20 || s.At[0] != 5 || s.At[19] != 24 || s.Most[19] != 21 || s.Low[3] != 1 || s.High[3] != 99 || s.Flight[3] != 7 ||
		s.Offered[0] != 0 || s.RTT[0] != 2000 || !slices.Equal(s.Phase, []wordAt{{0, "slow-start"}, {10, "recovery"}}) ||
		!slices.Equal(s.Events, []eventAt{{14, "loss"}}) {
		t.Errorf("%+v", s)
	}
	if l := d.lane(r.Connections[0]); len(l.Windows) != 0 {
		t.Errorf("another connection has %+v", l.Windows)
	}
}

// What the sender's own kernel said stands with the direction it is of, when the content began; and in words.
func TestKernelsWindow(t *testing.T) {
	r := reporttest.Witnessed()
	c := r.Connections[0]
	var windows growth.Recorder
	var list []tcp.Sample
	for i := range 20 {
		list = append(list, tcp.Sample{At: segment.Time(c.Start) + segment.Time(i)*segment.Time(time.Second/8), Event: "window",
			Offered: -1, Estimate: tcp.Estimate{Low: 1000, Best: 20_000, High: 30_000}})
	}
	windows.Add(c.ID, false, list)
	d := &drawing{zero: c.Start, series: seriesOf(&windows)}
	w := d.lane(c).Windows[0]
	// Of three requests it has said so of the first and the third: 100 ms and 2 s after the begin, answered 52 ms later.
	if want := []kernelAt{{152_000, 14_480}, {2_052_000, 57_920}}; !slices.Equal(w.Series.Kernel, want) {
		t.Errorf("%v, want %v", w.Series.Kernel, want)
	}
	if said := "its kernel said 14480 to 406888 bytes, last 115840 (cubic, asked 41 times)"; !slices.Contains(w.About, said) {
		t.Errorf("%q is not in %q", said, w.About)
	}
	c.Transactions[2].RequestBytes = c.Transactions[2].ResponseBytes + 1 // an upload: it is the client's window
	if got := d.kernelOf(c, true); !slices.Equal(got, []kernelAt{{2_000_000, 57_920}}) || len(d.kernelOf(c, false)) != 1 {
		t.Errorf("the client's: %v", got)
	}
}

// Where a pool has lanes there is a legend, though the worst pools have none.
func TestLegend(t *testing.T) {
	r := reporttest.Missed()
	last := r.Pools[0]
	r.Pools = nil
	for i := range int64(mostDrawnPools + 5) {
		r.Pools = append(r.Pools, &report.Pool{ID: 100 + i, Client: "10.0.0.1", Server: []string{"10.0.0.2:80"}, Verdict: pool.NotReused, Avoidable: 9})
	}
	r.Pools = append(r.Pools, last)
	_, all := written(t, r)
	if n := len(ofClass(all, "ul", "key")); n != 1 {
		t.Errorf("%d legends", n)
	}
}

// A filter shows what it stands beside, in Wireshark's language.
func TestFilters(t *testing.T) {
	c := &report.Connection{Client: "10.0.0.1:40000", Server: "[2001:db8::1]:443", FirstPacket: 3, LastPacket: 9}
	const whole = "ip.addr == 10.0.0.1 && tcp.port == 40000 && ipv6.addr == 2001:db8::1 && tcp.port == 443 && frame.number >= 3 && frame.number <= 9"
	one := &report.Pool{Client: "10.0.0.1", Server: []string{"10.0.0.2:80"}}
	two := &report.Pool{Client: "10.0.0.1", Server: []string{"10.0.0.2:80", "10.0.0.3:80"}}
	conns := []*report.Connection{c}
	proxied := []*report.Connection{{Client: "10.9.9.9:40000"}}
	for _, x := range []struct{ got, want string }{
		{packetFilter(nil), ""},
		{packetFilter([]int64{8}), "frame.number == 8"},
		{packetFilter([]int64{8, 6, 8}), "frame.number in {6, 8}"},
		{connectionFilter(c, false), whole},
		{connectionFilter(c, true), "frame.number in {3, 9}"},
		{poolFilter(one, conns, false), "ip.addr == 10.0.0.1 && ip.addr == 10.0.0.2 && tcp.port == 80"},
		{poolFilter(two, conns, false), "ip.addr == 10.0.0.1 && ((ip.addr == 10.0.0.2 && tcp.port == 80) || (ip.addr == 10.0.0.3 && tcp.port == 80))"},
		{poolFilter(one, proxied, false), "ip.addr == 10.0.0.2 && tcp.port == 80"},
		{poolFilter(one, conns, true), ""},
		{poolFilter(&report.Pool{Server: []string{"odd"}}, nil, false), ""},
	} {
		if x.got != x.want {
			t.Errorf("%q, want %q", x.got, x.want)
		}
	}
	if n := strings.Count(packetFilter(make([]int64, 0)), ","); n != 0 {
		t.Error(n)
	}
	var many []int64
	for i := range int64(1000) {
		many = append(many, i)
	}
	if n := strings.Count(packetFilter(many), ",") + 1; n != mostInFilter {
		t.Errorf("%d packets in a filter", n)
	}
}

// A packet is told with a filter beside it.
func TestPacketsHaveFilters(t *testing.T) {
	_, all := written(t, reporttest.Missed())
	told := regexp.MustCompile(`^packets? [0-9, and more]+: frame\.number (==|in) `)
	n := 0
	for _, p := range ofClass(all, "p", "packets") {
		if n++; !told.MatchString(textOf(p)) {
			t.Errorf("%q", textOf(p))
		}
	}
	if n == 0 {
		t.Error("no packets are told")
	}
}

// What was recorded of a connection's segments is drawn with it, the side that sent most first; times count from the
// page's zero, and numbers stay. Strokes that stand for several segments say which.
func TestSequence(t *testing.T) {
	r := reporttest.Missed()
	zero := segment.Time(r.Connections[0].Start)
	const client = segment.Dir(1)
	var recorded timesequence.Recorder
	recorded.Add(2, client, []tcp.Step{
		{At: zero + 5000, Packet: 7, Start: 1, End: 101, Kind: tcp.NewStep, Dir: client},
		{At: zero + 9000, Packet: 9, Start: 1, End: 1001, Kind: tcp.NewStep, Dir: 1 - client},
		{At: zero + 9000, Packet: 9, Start: 101, End: 60_101, Kind: tcp.ACKStep, Dir: client},
		{At: zero + 15_000, Packet: 12, Start: 1, End: 1001, Kind: tcp.ResentStep, Dir: 1 - client},
		{At: zero + 16_000, Packet: 14, Start: 1001, End: 1501, Kind: tcp.NewStep, Dir: 1 - client},
		{At: zero + 17_000, Packet: 15, Start: 1501, End: 1500, Kind: tcp.ACKStep, Dir: 1 - client},
	})
	d := &drawing{zero: r.Connections[0].Start, sequences: sequencesOf(&recorded)}
	l := d.lane(r.Connections[1])
	got, err := json.Marshal(l.Sequences)
	if err != nil {
		t.Fatal(err)
	}
	want := `[{"f":"server","k":[{"t":[9,7],"p":[9,5],"s":[1,1000],"l":[1000,500]},{"t":[15],"p":[12],"s":[1],"l":[1000]},null,null,` +
		`{"t":[17],"p":[15],"s":[1501],"l":[-1]},null,null,null]},` +
		`{"f":"client","k":[{"t":[5],"p":[7],"s":[1],"l":[100]},null,null,null,{"t":[9],"p":[9],"s":[101],"l":[60000]},null,null,null]}]`
	if string(got) != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if l := d.lane(r.Connections[0]); l.Sequences != nil {
		t.Errorf("another connection has %+v", l.Sequences)
	}
	joined := d.strokes([]timesequence.Stroke{{At: zero, Packet: 3, Last: 3, From: 1, To: 2, N: 1}, {At: zero + 1000, Packet: 4, Last: 9, From: 2, To: 8, N: 6}})
	if !slices.Equal(joined.Count, []int64{1, 6}) || !slices.Equal(joined.Last, []int64{0, 5}) {
		t.Errorf("%+v", joined)
	}
}

// However much was recorded, a page has so much of it that it still opens at once.
func TestSequencesAreBounded(t *testing.T) {
	var recorded timesequence.Recorder
	for id := range int64(mostSequences + 4) {
		for i := range 3000 {
			var list []tcp.Step
			for kind := range tcp.StepKind(tcp.StepKinds) {
				from := int64(1000*i) + int64(kind)*1e6
				list = append(list, tcp.Step{At: segment.Time(i) * 1e6, Packet: int64(9 * i), Start: from, End: from + 1000, Kind: kind})
			}
			recorded.Add(1+id, 0, list)
		}
	}
	d := &drawing{sequences: sequencesOf(&recorded)}
	bytes := 0
	for id := range int64(mostSequences + 4) {
		b, err := json.Marshal(d.sequencesOf(1 + id))
		if err != nil {
			t.Fatal(err)
		}
		bytes += len(b)
	}
	if len(d.sequences) != mostSequences || bytes > 1_100_000 || bytes < 100_000 {
		t.Errorf("%d connections in %d bytes", len(d.sequences), bytes)
	}
}
