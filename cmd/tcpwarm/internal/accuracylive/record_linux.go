package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"time"
)

const (
	recordedPort = 4480                 // of the server; what other sockets of the machine do is not traced
	lateAtMost   = 4 * time.Millisecond // a path on which any packet was later was not the one that was asked for
	attempts     = 4
	runAtMost    = 2 * time.Minute
	dumpDelay    = 1500 * time.Millisecond // tcpdump is handed packets up to a second late
)

// record records the scenarios whose name contains only, stretched, into dir, each in a folder of its name.
func record(ctx context.Context, dir, only string, stretch float64) error {
	if stretch <= 0 {
		return errors.New("no path can be stretched by that")
	}
	if os.Geteuid() != 0 {
		return errors.New("network namespaces and BPF need root")
	}
	for _, tool := range []string{"ip", "tcpdump"} {
		if _, err := exec.LookPath(tool); err != nil {
			return fmt.Errorf("%s is not installed: apt install iproute2 tcpdump", tool)
		}
	}
	// A thread that comes back from a system call goes on at once only where it need not wait for others.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(16))
	t, err := newTrace(recordedPort)
	if err != nil {
		return err
	}
	defer t.close()
	n, missing := 0, 0
	for i := range scenarios {
		s := scenarios[i].stretched(stretch)
		if !strings.Contains(s.Name, only) {
			continue
		}
		n++
		well, err := recordWell(ctx, t, filepath.Join(dir, s.Name), &s)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		if !well {
			missing++
		}
	}
	if n == 0 {
		return fmt.Errorf("no scenario has %q in its name", only)
	}
	if missing > 0 {
		return fmt.Errorf("%d of %d are not recorded: the machine is not calm", missing, n)
	}
	return nil
}

// recordWell records until the path was in time, or gives up.
func recordWell(ctx context.Context, t *trace, dir string, s *scenario) (well bool, err error) {
	var faulty errFaulty
	for range attempts {
		m, err := recordOnce(ctx, t, dir, s)
		switch {
		case err == nil:
			late := max(m.Wire[0].LateMax, m.Wire[1].LateMax).Round(10 * time.Microsecond)
			fmt.Printf("%-36s %6d events, no packet later than %v\n", s.Name, m.TraceRows, late)
			return true, nil
		case !errors.As(err, &faulty):
			return false, err
		}
		fmt.Printf("%-36s again: %v\n", s.Name, err)
	}
	return false, os.RemoveAll(dir)
}

// errFaulty says why a recording does not count.
type errFaulty string

func (e errFaulty) Error() string { return string(e) }

// A run is one scenario being recorded into dir.
type run struct {
	*scenario
	dir                              string
	client, server, sender, receiver *host
	wires                            [2]*wire // of the content's direction, and back
	exchanges                        []exchange
	rows                             []row
}

// recordOnce makes the transfers of a scenario and writes what is known of them. A folder without
// meta.json is not whole.
func recordOnce(ctx context.Context, t *trace, dir string, s *scenario) (*meta, error) {
	ctx, cancel := context.WithTimeout(ctx, runAtMost)
	defer cancel()
	if err := errors.Join(os.RemoveAll(dir), os.MkdirAll(dir, 0o755)); err != nil {
		return nil, err
	}
	r := &run{scenario: s, dir: dir}
	var err error
	if r.client, r.server, err = newHosts(s); err != nil {
		return nil, err
	}
	defer r.client.close()
	defer r.server.close()
	r.sender, r.receiver = r.server, r.client
	if s.Carried.Upload {
		r.sender, r.receiver = r.client, r.server
	}
	if err := r.captured(ctx, t); err != nil {
		return nil, err
	}
	return r.write()
}

// captured makes the transfers while both ends are captured and the kernel is traced.
func (r *run) captured(ctx context.Context, t *trace) error {
	stopSender, err := startDump(ctx, r.sender, filepath.Join(r.dir, "sender.pcap"))
	if err != nil {
		return err
	}
	stopReceiver, err := startDump(ctx, r.receiver, filepath.Join(r.dir, "receiver.pcap"))
	if err != nil {
		return errors.Join(err, stopSender())
	}
	// The collector would stop the wires in the middle of their work.
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	if _, _, err := t.take(); err != nil { // what was left
		return err
	}
	asked := r.transfer(ctx)
	if err := errors.Join(asked, stopSender(), stopReceiver()); err != nil {
		return err
	}
	var lost uint64
	if r.rows, lost, err = t.take(); err != nil {
		return err
	}
	if late := r.latest(); late > lateAtMost {
		return errFaulty(fmt.Sprintf("a packet was %v late", late.Round(10*time.Microsecond)))
	}
	if lost > 0 {
		return errFaulty(fmt.Sprintf("%d events were lost", lost))
	}
	return nil
}

