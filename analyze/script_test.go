package analyze

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"time"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/tcp"
	"tcpwarm/capture"
	"tcpwarm/capture/segment"
	"tcpwarm/pcaps/script"
)

var update = flag.Bool("update", false, "rewrite what scripts expect")

// archives calls f with each script under testdata/dir. A script's name is its
// claim. In short only each fourth is tried: the race detector, which takes ten times
// as long, looks at how workers meet and not at what they find.
func archives(t *testing.T, dir string, f func(t *testing.T, path string, a *script.Archive)) {
	names, err := filepath.Glob(filepath.Join("testdata", dir, "*.txtar"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no scripts in %s: %v", dir, err)
	}
	for i, name := range names {
		if testing.Short() && i%4 != 0 {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txtar"), func(t *testing.T) {
			b, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			a, err := script.ParseArchive(string(b))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			f(t, name, a)
		})
	}
}

func variants(s *script.Script) map[string]*script.Script {
	return map[string]*script.Script{
		"as written": s,
		"wrapped":    s.WithISN(1<<32-30, 1<<32-20),
		"shifted":    s.Shift(86400 * time.Second),
		"swapped":    s.SwapHosts(),
	}
}

// segments is a Source over segments in memory, a few a batch.
type segments struct {
	list   []segment.Segment
	size   int
	totals segment.Totals
}

func (s *segments) Fill(b *segment.Batch) error {
	n := min(s.size, len(s.list))
	b.Segments = append(b.Segments[:0], s.list[:n]...)
	s.list = s.list[n:]
	s.totals.Packets += int64(n)
	s.totals.Segments += int64(n)
	if len(s.list) == 0 {
		return io.EOF
	}
	return nil
}

func (s *segments) Totals() segment.Totals { return s.totals }

func analyzed(t *testing.T, src Source, workers int) string {
	r, err := Run(context.Background(), src, Options{Workers: workers})
	if err != nil {
		t.Fatal(err)
	}
	checkSums(t, r)
	return summary(r)
}

// TestStories holds the report of each script against what it expects.
func TestStories(t *testing.T) {
	archives(t, "story", func(t *testing.T, path string, a *script.Archive) {
		got := analyzed(t, &segments{list: a.Script.Segments(), size: 1000}, 2)
		want, _ := a.File("report")
		if *update {
			a.Set("report", []byte(got))
			if err := os.WriteFile(path, a.Format(), 0o644); err != nil {
				t.Fatal(err)
			}
		} else if got != string(want) {
			t.Fatalf("report is\n%s\nwant\n%s", got, want)
		}
	})
}

// However the segments of a script come in, with however many workers, the report is the same.
func TestStoriesHoweverRead(t *testing.T) {
	archives(t, "story", func(t *testing.T, path string, a *script.Archive) {
		report, _ := a.File("report")
		want := string(report)
		for name, s := range variants(a.Script) {
			for _, workers := range []int{1, 2, 7} {
				if got := analyzed(t, &segments{list: s.Segments(), size: 3}, workers); got != want {
					t.Errorf("%s, %d workers: report is\n%s\nnot\n%s", name, workers, got, want)
				}
			}
		}
		var pcap bytes.Buffer
		if err := a.Script.WritePcap(&pcap); err != nil {
			t.Fatal(err)
		}
		src, err := capture.OpenReader("pcap", &pcap)
		if err != nil {
			t.Fatal(err)
		}
		if got := analyzed(t, src, 2); got != want {
			t.Errorf("through a pcap: report is\n%s\nnot\n%s", got, want)
		}
	})
}

