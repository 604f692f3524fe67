package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// README lists the kinds that exist, in their order.
func TestREADMEListsTheKinds(t *testing.T) {
	b, err := os.ReadFile("../../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _, err := tableOf(b)
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for line := range strings.Lines(string(table)) {
		if cells := strings.Split(line, " | "); len(cells) > 2 && !strings.Contains(line, "| tried |") {
			listed = append(listed, strings.TrimPrefix(cells[0], "| "))
		}
	}
	var exist []string
	for i := range kinds {
		exist = append(exist, kinds[i].does)
	}
	if got, want := strings.Join(listed, "\n"), strings.Join(exist, "\n"); got != want {
		t.Errorf("README lists\n%s\nthere are\n%s", got, want)
	}
}

// Small captures of each kind are read without a crash, in little memory and with the right
// verdict. How the time grows is for make robust to tell.
func TestSmallCaptures(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	binary := filepath.Join(t.TempDir(), "tcpwarm")
	if out, err := exec.Command("go", "build", "-o", binary, "tcpwarm/cmd/tcpwarm").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for i := range kinds {
		k := &kinds[i]
		m, err := k.read(t.Context(), binary, t.TempDir(), max(20, k.n/100))
		if err != nil {
			t.Errorf("%s: %v", k.does, err)
		} else if m.peak > mostMemory {
			t.Errorf("%s: %d MB", k.does, m.peak/1e6)
		}
	}
}

// What is wrong is found: a verdict that is another's, and a program that ends otherwise.
func TestWrongIsFound(t *testing.T) {
	m := &measure{n: 3, outcome: outcome{Verdict: "reused"}}
	if oneAvoidableEach(m) == nil || clientClosed(m) == nil || notConcurrent(m) == nil {
		t.Error("nothing found wrong")
	}
	m.Totals.Connections, m.Totals.Avoidable, m.certain = 6, 1, map[string]int64{"missed": 1}
	if nothingCertain(m) == nil || noneAvoidable(m) == nil {
		t.Error("nothing found wrong")
	}
	k := &kind{does: "no capture", packets: func(*capture, int) {}}
	for _, body := range []string{"exit 2", "kill -SEGV $$", "echo 'internal error at packet 1' >&2; exit 3"} {
		binary := filepath.Join(t.TempDir(), "tcpwarm")
		if err := os.WriteFile(binary, []byte("#!/bin/sh\n"+body+"\n"), 0o700); err != nil {
			t.Fatal(err)
		}
		if _, err := k.read(t.Context(), binary, t.TempDir(), 1); err == nil {
			t.Errorf("%s: nothing found wrong", body)
		}
	}
}

// The table takes the place of the one before, and nothing else.
func TestWriteTable(t *testing.T) {
	name := filepath.Join(t.TempDir(), "README.md")
	const before, after = "# head\n", "tail\n"
	if err := os.WriteFile(name, []byte(before+tableBegin+"old\n"+tableEnd+after), 0o600); err != nil {
		t.Fatal(err)
	}
	small, large := &measure{n: 12_345, cpu: 1e9, peak: 20e6}, &measure{n: 123_450, cpu: 2e9, peak: 30e6}
	if err := writeTable(name, []row{{kind: &kind{does: "n things"}, small: small, large: large}}); err != nil {
		t.Fatal(err)
	}
	got, _ := os.ReadFile(name)
	want := before + tableBegin + tableHead + "| n things | 12 345 | 1.00 | 2.00 | 20 | 30 | holds |\n\n" + tableEnd + after
	if !bytes.Equal(got, []byte(want)) {
		t.Errorf("%s\nwant\n%s", got, want)
	}
}
