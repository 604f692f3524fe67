package liveview

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/x/vt"

	"tcpwarm/analyze"
	"tcpwarm/analyze/event"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture"
	"tcpwarm/capture/segment"
)

// watchedFiles analyses captures, and returns what has watched it to the end.
func watchedFiles(t *testing.T, of func(*pool.Pool) bool, names ...string) *Watch {
	t.Helper()
	w := New(func() (int64, int64) { return 1234, 5 }, of)
	w.now = func() time.Time { return time.Unix(0, 0) }
	for i, name := range names {
		names[i] = "../../../../pcaps/" + name
	}
	src, err := capture.OpenAll(names, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	o := analyze.Options{Watch: w.Decided, Happened: w.Happened, Samples: w.Samples}
	run(t, w, src, o)
	return w
}

// run analyses src, and has w look once more when all is decided.
func run(t *testing.T, w *Watch, src analyze.Source, o analyze.Options) {
	t.Helper()
	var judge *pool.Judge
	var counts verdict.Counts
	o.Standing = func(j *pool.Judge, found verdict.Counts) {
		judge, counts = j, found
		w.asked.Store(true)
		w.Standing(j, found)
	}
	if _, err := analyze.Run(t.Context(), src, o); err != nil {
		t.Fatal(err)
	}
	o.Standing(judge, counts)
}

// screenOf is a model of so many columns and lines.
func screenOf(w *Watch, columns, lines int) *model {
	m := &model{watch: w, title: "tcpwarm on lo", snap: w.Latest(), Options: Options{Color: true, In: os.Stdin}}
	m.Update(tea.WindowSizeMsg{Width: columns, Height: lines})
	return m
}

// drawn is what a terminal shows of m, line by line, without what is blank at their ends.
func drawn(t *testing.T, m *model) []string {
	t.Helper()
	e := vt.NewEmulator(m.width, m.height)
	e.WriteString(strings.ReplaceAll(m.View().Content, "\n", "\r\n"))
	all := strings.Split(e.String(), "\n")
	for i := range all {
		all[i] = strings.TrimRight(all[i], " ")
	}
	return all
}

func press(m *model, keys ...string) {
	for _, k := range keys {
		switch k {
		case "up":
			m.Update(tea.KeyPressMsg{Code: tea.KeyUp})
		case "down":
			m.Update(tea.KeyPressMsg{Code: tea.KeyDown})
		case "enter":
			m.Update(tea.KeyPressMsg{Code: tea.KeyEnter})
		case "esc":
			m.Update(tea.KeyPressMsg{Code: tea.KeyEscape})
		case "backspace":
			m.Update(tea.KeyPressMsg{Code: tea.KeyBackspace})
		case "space":
			m.Update(tea.KeyPressMsg{Code: tea.KeySpace, Text: " "})
		case "ctrl+c":
			m.Update(tea.KeyPressMsg{Code: 'c', Mod: tea.ModCtrl})
		default:
			m.Update(tea.KeyPressMsg{Code: []rune(k)[0], Text: k})
		}
	}
}

// with returns the lines that have text in them.
func with(lines []string, text string) []string {
	return slices.DeleteFunc(slices.Clone(lines), func(s string) bool { return !strings.Contains(s, text) })
}

// At three sizes the screen has the sums, the pool, its lanes, causes, findings and the keys; it fills the terminal,
// and no line is too long.
func TestScreenAtThreeSizes(t *testing.T) {
	w := watchedFiles(t, nil, "axios/axios-each.pcap")
	for _, size := range [][2]int{{60, 20}, {100, 30}, {200, 60}} {
		m := screenOf(w, size[0], size[1])
		for _, l := range m.lines() {
			if n := printable.Columns(printable.Cut(l.text, m.width)); n > m.width {
				t.Errorf("%v: %d columns: %q", size, n, l.text)
			}
		}
		if n := len(m.lines()); n != size[1] {
			t.Errorf("%v: %d lines", size, n)
		}
		all := drawn(t, m)
		for _, want := range []string{"tcpwarm on lo   1234 packets (0/s), 5 DROPPED", "10 requests on 10 connections: 1 needed, 9 too many",
			">        9      10       10", "lanes of ", "found so far: ", "space pause  w save  q end", "missed, certain"} {
			if len(with(all, want)) == 0 {
				t.Errorf("%v: no %q in\n%s", size, want, strings.Join(all, "\n"))
			}
		}
		lanes := with(all, "missed")
		lanes = slices.DeleteFunc(lanes, func(s string) bool { return !strings.HasPrefix(s, "#") })
		least := min(9, (size[1]-fixed)/2-2)
		for _, l := range lanes {
			if !strings.Contains(l, "R") || !strings.Contains(l, "x") {
				t.Errorf("%v: lane %q", size, l)
			}
		}
		if len(lanes) < least {
			t.Errorf("%v: %d lanes, want %d\n%s", size, len(lanes), least, strings.Join(all, "\n"))
		}
		if why := len(with(all, "why")) > 1; why != (size[0] >= withWhy) {
			t.Errorf("%v: column of causes: %v", size, why)
		}
	}
	for _, size := range [][2]int{{1, 1}, {10, 3}, {20, 8}, {300, 2}} { // what is too small for it shows a part
		if n := len(drawn(t, screenOf(w, size[0], size[1]))); n != size[1] {
			t.Errorf("%v: %d lines", size, n)
		}
	}
}

// Of a command that is watched there is how much it has printed and the last line, at any size; q may leave the view
// alone, and where the keys are another's only Ctrl-C is named.
func TestBesideACommand(t *testing.T) {
	for _, size := range [][2]int{{60, 20}, {100, 30}, {200, 60}} {
		m := screenOf(watchedFiles(t, nil, "axios/axios-each.pcap"), size[0], size[1])
		left, ended := 0, 0
		m.Leave, m.End = func() { left++ }, func() { ended++ }
		m.Said = func() (string, int64) { return "", 0 }
		if all := drawn(t, m); len(with(all, "the command has printed nothing so far")) != 1 {
			t.Errorf("%v:\n%s", size, strings.Join(all, "\n"))
		}
		m.Said = func() (string, int64) { return "\x1b[2Jok?", 1 }
		all := drawn(t, m)
		if n := len(m.lines()); n != size[1] || len(with(all, "the command has printed 1 line, ")) != 1 ||
			len(with(all, "q leave  Ctrl-C end")) != 1 || size[0] > 60 && len(with(all, `the last: \x1b[2Jok?`)) != 1 {
			t.Errorf("%v: %d lines:\n%s", size, n, strings.Join(all, "\n"))
		}
		if press(m, "q", "ctrl+c"); left != 1 || ended != 1 {
			t.Errorf("left %d times, ended %d times", left, ended)
		}
		m.In = nil
		if all := drawn(t, m); all[len(all)-1] != "Ctrl-C end" {
			t.Errorf("%q", all[len(all)-1])
		}
	}
}

// Lanes show how the window grew of a connection that carried much.
func TestWindowOfALane(t *testing.T) {
	w := watchedFiles(t, nil, "path-warm.pcap")
	all := drawn(t, screenOf(w, 200, 40))
	lane := with(all, "█")
	if len(lane) != 1 || !strings.HasPrefix(lane[0], "#1 ") || !strings.Contains(lane[0], " kB") || strings.Count(lane[0], "r") < 3 {
		t.Errorf("%q in\n%s", lane, strings.Join(all, "\n"))
	}
}

// Keys choose a pool, sort, filter, pause and end; what is asked for goes to the Watch.
func TestKeys(t *testing.T) {
	files := []string{"axios/axios-each.pcap", "path-warm.pcap"}
	w := watchedFiles(t, nil, files...)
	m := screenOf(w, 100, 30)
	if len(m.snap.Pools) != 2 || m.snap.Pools[0].TooMany != 9 || m.snap.Shown != m.snap.Pools[0].Label {
		t.Fatalf("%+v", m.snap.Pools)
	}
	worst, other := m.snap.Pools[0].Label, m.snap.Pools[1].Label
	press(m, "down")
	if w.question.Pool != other || len(with(drawn(t, m), ">        - ")) != 1 {
		t.Errorf("chosen: %q", w.question.Pool)
	}
	press(m, "down", "up")
	if w.question.Pool != worst {
		t.Errorf("chosen: %q", w.question.Pool)
	}
	for _, want := range []Sort{ByRequests, ByOpened, ByName, ByTooMany} {
		press(m, "s")
		if w.question.Sort != want || len(with(drawn(t, m), "sorted by: "+want.String())) != 1 {
			t.Errorf("sorted by %v, want %v", w.question.Sort, want)
		}
	}
	press(m, "/", "X", "é", "\x1b", "backspace", "y")
	if w.question.Filter != "Xy" || len(with(drawn(t, m), "/Xy_ ")) != 1 {
		t.Errorf("typed %q", w.question.Filter)
	}
	press(m, "enter", "s")
	if m.typing || w.question.Filter != "Xy" || w.question.Sort != ByRequests {
		t.Errorf("%+v", w.question)
	}
	press(m, "esc")
	if w.question.Filter != "" {
		t.Errorf("%+v", w.question)
	}
	before := m.snap
	press(m, "space")
	w.latest.Store(&Snapshot{})
	if m.Update(looked{}); m.snap != before || len(with(drawn(t, m), "PAUSED")) != 1 {
		t.Error("paused, and it goes on")
	}
	press(m, "space")
	if m.Update(looked{}); m.snap == before || len(with(drawn(t, m), "waiting for requests")) != 1 {
		t.Error("it does not go on")
	}
	ends := 0
	m.End = func() { ends++ }
	if press(m, "q", "ctrl+c", "/", "q", "ctrl+c"); ends != 3 || m.filter != "q" {
		t.Errorf("%d times the end was asked for; filter %q", ends, m.filter)
	}
}

// The answer to a question: those pools whose label has the filter, sorted, the lanes of the one that was chosen,
// and only the causes of these pools.
func TestQuestions(t *testing.T) {
	files := []string{"axios/axios-each.pcap", "path-warm.pcap"}
	all := watchedFiles(t, nil, slices.Clone(files)...).Latest()
	worst, other := all.Pools[0].Label, all.Pools[1].Label
	ask := func(q Question, of func(*pool.Pool) bool) *Snapshot {
		w := New(func() (int64, int64) { return 0, 0 }, of)
		w.question = q
		src, err := capture.OpenAll([]string{"../../../../pcaps/" + files[0], "../../../../pcaps/" + files[1]}, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		w.now = func() time.Time { return time.Unix(0, 0) }
		run(t, w, src, analyze.Options{Watch: w.Decided, Happened: w.Happened})
		return w.Latest()
	}
	if s := ask(Question{Pool: other}, nil); s.Shown != other || len(s.Lanes) != 1 || len(s.Causes) != 11 {
		t.Errorf("%q chosen, %d lanes, %d causes", s.Shown, len(s.Lanes), len(s.Causes))
	}
	if s := ask(Question{Sort: ByName}, nil); !slices.IsSortedFunc(s.Pools, func(a, b Pool) int { return strings.Compare(a.Label, b.Label) }) {
		t.Errorf("by name: %+v", s.Pools)
	}
	if s := ask(Question{Filter: strings.ToUpper(other)}, nil); len(s.Pools) != 1 || s.Shown != other || s.Sums.Pools != 2 || len(s.Causes) != 1 {
		t.Errorf("filtered: %+v", s)
	}
	if s := ask(Question{Filter: "no such"}, nil); len(s.Pools) != 0 || len(s.Lanes) != 0 || len(s.Causes) != 0 {
		t.Errorf("filtered away: %+v", s)
	}
	s := ask(Question{}, func(p *pool.Pool) bool { return label(p) == worst })
	if len(s.Pools) != 1 || s.Sums.Opened != 10 || len(s.Causes) != 10 {
		t.Errorf("looked at one: %+v", s.Sums)
	}
}

// What is saved has all pools, lanes and causes in lines that end; an error is said.
func TestSave(t *testing.T) {
	m := screenOf(watchedFiles(t, nil, "axios/axios-each.pcap"), 60, 20)
	var text string
	m.Save = func(s string) (string, error) { text = s; return "here\x1b.txt", nil }
	press(m, "w")
	if m.note != `saved in here\x1b.txt` || len(with(drawn(t, m), m.note)) != 1 {
		t.Errorf("%q", m.note)
	}
	lines := strings.Split(text, "\n")
	if n := len(with(lines, "missed, certain")); n != 9 {
		t.Errorf("%d causes in\n%s", n, text)
	}
	if n := len(with(lines, "x client")); n != 10 || strings.Contains(text, "\x1b") || !strings.HasSuffix(text, "\n") {
		t.Errorf("%d lanes in\n%s", n, text)
	}
	m.Save = func(string) (string, error) { return "", errors.New("no room\x1b") }
	if press(m, "w"); m.note != `not saved: no room\x1b` {
		t.Errorf("%q", m.note)
	}
}

// What comes from packets cannot do anything to the terminal.
func TestHostileNames(t *testing.T) {
	p := &pool.Pool{Name: "a\x1b[2J\u202eb\r\n", Servers: []segment.Endpoint{{Port: 80}}}
	m := screenOf(New(func() (int64, int64) { return 0, 0 }, nil), 100, 30)
	m.snap = &Snapshot{Pools: []Pool{{Label: label(p)}}, Shown: label(p), Sums: Sums{Pools: 1, Requests: 1}}
	if all := drawn(t, m); len(with(all, `a\x1b[2J\u202eb\x0d\x0a`)) != 1 {
		t.Errorf("%s", strings.Join(all, "\n"))
	}
	w := New(func() (int64, int64) { return 0, 0 }, nil)
	w.Decided(&pool.Decision{Conn: 7, Cause: pool.Cause("c\x1b"), Confidence: "\x9b"})
	if s := w.causes[0].Text; strings.Contains(s, "\x1b") || strings.Contains(s, "\x9b") || !strings.Contains(s, `c\x1b`) {
		t.Errorf("%q", s)
	}
}

// Where there are so many pools that to look at them takes long, that is done less often: the analysis waits for it.
func TestLooksTakeATenth(t *testing.T) {
	var judge *pool.Judge
	src, err := capture.OpenAll([]string{"../../../../pcaps/axios-two-agents.pcap"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	o := analyze.Options{Standing: func(j *pool.Judge, _ verdict.Counts) { judge = j }}
	if _, err := analyze.Run(t.Context(), src, o); err != nil {
		t.Fatal(err)
	}
	for took, want := range map[time.Duration]int{time.Millisecond: 40, 100 * time.Millisecond: 10} {
		now, looks := time.Unix(0, 0), 0
		w := New(func() (int64, int64) { return 0, 0 }, func(*pool.Pool) bool { now = now.Add(took); return true })
		w.now = func() time.Time { return now }
		for began := now; now.Sub(began) < 10*time.Second; now = now.Add(time.Millisecond) {
			before := w.Latest()
			if w.Standing(judge, verdict.Counts{}); w.Latest() != before {
				looks++
			}
		}
		if looks < want*9/10 || looks > want {
			t.Errorf("one takes %v: %d looks in 10 s, want about %d", took, looks, want)
		}
	}
}

// However many connections, exchanges, decisions and samples come, little is kept of them: of a busy pool the latest, and of a
// quiet one that was there before too.
func TestBounded(t *testing.T) {
	w := New(func() (int64, int64) { return 0, 0 }, nil)
	quiet := event.Opening{ID: 1, Server: segment.Endpoint{Port: 1}}
	w.Happened(&quiet, nil)
	for i := range int64(10 * keptLanes) {
		o := event.Opening{ID: 2 + i, Server: segment.Endpoint{Port: 2}}
		w.Happened(&o, nil)
		w.Decided(&pool.Decision{Conn: o.ID, Cause: pool.Missed})
	}
	last := event.Opening{ID: 1 + 10*keptLanes}
	for n := range int32(10 * mostExchanges) {
		w.Happened(&last, &event.Event{Kind: event.Requested, N: n})
	}
	l := w.lanes[last.ID]
	if len(w.lanes) > 2*keptLanes || len(w.lanes) != len(w.opened) || len(w.causes) > 2*mostCauses || len(l.Exchanges) > mostExchanges {
		t.Errorf("%d lanes, %d opened, %d causes, %d exchanges", len(w.lanes), len(w.opened), len(w.causes), len(l.Exchanges))
	}
	if w.lanes[1] == nil || l.Requests != 10*mostExchanges || l.Exchanges[len(l.Exchanges)-1].n != 10*mostExchanges-1 {
		t.Errorf("the quiet one: %v; %d requests", w.lanes[1], l.Requests)
	}
	var x trace
	for i := range 100_000 {
		x.add(i)
	}
	if len(x.list) > mostTraced || x.list[len(x.list)-1] != 99_999 || !slices.IsSorted(x.list) {
		t.Error(fmt.Sprint(x.list))
	}
}
