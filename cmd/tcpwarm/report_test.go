package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A JSON report beside the text is the same as one alone, though text needs less.
func TestReportBesideText(t *testing.T) {
	path, _ := benchCapture(t, textConnections+500, 100)
	beside := filepath.Join(t.TempDir(), "report.json")
	var alone bytes.Buffer
	for _, x := range []struct {
		args []string
		out  io.Writer
	}{
		{[]string{"analyze", "--report", "json=" + beside, path}, io.Discard},
		{[]string{"analyze", "--format", "json", path}, &alone},
	} {
		if code := run(t.Context(), x.args, strings.NewReader(""), x.out, io.Discard); code != 0 {
			t.Fatalf("%v: exit code %d", x.args, code)
		}
	}
	got, err := os.ReadFile(beside)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(got, []byte(`"role_basis"`)); n != textConnections+500 || !bytes.Equal(got, alone.Bytes()) {
		t.Errorf("%d connections in %d bytes beside the text, %d bytes alone", n, len(got), alone.Len())
	}
}

// What a file is called is said, and not obeyed; a message of several lines stays so.
func TestErrorsArePrintable(t *testing.T) {
	var errs bytes.Buffer
	if code := run(t.Context(), []string{"x\x1b[31m\u202e.pcap"}, strings.NewReader(""), io.Discard, &errs); code != exitInput {
		t.Errorf("exit code %d", code)
	}
	if got := errs.String(); !strings.Contains(got, `x\x1b[31m\u202e.pcap`) || strings.ContainsAny(got, "\x1b\u202e") {
		t.Errorf("%q", got)
	}
	errs.Reset()
	for _, args := range [][]string{{"x\n::error::y.pcap"}, {"analyze", "../../pcaps/axios/axios-each.pcap", "--tls-keys=x\n::error::y.log"}} {
		run(t.Context(), args, strings.NewReader(""), io.Discard, &errs)
	}
	if got := errs.String(); strings.Contains(got, "\n::") || strings.Count(got, `x\x0a::error::y`) != 2 {
		t.Errorf("%q", got)
	}
	if got := cleaned("two\nlines\x07", []string{"two"}); got != "two\nlines"+`\x07` {
		t.Errorf("%q", got)
	}
}

// A full disk must not look like something written, whatever was to be.
func TestFullOutput(t *testing.T) {
	for _, args := range []string{
		"explain", "explain missed", "interfaces", "capture -D", "--help", "", "help analyze", "--version", "completion bash",
		"demo", "compare ../../pcaps/axios/axios-each.pcap ../../pcaps/axios/axios-shared.pcap", "analyze ../../pcaps/axios/axios-each.pcap",
	} {
		var errs bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), strings.NewReader(""), fullDisk{}, &errs); code != exitInput {
			t.Errorf("%s: exit code %d, %s", args, code, &errs)
		}
		if errs.String() != "tcpwarm: "+errFull.Error()+"\n" {
			t.Errorf("%s: %q", args, &errs)
		}
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left on device")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// How many pools a page tells in full is as asked for, also where that is what text does unasked.
func TestPageTellsOfTop(t *testing.T) {
	capture := shownCaptures(t)["fifty"]
	for flag, want := range map[string]int{"": 50, "--top=10": 10, "--top=7": 7, "--top=60": 50, "--all": 50} {
		flags := strings.Fields(flag + " --format html")
		if got := strings.Count(analyzed(t, capture, flags...), `<details class="pool"`); got != want {
			t.Errorf("%s: %d pools in full, want %d", flag, got, want)
		}
	}
}