// TestSeries holds the lines about windows against themselves: however the segments
// come in, with however many workers, they are the same, and each estimate lies within
// its bounds. So are the segments for time-sequence graphs.
func TestSeries(t *testing.T) {
	written, drawn := 0, 0
	check := func(t *testing.T, _ string, a *script.Archive) {
		series := func(size, workers int) (lines, steps string) {
			var b, graphs strings.Builder
			var told []string // the same samples, not as CSV
			take := func(connection int64, byClient bool, list []tcp.Sample) {
				for _, s := range list {
					told = append(told, fmt.Sprintf("%d.%09d,%d,", s.At/1e9, s.At%1e9, connection))
				}
			}
			draw := func(connection int64, client segment.Dir, list []tcp.Step) {
				for _, x := range list {
					fmt.Fprintf(&graphs, "%d %v %+v\n", connection, x.Dir == client, x)
				}
				drawn += len(list)
			}
			o := Options{Workers: workers, Series: &b, Samples: take, Steps: draw}
			if _, err := Run(context.Background(), &segments{list: a.Script.Segments(), size: size}, o); err != nil {
				t.Fatal(err)
			}
			_, rows, _ := strings.Cut(b.String(), "\n") // its head
			for line := range strings.Lines(rows) {
				if len(told) == 0 || !strings.HasPrefix(line, told[0]) {
					t.Fatalf("the series has %q, %d samples are left: %.1q", line, len(told), told)
				}
				told = told[1:]
			}
			if len(told) > 0 {
				t.Errorf("%d samples are not in the series", len(told))
			}
			return b.String(), graphs.String()
		}
		one, steps := series(3, 1)
		for line := range strings.Lines(one) {
			f := strings.Split(line, ",")
			if src, dst := f[2]+" "+f[3], f[4]+" "+f[5]; src == dst {
				t.Errorf("data goes from %s to %s: %s", src, dst, line)
			}
			if f[6] != "window" {
				continue
			}
			written++
			best, _ := strconv.Atoi(f[7])
			low, _ := strconv.Atoi(f[8])
			high, _ := strconv.Atoi(f[9])
			if low > best || best > high {
				t.Errorf("a window of %d between %d and %d: %s", best, low, high, line)
			}
		}
		for _, workers := range []int{2, 7} {
			for _, size := range []int{1, 1000} {
				got, graphs := series(size, workers)
				if got != one {
					t.Errorf("%d workers, %d segments at once:\n%s\nnot\n%s", workers, size, got, one)
				}
				if graphs != steps {
					t.Errorf("%d workers, %d segments at once: the segments are\n%s\nnot\n%s", workers, size, graphs, steps)
				}
			}
		}
	}
	archives(t, "story", check)
	archives(t, "half", check)
	if written == 0 || drawn == 0 {
		t.Error("no script has a line about a window, or none a segment for a graph")
	}
}

// checkSums holds what must be true of every report.
func checkSums(t *testing.T, r *report.Report) {
	for _, p := range r.Pools {
		if p.Used != p.Needed+p.Avoidable || p.Connections != p.Used+p.Unused {
			t.Errorf("pool %d: used %d, needed %d, avoidable %d, connections %d, unused %d", p.ID, p.Used, p.Needed, p.Avoidable, p.Connections, p.Unused)
		}
		var needed, avoidable int64
		for c, n := range p.Causes {
			if c.Avoidable() {
				avoidable += n
			} else {
				needed += n
			}
		}
		if needed != p.Needed || avoidable != p.Avoidable {
			t.Errorf("pool %d: causes %v, needed %d, avoidable %d", p.ID, p.Causes, p.Needed, p.Avoidable)
		}
	}
}

// summary writes down what a story is about, without addresses.
func summary(r *report.Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "verdict %s\n", r.Verdict)
	for _, p := range r.Pools {
		fmt.Fprintf(&b, "pool %q used %d of %d, %d transactions, needed %d, avoidable %d, %s\n",
			p.Name, p.Used, p.Connections, p.Transactions, p.Needed, p.Avoidable, p.Verdict)
		if p.ToldBy != "" {
			fmt.Fprintf(&b, "   of a client told by %s\n", p.ToldBy)
		}
	}
	for _, c := range r.Connections {
		fmt.Fprintf(&b, "#%d %s %s %s %s by %s\n", c.ID, c.History, c.Handshake, c.Protocol, c.Closed.How, c.Closed.First)
		for _, t := range c.Transactions {
			fmt.Fprintf(&b, "   %s %s %d", t.Method, t.Target, t.Status)
			if !t.Complete {
				b.WriteString(" incomplete")
			}
			b.WriteByte('\n')
		}
		if c.GRPC > 0 {
			fmt.Fprintf(&b, "   gRPC %d\n", c.GRPC)
		}
		if n := c.Tunnel; n != nil {
			fmt.Fprintf(&b, "   inside %s %s: %s, %d transactions\n", n.Kind, n.Target, n.Protocol, n.TransactionCount)
		}
		if o := c.OpenedBecause; o != nil {
			fmt.Fprintf(&b, "   because %s %s", o.Cause, o.Confidence)
			if o.InsteadOf != 0 {
				fmt.Fprintf(&b, " instead of #%d", o.InsteadOf)
			}
			fmt.Fprintf(&b, " packets %v\n", o.Packets)
		}
		for i, h := range []report.Half{c.ClientToServer, c.ServerToClient} {
			if h.MissingBytes+h.ResentSegments+h.OutOfOrder+h.DuplicatePackets > 0 {
				fmt.Fprintf(&b, "   %s missing %d resent %d reordered %d duplicate %d\n", script.Dir(i), h.MissingBytes, h.ResentSegments, h.OutOfOrder, h.DuplicatePackets)
			}
		}
	}
	found := slices.Clone(r.Findings)
	sort.SliceStable(found, func(i, j int) bool { return found[i].ID < found[j].ID })
	for _, f := range found {
		fmt.Fprintf(&b, "%s %s packets %v\n", f.ID, f.Confidence, f.Packets)
	}
	return b.String()
}
