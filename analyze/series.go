package analyze

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"

	"tcpwarm/analyze/tcp"
	"tcpwarm/capture/segment"
)

// A series writes how windows grow, as CSV: a line whenever an estimate, its bounds,
// its phase or what limits it changes, and for each event.
type series struct {
	w   *bufio.Writer
	err error
}

const seriesHead = "time_epoch_s,connection,src,sport,dst,dport,event,cwnd_bytes,cwnd_low_bytes,cwnd_high_bytes,basis,phase,limited_by,flight_bytes,rtt_s,rwnd_bytes\n"

func newSeries(w io.Writer) *series {
	if w == nil {
		return nil
	}
	s := &series{w: bufio.NewWriterSize(w, 1<<16)}
	_, s.err = s.w.WriteString(seriesHead)
	return s
}

// maxSamples is how many samples a direction keeps before it hands them on.
const maxSamples = 4096

// A chunk is lines on their way to the collector.
type chunk struct {
	of      *ticket
	dir     segment.Dir
	when    int64 // packet
	samples []tcp.Sample
}

// writeAll writes the chunks of a batch, of all workers, in one order however many
// workers there are.
func (s *series) writeAll(byWorker []mail) {
	if s == nil {
		return
	}
	var all []chunk
	for i := range byWorker {
		all = append(all, byWorker[i].chunks...)
	}
	slices.SortStableFunc(all, func(a, b chunk) int {
		return cmp.Or(cmp.Compare(a.when, b.when), cmp.Compare(a.of.id, b.of.id))
	})
	for i := range all {
		s.write(&all[i])
	}
}

// write writes the lines of one direction of a connection.
func (s *series) write(c *chunk) {
	from, to := c.of.key.Sender(c.dir), c.of.key.Sender(1-c.dir)
	for i := range c.samples {
		l := &c.samples[i]
		if s.err != nil {
			return
		}
		fmt.Fprintf(s.w, "%d.%09d,%d,%s,%d,%s,%d,%s,", int64(l.At)/1e9, int64(l.At)%1e9, c.of.id, from.Addr, from.Port, to.Addr, to.Port, l.Event)
		for _, n := range [3]int{l.Estimate.Best, l.Estimate.Low, l.Estimate.High} {
			if n > 0 {
				fmt.Fprintf(s.w, "%d", n)
			}
			s.w.WriteByte(',')
		}
		if l.Event == "window" {
			fmt.Fprintf(s.w, "%s,%s,%s,%d,", l.Estimate.Basis, l.Estimate.Phase, l.Estimate.Limit, l.Estimate.Flight)
		} else {
			s.w.WriteString(",,,,")
		}
		if l.RTT > 0 {
			fmt.Fprintf(s.w, "%.6f", l.RTT)
		}
		s.w.WriteByte(',')
		if l.Offered >= 0 {
			fmt.Fprintf(s.w, "%d", l.Offered)
		}
		_, s.err = s.w.WriteString("\n")
	}
}

func (s *series) close() error {
	if err := s.w.Flush(); s.err == nil {
		s.err = err
	}
	return s.err
}
