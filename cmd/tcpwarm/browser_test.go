package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/examined"
	"tcpwarm/analyze/report/growth"
	"tcpwarm/analyze/report/html"
	"tcpwarm/analyze/report/reporttest"
	"tcpwarm/analyze/report/timesequence"
	"tcpwarm/analyze/tcp"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture"
	"tcpwarm/capture/segment"
)

// A talker writes the packet script of clients that send one request after another.
type talker struct {
	strings.Builder
	head string // of requests, after the Host line
	open []int
	n    int // connections
}

// dial opens a connection to a server, which is a number.
func (k *talker) dial(server int) int {
	k.n++
	c := k.n
	fmt.Fprintf(k, `conn c%[1]d 10.1.2.3:%[2]d 10.9.%[3]d.%[4]d:80
c%[1]d: +0.004 > S 0:0(0) <mss 1460, sackOK>
c%[1]d: +0.004 < S. 0:0(0) ack 1 <mss 1460>
c%[1]d: +0 > . 1:1(0) ack 1
`, c, 10000+c, server/256, server%256)
	k.open = append(k.open, c)
	return c
}

// get sends a request on a connection and has it answered.
func (k *talker) get(c int, host, target, answer string) {
	fmt.Fprintf(k, "c%[1]d: +0.002 > P. + ack + %[2]q\nc%[1]d: +0.006 < P. + ack + %[3]q\nc%[1]d: +0 > . +(0) ack +\n",
		c, "GET "+target+" HTTP/1.1\r\nHost: "+host+"\r\n"+k.head+"\r\n", "HTTP/1.1 200 OK\r\n"+answer+"Content-Length: 2\r\n\r\nok")
}

// end has one side close all connections that are open.
func (k *talker) end(first, second string) {
	for _, c := range k.open {
		fmt.Fprintf(k, "c%[1]d: +0.001 %[2]s F. +(0) ack +\nc%[1]d: +0.001 %[3]s F. +(0) ack +\nc%[1]d: +0 %[2]s . +(0) ack +\n", c, first, second)
	}
	k.open = nil
}

// missing opens n connections to a server for a request each, though the first would have done.
func (k *talker) missing(server, n int, host string) {
	for i := range n {
		k.get(k.dial(server), host, fmt.Sprintf("/%d", i), "")
	}
	k.end(">", "<")
}

const hostileMarkup = `</script><img/src=x/onerror=alert(1)>`

// shownCaptures are captures of which a page is looked at.
func shownCaptures(t *testing.T) map[string][]byte {
	reused := &talker{}
	c := reused.dial(1)
	for range 6 {
		reused.get(c, "one.example", "/x", "")
	}
	reused.end(">", "<")

	missed := &talker{}
	missed.missing(1, 11, "ten.example")

	fifty := &talker{}
	for i := range 50 {
		host := fmt.Sprintf("svc%02d.example", i)
		switch {
		case i%10 == 3:
			fifty.missing(i, 2+i/10, host)
		case i%20 == 7:
			for range 3 {
				fifty.get(fifty.dial(i), host, "/", "Connection: close\r\n")
				fifty.end("<", ">")
			}
		default:
			c := fifty.dial(i)
			fifty.get(c, host, "/a", "")
			fifty.get(c, host, "/b", "")
			fifty.end(">", "<")
		}
	}

	thousand := &talker{}
	thousand.missing(1, 1000, "many.example")

	hostile := &talker{head: "User-Agent: " + hostileMarkup + "\r\n"}
	hostile.missing(1, 3, hostileMarkup)
	hostile.get(hostile.dial(2), "b.example", "/"+hostileMarkup, "Server: "+hostileMarkup+"\r\n")
	hostile.get(hostile.dial(2), "b.example", "/"+hostileMarkup, "")
	hostile.end(">", "<")

	all := map[string][]byte{}
	for name, k := range map[string]*talker{"reused": reused, "missed": missed, "fifty": fifty, "thousand": thousand, "hostile": hostile} {
		all[name] = packetsOf(t, k.String())
	}
	lossy, err := os.ReadFile("../../pcaps/path/path-loss.pcap")
	if err != nil {
		t.Fatal(err)
	}
	all["lossy"] = lossy
	return all
}

// A browser notes what a page must not do.
type browser struct {
	context.Context
	mu     sync.Mutex
	faults []string
}

