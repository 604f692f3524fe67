package main

import (
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"

	"tcpwarm/analyze"
	"tcpwarm/analyze/pool"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/report/text"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture"
	"tcpwarm/capture/segment"
)

// statusEvery is how often the line is drawn that a terminal shows while a capture goes on.
const statusEvery = time.Second

// A statusLine tells how a capture stands that goes on: on a terminal by a line that is replaced, elsewhere by
// a line every so often.
type statusLine struct {
	status io.Writer // has the line that is replaced; nil: nobody sees it
	lines  io.Writer // has the others; nil: nobody wants them
	every  time.Duration
	of     func(*pool.Pool) bool // what is looked at
	meter  *meter

	nextStatus, nextLine time.Time
	counted              time.Time // when the packets were
	packets              int64
	shown                int // columns of the status that stand on the terminal
}

// newStatusLine returns one that begins now. Lines come to lines, which may be nil, but not where they are on a
// terminal: there is the status.
func newStatusLine(m *meter, errw, lines io.Writer, every time.Duration, of func(*pool.Pool) bool) *statusLine {
	now := time.Now()
	s := &statusLine{every: every, of: of, meter: m, counted: now, nextStatus: now, nextLine: now.Add(every)}
	if terminal(errw) >= 0 {
		s.status = errw
	}
	if every > 0 && lines != nil && terminal(lines) < 0 {
		s.lines = lines
	}
	return s
}

// look tells how all stands, if it is time to. It is called where the lines that tell of single connections are
// printed from.
func (s *statusLine) look(j *pool.Judge, _ verdict.Counts) {
	now := time.Now()
	status, line := s.status != nil && !now.Before(s.nextStatus), s.lines != nil && !now.Before(s.nextLine)
	if !status && !line {
		return
	}
	summary := s.sum(j, now)
	if line {
		s.nextLine = now.Add(s.every)
		fmt.Fprintf(s.lines, "%s  %s\n", now.Format("15:04:05.000"), summary)
	}
	if status {
		s.nextStatus = now.Add(statusEvery)
		s.draw(summary)
	}
}

// sum is how all stands in a line.
func (s *statusLine) sum(j *pool.Judge, now time.Time) string {
	t := text.Standing{Packets: s.meter.packets.Load(), Dropped: s.meter.dropped.Load()}
	if took := now.Sub(s.counted); took > 0 {
		t.PerSecond = int64(float64(t.Packets-s.packets) / took.Seconds())
	}
	s.counted, s.packets = now, t.Packets
	j.Standing(func(p *pool.Pool, _ pool.Verdict) {
		if s.of == nil || s.of(p) {
			t.Add(p)
		}
	})
	if s.of == nil {
		gone, _ := j.Evicted()
		t.AddSums(&gone.Sums)
	}
	return t.Line()
}

// draw replaces the line on the terminal. It leaves the last column free, where many terminals begin another line.
func (s *statusLine) draw(line string) {
	line = printable.Cut(line, width(s.status)-1)
	n := printable.Columns(line)
	fmt.Fprintf(s.status, "\r%s%s", line, strings.Repeat(" ", max(0, s.shown-n)))
	s.shown = n
}

// clear empties the line, before something else is written.
func (s *statusLine) clear() {
	if s.shown > 0 {
		s.draw("")
		fmt.Fprint(s.status, "\r")
	}
}

// A meter is a live capture that counts for others.
type meter struct {
	analyze.Source
	live             *capture.Live
	packets, dropped atomic.Int64
	next             time.Time
}

// counts returns how many packets were captured, and how many dropped.
func (m *meter) counts() (captured, dropped int64) { return m.packets.Load(), m.dropped.Load() }

// Fill is as analyze.Source has it.
func (m *meter) Fill(b *segment.Batch) error {
	err := m.Source.Fill(b)
	if now := time.Now(); !now.Before(m.next) {
		m.next = now.Add(statusEvery / 4)
		n := m.live.Counters()
		m.packets.Store(n.Captured)
		m.dropped.Store(n.Dropped)
	}
	return err
}
