// Baseline says of a capture what another tool takes for the data in flight, in the
// form of tcpwarm analyze --series, so that one program can hold both against the
// kernel's window (make accuracy). BASELINE names the tool: tshark, whose
// tcp.analysis.bytes_in_flight it is, or tcptrace, whose outstanding data.
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// A point is what a tool says at an instant of one direction.
type point struct{ time, src, sport, dst, dport, bytes string }

func main() {
	flags := pflag.NewFlagSet("baseline", pflag.ExitOnError)
	series := flags.String("series", "", "write to this CSV `file`")
	flags.String("format", "", "ignored: the report is empty")
	flags.Parse(os.Args[1:])
	if err := run(*series, flags.Arg(flags.NArg()-1)); err != nil {
		fmt.Fprintln(os.Stderr, "baseline:", err)
		os.Exit(3)
	}
	fmt.Println(`{"schema":"tcpwarm/v1","capture":{"problems":[]},"connections":[],"pools":[],"findings":[],"verdict":"not-known"}`)
}

func run(series, capture string) error {
	if series == "" {
		return nil
	}
	tools := map[string]func(string) ([]point, error){"tshark": tshark, "tcptrace": tcptrace}
	tool := tools[os.Getenv("BASELINE")]
	if tool == nil {
		return errors.New("BASELINE is neither tshark nor tcptrace")
	}
	points, err := tool(capture)
	if err != nil {
		return err
	}
	// Times of one capture have as many digits: as text they are in order.
	slices.SortStableFunc(points, func(a, b point) int { return strings.Compare(a.time, b.time) })
	var b bytes.Buffer
	fmt.Fprintln(&b, "time_epoch_s,connection,src,sport,dst,dport,event,cwnd_bytes,cwnd_low_bytes,cwnd_high_bytes,"+
		"basis,phase,limited_by,flight_bytes,rtt_s,rwnd_bytes")
	for _, p := range points {
		fmt.Fprintf(&b, "%s,1,%s,%s,%s,%s,window,%s,%[6]s,%[6]s,assumed,slow-start,unknown,%[6]s,,\n",
			p.time, p.src, p.sport, p.dst, p.dport, p.bytes)
	}
	return os.WriteFile(series, b.Bytes(), 0o600)
}

func tshark(capture string) ([]point, error) {
	fields := []string{"frame.time_epoch", "ip.src", "tcp.srcport", "ip.dst", "tcp.dstport", "tcp.analysis.bytes_in_flight"}
	args := []string{"-r", capture, "-T", "fields"}
	for _, f := range fields {
		args = append(args, "-e", f)
	}
	out, err := exec.Command("tshark", args...).Output()
	if err != nil {
		return nil, err
	}
	var list []point
	for line := range strings.Lines(string(out)) {
		if f := strings.Split(strings.TrimSuffix(line, "\n"), "\t"); len(f) == len(fields) && f[5] != "" {
			list = append(list, point{f[0], f[1], f[2], f[3], f[4], f[5]})
		}
	}
	return list, nil
}

// tcptrace reads the plots of outstanding data: "A:p_==>_B:q (outstanding data)", then
// colours and dots; the red ones are it.
func tcptrace(capture string) ([]point, error) {
	dir, err := os.MkdirTemp("", "baseline")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	abs, err := filepath.Abs(capture)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("tcptrace", "-n", "-N", abs)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	plots, err := filepath.Glob(filepath.Join(dir, "*_owin.xpl"))
	if err != nil {
		return nil, err
	}
	var list []point
	for _, name := range plots {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		list = plot(f, list)
		f.Close()
	}
	return list, nil
}

func plot(r io.Reader, list []point) []point {
	var from, to []string
	colour := ""
	for in := bufio.NewScanner(r); in.Scan(); {
		words := strings.Fields(in.Text())
		switch {
		case len(words) == 1:
			colour = words[0]
		case len(words) > 1 && strings.Contains(words[0], "_==>_"):
			a, b, _ := strings.Cut(words[0], "_==>_")
			from, to = strings.Split(a, ":"), strings.Split(b, ":")
		case len(words) == 3 && words[0] == "dot" && colour == "red" && len(from) == 2 && len(to) == 2:
			list = append(list, point{words[1], from[0], from[1], to[0], to[1], words[2]})
		}
	}
	return list
}