// transfer has the client ask the server, over the wires, and waits until the captures have it all.
func (r *run) transfer(ctx context.Context) error {
	to := netip.AddrPortFrom(r.server.addr, recordedPort)
	r.wires[0] = newWire(r.scenario, r.Data, r.sender, r.receiver, 1)
	r.wires[1] = newWire(r.scenario, r.Ack, r.receiver, r.sender, 2)
	var running sync.WaitGroup
	for _, w := range r.wires {
		running.Go(w.run)
	}
	defer func() {
		for _, w := range r.wires {
			w.done.Store(true)
		}
		running.Wait()
	}()
	server, err := startServer(r.server, r.scenario, recordedPort)
	if err != nil {
		return err
	}
	r.exchanges, err = ask(ctx, r.client, server, to, r.scenario)
	server.Close()
	time.Sleep(dumpDelay)
	return err
}

// latest is how late the wires were.
func (r *run) latest() time.Duration { return max(r.wires[0].LateMax, r.wires[1].LateMax) }

// write writes what was recorded.
func (r *run) write() (*meta, error) {
	m := newMeta(r.scenario, r.client.addr, netip.AddrPortFrom(r.server.addr, recordedPort))
	m.Wire, m.TraceRows = [2]account{r.wires[0].account, r.wires[1].account}, len(r.rows)
	return m, errors.Join(
		write(filepath.Join(r.dir, m.Transactions), func(w io.Writer) error { return writeExchanges(w, r.exchanges) }),
		writeGzip(filepath.Join(r.dir, m.Truth), func(w io.Writer) error {
			return writeTruth(w, r.rows, m.DataSender, r.sender.addr, r.Algorithm == "bbr")
		}),
		compress(filepath.Join(r.dir, "sender.pcap")), compress(filepath.Join(r.dir, "receiver.pcap")),
		write(filepath.Join(r.dir, "meta.json"), func(w io.Writer) error {
			e := json.NewEncoder(w)
			e.SetIndent("", " ")
			return e.Encode(m)
		}))
}

func newWire(s *scenario, d direction, from, to *host, seed uint64) *wire {
	return &wire{direction: d, from: from.tap, to: to.tap, begin: time.Now(),
		delay:  time.Duration(s.RTTms * float64(time.Millisecond) / 2),
		random: rand.New(rand.NewPCG(seed, math.Float64bits(s.RTTms)))}
}

// meta is a run's meta.json.
type meta struct {
	Name, Kind, CC      string
	RTTms               float64
	DataSender          string
	Server, Client      string
	Truth, Transactions string
	TraceRows           int
	Wire                [2]account // of the content's direction, and back
	Scenario            struct {
		SrvSndBuf int
		Recorded  *scenario
	}
}

func newMeta(s *scenario, client netip.Addr, server netip.AddrPort) *meta {
	kind, _, _ := strings.Cut(s.Name, "-"+s.Algorithm)
	m := &meta{Name: s.Name, Kind: kind, CC: s.Algorithm, RTTms: s.RTTms, DataSender: "server", Server: server.String(),
		Client: client.String(), Truth: "truth.csv.gz", Transactions: "txn.csv"}
	if s.Carried.Upload {
		m.DataSender = "client"
	}
	m.Scenario.SrvSndBuf, m.Scenario.Recorded = s.Setting.SendBuffer, s
	return m
}

// startDump captures on the host's device, and returns what ends it: an error where packets were lost.
func startDump(ctx context.Context, h *host, file string) (stop func() error, err error) {
	end, err := startListening(h.call, exec.CommandContext(ctx, "tcpdump", "-i", h.name, "-n", "-s", "0", "-B", "65536",
		"-Z", "root", "-w", file))
	return func() error {
		said, err := end()
		if err == nil && !bytes.Contains(said, []byte("\n0 packets dropped by kernel")) {
			err = errFaulty("tcpdump lost packets")
		}
		return err
	}, err
}

func write(file string, fill func(io.Writer) error) error {
	f, err := os.Create(file)
	if err != nil {
		return err
	}
	b := bufio.NewWriter(f)
	return errors.Join(fill(b), b.Flush(), f.Close())
}

func writeGzip(file string, fill func(io.Writer) error) error {
	return write(file, func(w io.Writer) error {
		z := gzip.NewWriter(w)
		return errors.Join(fill(z), z.Close())
	})
}

// compress puts a compressed file in a file's place.
func compress(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := writeGzip(file+".gz", func(w io.Writer) error { _, err := io.Copy(w, f); return err }); err != nil {
		return err
	}
	return os.Remove(file)
}
