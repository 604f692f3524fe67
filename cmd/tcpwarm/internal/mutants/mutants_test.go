package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const program = `package main

import "fmt"

type instant int

func (i instant) After(j instant) bool  { return i > j }
func (i instant) Before(j instant) bool { return i < j }

type span float64

func even(n int) bool {
	if n%2 != 0 {
		return false
	}
	return true
}

func main() {
	a, b, s := 3, 3, span(3)
	x := instant(1 << 4)
	for range 1 {
		a++
		b += 2 // b is 5
	}
	fmt.Println(a, b, a < 4, a <= 4 && b >= 5 || a > b, !even(a), even(b), min(a, b), max(a, 1, b), x.After(16), x.Before(16),
		s*2-1/s, a+b*2-len("b"+"a"), 2*3)
}
`

// Without a mutant the program does what it did, and each mutant changes just what it says.
func TestEachMutant(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	dir := t.TempDir()
	for name, text := range map[string]string{"main.go": program, "go.mod": "module example.org/program\n\ngo 1.26\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	files, err := load([]string{"."}, nil)
	if err != nil {
		t.Fatal(err)
	}
	places := files[0].places()
	for i, p := range places {
		p.id = i + 1
	}
	over, err := overlay(t.TempDir(), places)
	if err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(t.TempDir(), "program")
	if out, err := exec.Command("go", "build", "-overlay", over, "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := func(n int, trace string) string {
		cmd := exec.Command(binary)
		cmd.Env = append(os.Environ(), fmt.Sprint(switchVar, "=", n), traceVar+"="+trace)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(string(out))
	}
	trace := filepath.Join(t.TempDir(), "trace")
	const was = "4 5 false true false false 4 5 false false 5.666666666666667 12 6"
	if got := run(0, trace); got != was {
		t.Fatalf("no mutant: %s, want %s", got, was)
	}
	b, err := os.ReadFile(trace)
	if passed := len(strings.Fields(string(b))); err != nil || passed != len(places)-1 { // a > b is not asked for
		t.Errorf("%d of %d places were come by: %v", passed, len(places), err)
	}
	var got strings.Builder
	for _, p := range places {
		fmt.Fprintf(&got, "%s %s: %s\n", p.fn, p.change(), run(p.id, ""))
	}
	if got.String() != changes {
		t.Errorf("mutants give\n%s\nwant\n%s", got.String(), changes)
	}
}

const changes = `instant.After > to >=: 4 5 false true false false 4 5 true false 5.666666666666667 12 6
instant.Before < to <=: 4 5 false true false false 4 5 false true 5.666666666666667 12 6
even != to ==: 4 5 false true true true 4 5 false false 5.666666666666667 12 6
even false to true: 4 5 false true false true 4 5 false false 5.666666666666667 12 6
even true to false: 4 5 false true true false 4 5 false false 5.666666666666667 12 6
main ++ to --: 2 5 true true false false 2 5 false false 5.666666666666667 10 6
main += to -=: 4 1 false true false false 1 4 false false 5.666666666666667 4 6
main < to <=: 4 5 true true false false 4 5 false false 5.666666666666667 12 6
main <= to <: 4 5 false false false false 4 5 false false 5.666666666666667 12 6
main && to ||: 4 5 false true false false 4 5 false false 5.666666666666667 12 6
main >= to >: 4 5 false false false false 4 5 false false 5.666666666666667 12 6
main || to &&: 4 5 false false false false 4 5 false false 5.666666666666667 12 6
main > to >=: 4 5 false true false false 4 5 false false 5.666666666666667 12 6
main ! to nothing: 4 5 false true true false 4 5 false false 5.666666666666667 12 6
main min to max: 4 5 false true false false 5 5 false false 5.666666666666667 12 6
main max to min: 4 5 false true false false 4 1 false false 5.666666666666667 12 6
main After to not Before: 4 5 false true false false 4 5 true false 5.666666666666667 12 6
main Before to not After: 4 5 false true false false 4 5 false true 5.666666666666667 12 6
main * to /: 4 5 false true false false 4 5 false false 1.1666666666666667 12 6
main - to +: 4 5 false true false false 4 5 false false 6.333333333333333 12 6
main / to *: 4 5 false true false false 4 5 false false 3 12 6
main + to -: 4 5 false true false false 4 5 false false 5.666666666666667 -8 6
main * to / (2): 4 5 false true false false 4 5 false false 5.666666666666667 4 6
main - to + (2): 4 5 false true false false 4 5 false false 5.666666666666667 16 6
`

func TestKnown(t *testing.T) {
	got, err := known("# words\n\nHalf.Acked: if !ack.After(h.Una) {\n\tAfter to not Before: nothing\n\t\tis popped\n\t! to nothing: well\n")
	key := (&place{fn: "Half.Acked", text: "if !ack.After(h.Una) {", from: "After", to: "not Before", nth: 1}).key()
	if err != nil || len(got) != 2 || got[key] != "nothing is popped" {
		t.Errorf("%v %v", got, err)
	}
	all, err := known("touch: *\n\t*: reads ahead\nf: x < y\n\t*: no matter\n")
	for _, x := range []struct{ fn, text, why string }{
		{"touch", "a + b", "reads ahead"}, {"f", "x < y", "no matter"}, {"f", "x < z", ""}, {"g", "x < y", ""},
	} {
		p := &place{fn: x.fn, text: x.text, from: "<", to: "<=", nth: 1}
		if why, _ := p.reason(all); err != nil || why != x.why {
			t.Errorf("%s: %s: %q, %v, want %q", x.fn, x.text, why, err, x.why)
		}
	}
	for _, bad := range []string{"no colon\n", "F: line\n\tno reason\n", "\t< to <=: of nothing\n", "F: line\n\t\tgoes on\n"} {
		if _, err := known(bad); err == nil {
			t.Errorf("%q: no error", bad)
		}
	}
}

// Another seed draws others, the same seed the same ones, wherever they stand.
func TestSample(t *testing.T) {
	var places, moved []*place
	for i := range 1000 {
		p := place{fn: "f", text: fmt.Sprint("line ", i), from: "<", to: "<=", nth: 1}
		q := p
		places, moved = append(places, &p), append([]*place{&q}, moved...)
	}
	one, two, other := sample(places, 100, "1"), sample(moved, 100, "1"), sample(places, 100, "2")
	alike := 0
	for i := range one {
		if one[i].key() != two[i].key() {
			t.Fatalf("%q is drawn, and %q once it has moved", one[i].text, two[i].text)
		}
		for _, p := range other {
			if p.key() == one[i].key() {
				alike++
			}
		}
	}
	if alike > 30 {
		t.Errorf("seed 2 draws %d of the 100 that seed 1 does", alike)
	}
}
