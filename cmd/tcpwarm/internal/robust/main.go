package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"slices"
	"syscall"
	"time"

	"github.com/spf13/pflag"
)

// What is promised.
const (
	mostMemory = 400_000_000 // bytes
	mostTimes  = 11          // as much time for ten times the input
)

const (
	measurable = 300 * time.Millisecond // shorter times say nothing about the time a packet takes
	largeFile  = 32 << 20               // bytes of the smaller capture, which does not grow beyond it
)

func main() {
	var binary, readme, match, file string
	var n int
	flags := pflag.NewFlagSet("robust", pflag.ExitOnError)
	flags.StringVar(&binary, "binary", "./tcpwarm", "what is to read the captures")
	flags.StringVar(&readme, "readme", "", "write the table to this `file`, between its markers")
	flags.StringVar(&match, "match", "", "try only kinds like this `regexp`, and write no table")
	flags.StringVar(&file, "write", "", "only write the capture of the first such kind to this `file`")
	flags.IntVarP(&n, "number", "n", 1000, "how large that is to be")
	flags.Parse(os.Args[1:])
	if file != "" {
		if err := writeOnly(file, match, n); err != nil {
			fmt.Fprintln(os.Stderr, "robust:", err)
			os.Exit(2)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	failed, err := run(ctx, binary, readme, match)
	if err != nil {
		fmt.Fprintln(os.Stderr, "robust:", err)
		stop()
		os.Exit(2)
	}
	if failed > 0 {
		fmt.Fprintf(os.Stderr, "robust: %d kinds break a limit\n", failed)
		stop()
		os.Exit(1)
	}
}

// writeOnly writes a capture of a kind, to be looked at.
func writeOnly(file, match string, n int) error {
	like, err := regexp.Compile(match)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(kinds, func(k kind) bool { return like.MatchString(k.does) })
	if i < 0 {
		return fmt.Errorf("no kind is like %s", match)
	}
	_, err = kinds[i].write(file, n)
	return err
}

// run tries all kinds, and returns how many break a limit.
func run(ctx context.Context, binary, readme, match string) (failed int, err error) {
	like, err := regexp.Compile(match)
	if err != nil {
		return 0, err
	}
	dir, err := os.MkdirTemp("", "robust")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(dir)
	var rows []row
	for i := range kinds {
		if !like.MatchString(kinds[i].does) {
			continue
		}
		if ctx.Err() != nil {
			return failed, ctx.Err()
		}
		r := kinds[i].try(ctx, binary, dir)
		if r.broken != nil {
			failed++
		}
		rows = append(rows, r)
		fmt.Println(r)
	}
	if readme != "" && match == "" {
		return failed, writeTable(readme, rows)
	}
	return failed, nil
}

// try reads captures of two sizes.
func (k *kind) try(ctx context.Context, binary, dir string) row {
	r := row{kind: k}
	small, err := k.measured(ctx, binary, dir)
	if err != nil {
		r.broken = err
		return r
	}
	large, err := k.read(ctx, binary, dir, 10*small.n)
	if err != nil {
		r.small, r.broken = small, err
		return r
	}
	if large.cpu > mostTimes*max(small.cpu, measurable) { // once more: others may have been at work
		again, err := k.read(ctx, binary, dir, 10*small.n)
		if err == nil {
			large.cpu = min(large.cpu, again.cpu)
		}
	}
	r.small, r.large = small, large
	switch {
	case max(small.peak, large.peak) > mostMemory:
		r.broken = fmt.Errorf("%d MB", max(small.peak, large.peak)/1e6)
	case large.cpu > mostTimes*max(small.cpu, measurable):
		r.broken = fmt.Errorf("%.1f times the time", large.cpu.Seconds()/small.cpu.Seconds())
	}
	return r
}

// measured reads a capture that is as large as is needed for its time to be measured.
func (k *kind) measured(ctx context.Context, binary, dir string) (*measure, error) {
	for n := k.n; ; {
		m, err := k.read(ctx, binary, dir, n)
		if err != nil || m.cpu >= measurable || m.size > largeFile || k.most > 0 && 20*n > k.most {
			return m, err
		}
		n = int(float64(n) * min(8, max(1.5, 1.25*measurable.Seconds()/m.cpu.Seconds())))
	}
}
