package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/pflag"
)

type options struct {
	n        int
	seed     string
	least    float64
	except   string
	match    string
	show     bool
	jobs     int
	tests    []string
	within   time.Duration
	skip     string
	patterns []string
}

func main() {
	var o options
	flags := pflag.NewFlagSet("mutants", pflag.ExitOnError)
	flags.IntVarP(&o.n, "number", "n", 300, "how many mutants to draw, 0 for all there are")
	flags.StringVar(&o.seed, "seed", "1", "draw others")
	flags.Float64Var(&o.least, "least", 85, "the share in per cent that tests must notice")
	flags.StringVar(&o.except, "except", "/(report|redact)(/|$)", "no mutants in packages like this `regexp`")
	flags.StringVar(&o.match, "match", "", "of those drawn, try only those whose line of output is like this `regexp`")
	flags.BoolVar(&o.show, "show", false, "show the changes, try none")
	flags.StringSliceVar(&o.tests, "tests", []string{"./..."}, "packages whose tests are run")
	flags.DurationVar(&o.within, "within", 0, "leave out tests that take longer than that, for a first look")
	flags.StringVar(&o.skip, "skip", "", "leave out tests whose name is like this `regexp`, likewise")
	flags.IntVarP(&o.jobs, "jobs", "j", 2, "mutants tried at once")
	flags.Parse(os.Args[1:])
	o.patterns = flags.Args()
	if len(o.patterns) == 0 {
		o.patterns = []string{"./analyze/..."}
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	good, err := run(ctx, o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	if !good {
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) (good bool, err error) {
	except, err := regexp.Compile(o.except)
	if err != nil {
		return false, err
	}
	if o.except == "" {
		except = nil
	}
	match, err := regexp.Compile(o.match)
	if err != nil {
		return false, err
	}
	reasons, err := known(equivalents)
	if err != nil {
		return false, err
	}
	files, err := load(o.patterns, except)
	if err != nil {
		return false, err
	}
	var all []*place
	for _, f := range files {
		all = append(all, f.places()...)
	}
	stale(reasons, all)
	if o.n == 0 {
		o.n = len(all)
	}
	picked := slices.DeleteFunc(sample(all, o.n, o.seed), func(p *place) bool { return !match.MatchString(p.String()) })
	for i, p := range picked {
		p.id = i + 1
	}
	fmt.Printf("%d of %d places, seed %s\n", len(picked), len(all), o.seed)
	if o.show {
		for _, p := range picked {
			fmt.Printf("%s\n\t%s\n", p, p.text)
		}
		return true, nil
	}
	var missing []*place
	var results []result
	for _, p := range picked {
		if why, _ := p.reason(reasons); why != "" {
			results = append(results, result{place: p, known: why})
		} else {
			missing = append(missing, p)
		}
	}
	tried, err := tryAll(ctx, missing, o)
	if err != nil {
		return false, err
	}
	return tell(append(results, tried...), o.least), nil
}

// stale tells of equivalents that nothing is like any more.
func stale(reasons map[string]string, all []*place) {
	left := map[string]bool{}
	for k := range reasons {
		left[k] = true
	}
	for _, p := range all {
		_, key := p.reason(reasons)
		delete(left, key)
	}
	for k := range left {
		fmt.Fprintf(os.Stderr, "mutants: equivalent.txt: no such place: %s\n", strings.ReplaceAll(k, "\x00", ": "))
	}
}

// String is where p stands and what is changed.
func (p *place) String() string {
	path := p.file.path
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, path); err == nil {
			path = rel
		}
	}
	return fmt.Sprintf("%s:%d %s: %s", path, p.file.line(p.pos), p.fn, p.change())
}

// tryAll compiles, traces and tries the mutants.
func tryAll(ctx context.Context, picked []*place, o options) ([]result, error) {
	if len(picked) == 0 {
		return nil, nil
	}
	skip, err := regexp.Compile(cmp.Or(o.skip, "^$"))
	if err != nil {
		return nil, err
	}
	for i, p := range picked {
		p.id = i + 1
	}
	folder, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	over, err := overlay(folder, picked)
	if err != nil {
		return nil, err
	}
	pkgs, err := list(o.tests...)
	if err != nil {
		return nil, err
	}
	binaries, err := compile(folder, over, pkgs)
	if err != nil {
		return nil, err
	}
	mutated := map[string]bool{}
	for _, p := range picked {
		mutated[p.file.dir] = true
	}
	var tests []*test
	for _, b := range binaries {
		of, err := b.tests()
		if err != nil {
			return nil, err
		}
		for _, t := range of {
			if skip.MatchString(t.name) {
				continue
			}
			t.alone = !mutated[b.pkg.Dir]
			if err := t.trace(ctx, folder, over); ctx.Err() != nil {
				return nil, ctx.Err()
			} else if err != nil {
				fmt.Fprintln(os.Stderr, "mutants: left out:", err)
				continue
			}
			if o.within == 0 || t.took <= o.within {
				tests = append(tests, t)
			}
		}
	}
	fmt.Fprintf(os.Stderr, "mutants: %d tests\n", len(tests))
	return inParallel(ctx, picked, tests, over, o.jobs), ctx.Err()
}

func inParallel(ctx context.Context, picked []*place, tests []*test, over string, jobs int) []result {
	todo, done := make(chan *place), make(chan result)
	var wg sync.WaitGroup
	for range jobs {
		wg.Go(func() {
			for p := range todo {
				if r := try(ctx, p, tests, over); ctx.Err() == nil {
					done <- r
				}
			}
		})
	}
	go func() {
		for _, p := range picked {
			todo <- p
		}
		close(todo)
		wg.Wait()
		close(done)
	}()
	var results []result
	for r := range done {
		results = append(results, r)
		switch {
		case r.by != nil:
			fmt.Printf("%-8s %s   (%s, %v)\n", [...]string{failed: "killed", hung: "hung"}[r.end], r, r.by, r.took.Round(time.Second/10))
		default:
			fmt.Printf("SURVIVED %s   (%d tests come by, %v)\n", r, r.passing, r.took.Round(time.Second/10))
		}
	}
	return results
}

// tell sums up, and says whether enough was noticed.
func tell(results []result, least float64) bool {
	slices.SortFunc(results, func(a, b result) int {
		return cmp.Or(cmp.Compare(a.file.path, b.file.path), cmp.Compare(a.pos, b.pos))
	})
	var killed, hangs, equivalent int
	fmt.Println("\nSurvivors:")
	for _, r := range results {
		switch {
		case r.known != "":
			equivalent++
		case r.by == nil:
			fmt.Printf("%s\n\t%s\n", r, r.text)
		default:
			killed++
			if r.end == hung {
				hangs++
			}
		}
	}
	of := len(results) - equivalent
	share := 100.0
	if of > 0 {
		share = 100 * float64(killed) / float64(of)
	}
	fmt.Printf("\n%d mutants: %d killed (%d of them hung), %d survived, %d equivalent; %.1f %% of %d killed\n",
		len(results), killed, hangs, of-killed, equivalent, share, of)
	return share >= least
}
