package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tcpwarm/capture/segment"
)

// A source of batches; before each, something happens.
type happenings []func()

func (h *happenings) Fill(b *segment.Batch) error {
	b.Secrets = b.Secrets[:0]
	if len(*h) == 0 {
		return io.EOF
	}
	(*h)[0]()
	*h = (*h)[1:]
	return nil
}

func (h *happenings) Totals() segment.Totals { return segment.Totals{} }

// Whole lines come with the batch that was captured after them, each once.
func TestKeyLogGrows(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys")
	add := func(text string) func() {
		return func() {
			f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			f.WriteString(text)
		}
	}
	line := func(digit string) string {
		return "CLIENT_RANDOM " + strings.Repeat(digit, 64) + " " + strings.Repeat(digit, 96) + "\n"
	}
	src := &happenings{
		func() {},
		add(line("2") + line("3")[:20]),
		add(line("3")[20:]),
		func() {},
		func() { os.Truncate(name, 0); add(line("4"))() },
	}
	for _, there := range []bool{true, false} {
		s := append(happenings(nil), *src...)
		os.Remove(name)
		want := []string{"", line("2"), line("3"), "", line("4"), ""}
		if there {
			add(line("1"))()
			want[0] = line("1")
		}
		g, err := (&output{keys: []string{name}}).grown(&s)
		if err != nil {
			t.Fatal(err)
		}
		var b segment.Batch
		for i, w := range want {
			err := g.Fill(&b)
			got := ""
			for _, x := range b.Secrets {
				got += string(x)
			}
			if got != w || (err == io.EOF) != (i == len(want)-1) {
				t.Errorf("there at the start %v: batch %d brings %q and %v, want %q", there, i, got, err, w)
			}
		}
	}

	os.WriteFile(name, []byte("GET / HTTP/1.1\n"), 0o600)
	if _, err := (&output{keys: []string{name}}).grown(src); err == nil || !strings.Contains(err.Error(), "line 1: not a key log") {
		t.Error(err)
	}
}