func (b *browser) fault(format string, args ...any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.faults = append(b.faults, fmt.Sprintf(format, args...))
}

// openBrowser starts chromium, or skips where there is none.
func openBrowser(t *testing.T) *browser {
	if testing.Short() {
		t.Skip("short")
	}
	at, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("chromium is not here")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.ExecPath(at), chromedp.NoSandbox,
		chromedp.WindowSize(1200, 900), chromedp.WSURLReadTimeout(time.Minute))
	ctx, stop := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	b := &browser{Context: ctx}
	err = chromedp.Listen(ctx, func(event any) {
		switch e := event.(type) {
		case *runtime.EventConsoleAPICalled:
			b.fault("the console got %s", e.Type)
		case *runtime.EventExceptionThrown:
			b.fault("an exception: %s", e.ExceptionDetails.Text)
		case *log.EventEntryAdded:
			b.fault("the browser says %s: %s", e.Entry.Level, e.Entry.Text)
		case *network.EventRequestWillBeSent:
			if !strings.HasPrefix(e.Request.URL, "file:") || !strings.HasSuffix(e.Request.URL, ".html") {
				b.fault("a request for %s", e.Request.URL)
			}
		case *page.EventJavascriptDialogOpening:
			b.fault("something ran: %s", e.Message)
			go chromedp.Call(ctx, page.HandleJavaScriptDialog, page.HandleJavaScriptDialogParams{})
		}
	})
	if err == nil {
		_, err = chromedp.Call(ctx, network.Enable, network.EnableParams{})
	}
	if err == nil {
		_, err = chromedp.Call(ctx, log.Enable, cdp.Empty{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// do takes steps, for half a minute at most.
func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	ctx, cancel := context.WithTimeout(b, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// ask returns what an expression of the page comes to, which may be a promise.
func ask[T any](t *testing.T, b *browser, expression string) T {
	t.Helper()
	ctx, cancel := context.WithTimeout(b, 30*time.Second)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// tell has the page do something.
func (b *browser) tell(t *testing.T, statement string) {
	t.Helper()
	ask[int](t, b, statement+"; 0")
}

// collect walks down all lists of lanes, and returns what they draw by its place.
const collect = `(async () => {
	const frame = () => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
	const seen = {lanes: new Set(), needless: new Set(), arrows: new Set(), bars: {}};
	document.querySelectorAll("details.pool").forEach(d => { d.open = true; });
	for (const picture of document.querySelectorAll(".picture")) {
		picture.scrollIntoView();
		for (let n = 0; n < 50 && !picture.querySelector(".scroller"); n++) await frame();
		const scroller = picture.querySelector(".scroller");
		for (let top = 0; scroller; top += scroller.clientHeight) {
			scroller.scrollTop = top;
			await frame();
			for (const lane of scroller.querySelectorAll(".lane")) {
				if (seen.lanes.has(lane.id)) continue;
				seen.lanes.add(lane.id);
				if (lane.classList.contains("needless")) seen.needless.add(lane.id);
				for (const bar of lane.querySelectorAll("rect")) seen.bars[bar.getAttribute("class")] = (seen.bars[bar.getAttribute("class")] || 0) + 1;
			}
			for (const arrow of scroller.querySelectorAll("line.arrow")) seen.arrows.add(picture.dataset.pool + "-" + arrow.dataset.to);
			if (top + scroller.clientHeight >= scroller.scrollHeight) break;
		}
	}
	return {lanes: seen.lanes.size, needless: seen.needless.size, arrows: seen.arrows.size, bars: seen.bars};
})()`

// drawn is what a page draws, or what its report says that it should.
type drawn struct {
	Lanes    int            `json:"lanes"`
	Needless int            `json:"needless"`
	Arrows   int            `json:"arrows"`
	Bars     map[string]int `json:"bars"`
}

// toDraw is what is to be drawn of r, of which all connections are in the page.
func toDraw(r *report.Report) drawn {
	d := drawn{Bars: map[string]int{}}
	ids := map[int64]bool{}
	for _, c := range r.Connections {
		ids[c.ID] = true
	}
	for _, c := range r.Connections {
		d.Lanes++
		d.Bars["idle"]++
		d.Bars["wait"] += len(c.Transactions)
		if c.Closed.How != "open" {
			d.Bars["closed"]++
		}
		if b := c.OpenedBecause; b != nil && b.Cause.Avoidable() {
			d.Needless++
			if ids[b.InsteadOf] {
				d.Arrows++
			}
		}
	}
	return d
}

// Pages of captures in a browser: what is drawn is what the JSON says, nothing runs, nothing leaves.
func TestPages(t *testing.T) {
	t.Parallel()
	b := openBrowser(t)
	axe := axeCore(t)
	dir := t.TempDir()
	captures := shownCaptures(t)
	for _, name := range []string{"reused", "missed", "fifty", "thousand", "lossy", "hostile"} {
		t.Run(name, func(t *testing.T) {
			b.faults = nil
			path := filepath.Join(dir, name+".html")
			var r report.Report
			if err := json.Unmarshal([]byte(analyzed(t, captures[name], "--format", "json", "--report", "html="+path)), &r); err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Size() > 1_500_000 {
				t.Errorf("the page has %d bytes: %v", info.Size(), err)
			}
			b.do(t, chromedp.Navigate("file://"+path), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
			b.use(t)
			for _, f := range axe.faults(t, b) { // before all pools are open: it looks at each of thousands of elements
				t.Errorf("axe-core: %s", f)
			}
			got, want := ask[drawn](t, b, collect), toDraw(&r)
			for kind, n := range want.Bars {
				if got.Bars[kind] != n {
					t.Errorf("%d bars of %s, want %d", got.Bars[kind], kind, n)
				}
			}
			if got.Lanes != want.Lanes || got.Needless != want.Needless || got.Arrows != want.Arrows || got.Lanes == 0 {
				t.Errorf("%+v, want %+v", got, want)
			}
			if rows := ask[int](t, b, `document.querySelectorAll("#overview tbody tr").length`); len(r.Pools) > 1 && rows != len(r.Pools) {
				t.Errorf("%d rows of %d pools", rows, len(r.Pools))
			}
			if name == "lossy" {
				b.windowAsReported(t, r.Connections[0].ServerToClient.Window)
				b.sequenceAsCaptured(t, captures[name], &r)
			}
			if name == "hostile" {
				text := ask[string](t, b, `document.body.textContent`)
				if strings.Count(text, hostileMarkup) < 4 || ask[int](t, b, `document.querySelectorAll("img, svg[onload]").length`) != 0 {
					t.Errorf("%d times as text", strings.Count(text, hostileMarkup))
				}
			}
			for _, f := range b.faults {
				t.Error(f)
			}
		})
	}
}

// windowAsReported holds the picture of a window, which is open, against the report.
func (b *browser) windowAsReported(t *testing.T, w *report.HalfWindow) {
	t.Helper()
	count := func(selector string) int64 {
		return ask[int64](t, b, fmt.Sprintf("document.querySelectorAll(%q).length", selector))
	}
	if got := count(".marks text.loss"); got != w.Losses || got == 0 {
		t.Errorf("%d losses are marked, not %d", got, w.Losses)
	}
	if got := count(".marks text.idle-restart"); got != w.IdleRestarts || got == 0 {
		t.Errorf("%d idle restarts are marked, not %d", got, w.IdleRestarts)
	}
	for _, selector := range []string{".window-time .recovery", ".window-time .slow-start", ".window-time .observed", ".window-time .inferred",
		".limits .congestion", ".marks text.begin"} {
		if count(selector) == 0 {
			t.Errorf("no %s", selector)
		}
	}
	for _, path := range []string{"band", "flight", "offered"} {
		if n := ask[int](t, b, fmt.Sprintf("document.querySelector(%q).getAttribute(%q).length", ".window-time ."+path, "d")); n < 100 {
			t.Errorf("%s has a path of %d bytes", path, n)
		}
	}
}

// toStroke is what a time-sequence graph is to show of one side's data.
type toStroke struct{ sent, acked, sacked int }

// strokesOf counts that in a capture of one connection, whose server has a port.
func strokesOf(t *testing.T, packets []byte, port uint16) (server, client toStroke) {
	src, err := capture.OpenReader("pcap", bytes.NewReader(packets))
	if err != nil {
		t.Fatal(err)
	}
	var latest [2]segment.Segment
	for batch, err := new(segment.Batch), error(nil); err == nil; {
		err = src.Fill(batch)
		for i := range batch.Segments {
			s := &batch.Segments[i]
			own, other := &server, &client
			if s.From().Port != port {
				own, other = &client, &server
			}
			if s.Len > 0 || s.Flags.Has(segment.SYN|segment.FIN) {
				own.sent++
			}
			if before := &latest[s.Dir]; s.Flags.Has(segment.ACK) {
				if s.Ack != before.Ack || s.Window != before.Window {
					other.acked++
				}
				for _, block := range s.Options.SACK[:s.Options.SACKBlocks] {
					if !slices.Contains(before.Options.SACK[:before.Options.SACKBlocks], block) {
						other.sacked++
					}
				}
				*before = *s
			}
		}
	}
	return server, client
}

// sequenceAsCaptured holds the time-sequence graph of a page, which is open, against the packets, and has it
// asked about by pointer and keyboard.
func (b *browser) sequenceAsCaptured(t *testing.T, packets []byte, r *report.Report) {
	t.Helper()
	const drawn = `(() => {
		const count = (kinds, letter) => kinds.reduce((n, kind) => n + document.querySelector(".sequence .strokes:not(.swatch) ." + kind).getAttribute("d").split(letter).length - 1, 0);
		return [count(["data", "resent", "reordered"], "M"), count(["resent"], "M"), count(["reordered"], "M"), count(["acked"], "V") + 1, count(["sacked"], "M")];
	})()`
	server := &r.Connections[0].ServerToClient
	fromServer, fromClient := strokesOf(t, packets, 8080)
	want := []int{fromServer.sent, int(server.ResentSegments), int(server.OutOfOrder), fromServer.acked, fromServer.sacked}
	if got := ask[[]int](t, b, drawn); !slices.Equal(got, want) || got[1] == 0 || got[4] == 0 {
		t.Errorf("strokes, sent again, out of order, ACKs, SACK blocks: %v, want %v", got, want)
	}
	const node = `document.querySelector(".sequence")`
	label := ask[string](t, b, node+`.querySelector("svg[role=img]").getAttribute("aria-label")`)
	if says := fmt.Sprintf("what the server sent: %d segments, %d sent again", fromServer.sent, server.ResentSegments); !strings.Contains(label, says) {
		t.Errorf("the graph is called %q, want %q", label, says)
	}
	const said, filter, slider = node + `.querySelector(".readout").textContent`, node + `.querySelector(".readout code").textContent`, node + `.querySelector("input[type=range]")`
	lossy := slices.IndexFunc(r.Findings, func(f report.Finding) bool { return f.ID == "lossy" })
	if lossy < 0 {
		t.Fatal("no finding says what was sent again first")
	}
	first := fmt.Sprintf("frame.number == %d", r.Findings[lossy].Packets[0])
	if got := ask[string](t, b, filter); got != first {
		t.Errorf("what was sent again first is found by %q, want %q", got, first)
	}
	b.tell(t, slider+`.focus()`)
	b.do(t, chromedp.KeyEvent(kb.Home))
	if got := ask[string](t, b, said); !strings.Contains(got, "packet 2, ") || !strings.Contains(got, "sent, 0 to 1: frame.number == 2") {
		t.Errorf("the first is %q", got)
	}
	b.do(t, chromedp.KeyEvent(kb.ArrowRight))
	if got := ask[string](t, b, slider+`.getAttribute("aria-valuetext")`); !strings.Contains(got, "packet 3, ") || !strings.Contains(got, "acknowledges what is before 1") {
		t.Errorf("the second is %q", got)
	}
	b.tell(t, `(() => {
		const graph = `+node+`.querySelector(".strokes"), box = graph.getBoundingClientRect();
		const [, x, y] = graph.querySelector(".dots").getAttribute("d").match(/^M([\d.]+) ([\d.]+)/);
		graph.dispatchEvent(new PointerEvent("click", {clientX: box.left + x / 1000 * box.width, clientY: box.top + y / 300 * box.height}));
	})()`)
	if got := ask[string](t, b, filter); got != first {
		t.Errorf("a click at what was sent again first shows %q, want %q", got, first)
	}
	press := func(text string) {
		t.Helper()
		b.tell(t, `[...`+node+`.querySelectorAll("button")].find(x => x.textContent === "`+text+`").click()`)
	}
	press("+")
	if got := ask[[]int](t, b, drawn); got[0] >= want[0] || got[1] == 0 {
		t.Errorf("magnified around what was sent again it shows %v of %v", got, want)
	}
	press("all")
	if got := ask[[]int](t, b, drawn); !slices.Equal(got, want) {
		t.Errorf("all of it is %v, want %v", got, want)
	}
	press("client")
	if got, want := ask[[]int](t, b, drawn), []int{fromClient.sent, 0, 0, fromClient.acked, fromClient.sacked}; !slices.Equal(got, want) {
		t.Errorf("of the client: %v, want %v", got, want)
	}
	for _, width := range []int64{360, 2500} {
		b.do(t, chromedp.EmulateViewport(width, 900))
		if wide := ask[int64](t, b, `Math.ceil(Math.max(...[...`+node+`.querySelectorAll("*")].map(e => e.getBoundingClientRect().right)))`); wide > width {
			t.Errorf("at %d pixels the graph is %d wide", width, wide)
		}
	}
	b.do(t, chromedp.EmulateViewport(1200, 900))
}

// show opens the page of a report, and uses it.
func (b *browser) show(t *testing.T, r *report.Report, recorded html.Recorded) {
	t.Helper()
	var page bytes.Buffer
	if err := html.Write(&page, r, recorded, html.Options{}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "page.html")
	if err := os.WriteFile(path, page.Bytes(), 0o666); err != nil {
		t.Fatal(err)
	}
	b.do(t, chromedp.Navigate("file://"+path), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	b.use(t)
}

// use does with a page's first lanes what a person at a keyboard might.
func (b *browser) use(t *testing.T) {
	const first = `document.querySelector(".scroller")`
	b.tell(t, `document.querySelector("details[open] .picture").scrollIntoView()`)
	b.do(t, chromedp.WaitReady(chromedp.CSS(".scroller .lane")))
	b.tell(t, first+`.focus()`)
	b.do(t, chromedp.KeyEvent(kb.Home), chromedp.KeyEvent(kb.Enter), chromedp.WaitVisible(chromedp.CSS(".detail")))
	if filter := ask[string](t, b, `document.querySelector(".detail code.filter").textContent`); !strings.Contains(filter, "frame.number >= ") {
		t.Errorf("the filter is %q", filter)
	}
	if filter := ask[string](t, b, `document.querySelector(".detail td button").title`); !strings.HasPrefix(filter, "frame.number ") {
		t.Errorf("the first request's filter is %q", filter)
	}
	const place = first + `.querySelector("rect.wait").getAttribute("width")`
	before := ask[string](t, b, place)
	b.tell(t, first+`.focus()`)
	b.do(t, chromedp.KeyEvent("+"))
	magnified := ask[string](t, b, first+`.closest(".lanes").querySelector(".axis").textContent`)
	b.do(t, chromedp.KeyEvent("0"))
	if after, ruler := ask[string](t, b, place), ask[string](t, b, first+`.closest(".lanes").querySelector(".axis").textContent`); before != after || ruler == magnified {
		t.Errorf("%s wide before, %s after; the time is %s, magnified %s", before, after, ruler, magnified)
	}
}

// What the sender's kernel said of its window is drawn over what was inferred, at its size.
func TestPageKernelsWindow(t *testing.T) {
	b := openBrowser(t)
	r := reporttest.Witnessed()
	var windows growth.Recorder
	var list []tcp.Sample
	for i := range 40 {
		list = append(list, tcp.Sample{At: segment.Time(r.Connections[0].Start) + segment.Time(i)*segment.Time(time.Second/10),
			Event: "window", Offered: -1, RTT: .05, Estimate: tcp.Estimate{Low: 10_000, Best: 20_000, High: 60_000, Phase: "slow-start"}})
	}
	windows.Add(r.Connections[0].ID, false, list)
	b.show(t, r, html.Recorded{Windows: &windows})
	titles := ask[[]string](t, b, `[...document.querySelectorAll(".window-time .kernel title")].map(e => e.textContent)`)
	if len(titles) != 2 || !strings.HasPrefix(titles[0], "the kernel said 14.5 kB") || !strings.HasPrefix(titles[1], "the kernel said 57.9 kB") {
		t.Errorf("%q", titles)
	}
	if text := ask[string](t, b, `document.querySelector(".window").textContent`); !strings.Contains(text, "dot: what the sender's kernel said") ||
		!strings.Contains(text, "its kernel said 14480 to 406888 bytes") {
		t.Errorf("%q", text)
	}
	higher := `(([a, b]) => a.getBoundingClientRect().top > b.getBoundingClientRect().top)([...document.querySelectorAll(".window-time .kernel")])`
	if !ask[bool](t, b, higher) {
		t.Error("the larger window is not higher")
	}
	for _, f := range b.faults {
		t.Error(f)
	}
}

// Of a transfer of more segments than a picture has room for, what was sent again stays single, and what is joined says
// of how many segments and leads to all their packets. What is not known is not drawn.
func TestPageJoinedStrokes(t *testing.T) {
	b := openBrowser(t)
	r := reporttest.Missed()
	c := r.Connections[0]
	var graphs timesequence.Recorder
	var list []tcp.Step
	add := func(i, packet int, kind tcp.StepKind, start, end int) {
		at := segment.Time(c.Start) + segment.Time(i)*segment.Time(time.Millisecond)
		list = append(list, tcp.Step{At: at, Packet: int64(packet), Kind: kind, Start: int64(start), End: int64(end), Dir: 1})
	}
	for i := range 5000 {
		packet, from := 100+3*i, 5001+1000*i
		add(i, packet, tcp.NewStep, from, from+1000)
		add(i, packet+1, tcp.ACKStep, from, from-1)
		if i%200 == 100 {
			add(i, packet+2, tcp.ResentStep, from, from+1000)
		}
	}
	graphs.Add(c.ID, 0, list)
	b.show(t, r, html.Recorded{Sequences: &graphs})
	const node = `document.querySelector(".sequence")`
	counts := ask[[]int](t, b, `["data", "resent", "dots", "edge"].map(kind => `+node+`.querySelector(".strokes:not(.swatch) ." + kind).getAttribute("d").split("M").length - 1)`)
	if counts[0] < 500 || counts[0] > 1023 || counts[1] != 25 || counts[2] != 25 || counts[3] != 0 {
		t.Errorf("data, sent again, dots and edges are drawn %v times", counts)
	}
	b.tell(t, node+`.querySelector("input[type=range]").focus()`)
	b.do(t, chromedp.KeyEvent(kb.Home))
	said := ask[string](t, b, node+`.querySelector(".readout").textContent`)
	filter := ask[string](t, b, node+`.querySelector(".readout code").textContent`)
	if !strings.Contains(said, " segments, packets 100 to ") || !strings.HasPrefix(filter, "ip.addr == ") || !strings.Contains(filter, " && frame.number >= 100 && frame.number <= ") {
		t.Errorf("the first stroke is %q, %q", said, filter)
	}
	text := ask[string](t, b, node+`.textContent`)
	for _, want := range []string{"5025 segments, 25 sent again", "strokes for 10025 segments", "begins with packet 100: what came before was not kept", "window cannot be read"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in %q", want, text)
		}
	}
	b.tell(t, `document.querySelector(".scroller").focus()`)
	b.do(t, chromedp.KeyEvent(kb.ArrowDown), chromedp.KeyEvent(kb.Enter))
	if text := ask[string](t, b, `document.querySelector(".detail").textContent`); !strings.Contains(text, "#2 ") || !strings.Contains(text, "no time-sequence graph: ") {
		t.Errorf("of a connection without: %q", text)
	}
	for _, f := range b.faults {
		t.Error(f)
	}
}

// What is typed and clicked over the overview.
func TestPageOverview(t *testing.T) {
	b := openBrowser(t)
	path := filepath.Join(t.TempDir(), "fifty.html")
	analyzed(t, shownCaptures(t)["fifty"], "--report", "html="+path)
	b.do(t, chromedp.Navigate("file://"+path), chromedp.WaitReady(chromedp.CSS("html[data-ready]")))
	const names = `[...document.querySelectorAll("#overview tbody tr:not([hidden])")].map(r => r.querySelector(".name").textContent)`
	b.do(t, chromedp.SendKeys(chromedp.CSS("#filter"), "svc4 missed"))
	if got := ask[[]string](t, b, names); !slices.Equal(got, []string{"svc43.example:80"}) {
		t.Errorf("shown: %v", got)
	}
	b.tell(t, `document.getElementById("filter").value = ""; document.getElementById("filter").dispatchEvent(new Event("input"))`)
	b.do(t, chromedp.Click(`//th[contains(., "destination")]/button`), chromedp.Click(`//th[contains(., "destination")]/button`))
	got := ask[[]string](t, b, names)
	if !slices.IsSorted(got) || len(got) != 50 {
		t.Errorf("sorted: %v", got)
	}
	b.do(t, chromedp.Click(`//th[contains(., "too many")]/button`))
	if got := ask[[]string](t, b, names); got[0] != "svc43.example:80" {
		t.Errorf("the worst is %v", got[0])
	}
	b.do(t, chromedp.Click(`//td/a[contains(., "svc05")]`), chromedp.WaitVisible(`//details[contains(., "svc05") and @open]//div[@class="scroller"]`))
	for _, f := range b.faults {
		t.Error(f)
	}
}

// Without a script the page has what matters, and with a thousand connections it is there at once.
func TestPageWithoutScript(t *testing.T) {
	b := openBrowser(t)
	path := filepath.Join(t.TempDir(), "thousand.html")
	analyzed(t, shownCaptures(t)["thousand"], "--report", "html="+path)
	scripts := func(off bool) {
		params := emulation.SetScriptExecutionDisabledParams{Value: off}
		if _, err := chromedp.Call(b, emulation.SetScriptExecutionDisabled, params); err != nil {
			t.Fatal(err)
		}
	}
	scripts(true)
	b.do(t, chromedp.Navigate("file://"+path), chromedp.WaitVisible(chromedp.CSS(".lanes.still")))
	scripts(false)
	lanes := ask[[]string](t, b, `[...document.querySelectorAll(".still .lane .label")].map(x => x.textContent)`)
	arrows := ask[[]string](t, b, `[...document.querySelectorAll(".still line.arrow")].map(x => x.className.baseVal)`)
	if len(lanes) != 12 || lanes[1] != "#2 missed" || len(arrows) != 11 || arrows[0] != "arrow first" {
		t.Errorf("%q, %q", lanes, arrows)
	}
	best := time.Hour
	for range 3 {
		b.do(t, chromedp.Navigate("file://"+path), chromedp.WaitReady(chromedp.CSS(".scroller .lane")))
		ms := ask[float64](t, b, `performance.getEntriesByType("navigation")[0].domComplete`)
		best = min(best, time.Duration(ms*float64(time.Millisecond)))
	}
	if best > time.Second {
		t.Errorf("the page of a thousand connections takes %v", best)
	}
	for _, f := range b.faults {
		t.Error(f)
	}
}

// README shows a page as it is, but for what fonts do: few points are of another brightness.
func TestREADMEPage(t *testing.T) {
	b := openBrowser(t)
	const picture = "../../analyze/report/html/page.png"
	path := filepath.Join(t.TempDir(), "page.html")
	args := []string{"analyze", "--tls-keys", "../../pcaps/node/node-each-tls.keys", "--report", "html=" + path, "../../pcaps/node/node-each-tls.pcap"}
	if code := run(t.Context(), args, strings.NewReader(""), io.Discard, io.Discard); code != 0 {
		t.Fatalf("exit code %d", code)
	}
	b.do(t, chromedp.EmulateViewport(1100, 700), chromedp.Navigate("file://"+path), chromedp.WaitReady(chromedp.CSS(".scroller .lane")))
	shot, err := chromedp.Run(b, chromedp.CaptureScreenshot())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(picture, shot, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	shown, err := os.ReadFile(picture)
	if err != nil {
		t.Fatal(err)
	}
	if share := unlike(t, shown, shot); share > 0.05 {
		t.Errorf("%.1f %% of README's picture of a page are otherwise: rewrite it with -update", 100*share)
	}
}

// unlike is the share of points of two pictures that differ much in brightness.
func unlike(t *testing.T, a, b []byte) float64 {
	x, err := png.Decode(bytes.NewReader(a))
	if err != nil {
		t.Fatal(err)
	}
	y, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if x.Bounds() != y.Bounds() {
		t.Fatalf("%v and %v", x.Bounds(), y.Bounds())
	}
	n, size := 0, x.Bounds().Size()
	gray := func(m image.Image, at image.Point) int {
		return int(color.GrayModel.Convert(m.At(at.X, at.Y)).(color.Gray).Y)
	}
	for i := range size.X * size.Y {
		at := image.Pt(i%size.X, i/size.X)
		if d := gray(x, at) - gray(y, at); d > 64 || d < -64 {
			n++
		}
	}
	return float64(n) / float64(size.X*size.Y)
}

// Pages without a script in a browser: of a comparison and of a client that was examined.
func TestStillPages(t *testing.T) {
	b := openBrowser(t)
	axe := axeCore(t)
	dir := t.TempDir()
	captures := shownCaptures(t)
	compared := filepath.Join(dir, "compared.html")
	args := []string{"compare", "--expect", "avoidable<=0", "--report", "html=" + compared}
	for _, name := range []string{"hostile", "fifty"} {
		path := filepath.Join(dir, name+".pcap")
		if err := os.WriteFile(path, captures[name], 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, path)
	}
	if code := run(t.Context(), args, strings.NewReader(""), io.Discard, io.Discard); code == exitUsage || code == exitInput {
		t.Fatalf("exit code %d", code)
	}
	examinedPage := filepath.Join(dir, "examined.html")
	f, err := os.Create(examinedPage)
	if err != nil {
		t.Fatal(err)
	}
	err = html.WriteExamined(f, &examined.Report{Outcome: verdict.Failed, Evidence: examined.ServersView, Because: hostileMarkup, Rows: []*examined.Row{
		{Scenario: "chunked", Verdict: examined.Failed, Requests: 4, Connections: 4, Needed: 1, NeededHigh: 1, Cause: "missed", Knob: hostileMarkup},
		{Scenario: "head", Verdict: examined.NotKnown, Why: hostileMarkup, Client: hostileMarkup},
	}})
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct{ rows, asText int }{compared: {9, 1}, examinedPage: {2, 4}} {
		b.faults = nil
		b.do(t, chromedp.Navigate("file://"+path), chromedp.WaitReady(chromedp.CSS("main")))
		for _, f := range axe.faults(t, b) {
			t.Errorf("%s: axe-core: %s", filepath.Base(path), f)
		}
		rows := ask[int](t, b, `document.querySelectorAll("#numbers tbody tr, #scenarios tbody tr").length`)
		text := ask[string](t, b, `document.body.textContent`)
		if rows != want.rows || strings.Count(text, hostileMarkup) < want.asText || ask[int](t, b, `document.querySelectorAll("img, script").length`) != 0 {
			t.Errorf("%s: %d rows, %d times as text", filepath.Base(path), rows, strings.Count(text, hostileMarkup))
		}
		for _, f := range b.faults {
			t.Errorf("%s: %s", filepath.Base(path), f)
		}
	}
}

// axeCore is the source of axe-core, "" where it cannot be had.
func axeCore(t *testing.T) axeSource {
	dir := t.TempDir()
	for _, name := range []string{"package.json", "package-lock.json"} {
		b, err := os.ReadFile(filepath.Join("testdata/axe", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "npm", "ci", "--prefix", dir, "--no-audit", "--no-fund", "--ignore-scripts").CombinedOutput()
	if err != nil {
		t.Logf("without axe-core, which npm does not bring: %v %s", err, out)
		return ""
	}
	b, err := os.ReadFile(filepath.Join(dir, "node_modules/axe-core/axe.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	return axeSource(b)
}

type axeSource string

// faults are those that axe-core calls serious or worse.
func (a axeSource) faults(t *testing.T, b *browser) []string {
	if a == "" {
		return nil
	}
	b.tell(t, string(a))
	var all []string
	for _, scheme := range []string{"light", "dark"} {
		b.tell(t, `document.documentElement.dataset.theme = "`+scheme+`"`)
		all = append(all, ask[[]string](t, b, `axe.run({resultTypes: ["violations"]}).then(r => r.violations.filter(v => v.impact === "serious" || v.impact === "critical").map(v =>
			v.id + ": " + v.help + ": " + v.nodes.slice(0, 3).map(n => n.html.slice(0, 200) + " " + n.failureSummary).join(" | ")))`)...)
	}
	return all
}
