package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"tcpwarm/cmd/tcpwarm/internal/liveview"
	"tcpwarm/pcaps/script"
)

// standsFor are the programs that the tests' own binary stands for, by the variable of the environment that says so
// and which of them.
var standsFor = map[string]func(what string) int{challengeClient: beExamined, "TCPWARM_SCENARIO": play}

func TestMain(m *testing.M) {
	if liveview.Guard() {
		os.Exit(0)
	}
	for name, be := range standsFor {
		if what := os.Getenv(name); what != "" {
			os.Exit(be(what))
		}
	}
	testscript.Main(cleaning{m}, map[string]func(){
		"tcpwarm": func() { os.Exit(program()) },
	})
}

// The stories in testdata are how the command behaves: its words, its exit
// codes. $PCAPS holds the samples.
func TestStories(t *testing.T) {
	pcaps, err := filepath.Abs("../../pcaps")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("PCAPS", pcaps)
			self, err := os.Executable()
			e.Setenv("SELF", self)
			e.Setenv("COLUMNS", "80")
			e.Setenv("NO_COLOR", "1")
			e.Setenv("TCPWARM_MUTANT", os.Getenv("TCPWARM_MUTANT")) // see internal/mutants
			e.Setenv("TCPWARM_MUTANT_TRACE", os.Getenv("TCPWARM_MUTANT_TRACE"))
			return err
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "cut": cut, "damage": damage, "pcap": pcap},
	})
}

// exits CODE COMMAND ...: the command must end with just this code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := "0"
	if e, ok := err.(interface{ ExitCode() int }); ok {
		code = string('0' + rune(e.ExitCode()))
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if code != args[0] {
		ts.Fatalf("exit code %s, want %s", code, args[0])
	}
}

// cut FROM TO BYTES: TO is FROM without its last bytes.
func cut(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: cut FROM TO BYTES")
	}
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b[:len(b)-n], 0o644))
}

// pcap FROM TO: TO is the capture that the packet script FROM stands for.
func pcap(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pcap FROM TO")
	}
	s, err := script.Parse(ts.ReadFile(args[0]))
	ts.Check(err)
	var b bytes.Buffer
	ts.Check(s.WritePcap(&b))
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b.Bytes(), 0o644))
}

// damage FROM TO BYTES: TO is FROM, a pcap, with ones from so many bytes on.
func damage(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: damage FROM TO BYTES")
	}
	b, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	n, err := strconv.Atoi(args[2])
	ts.Check(err)
	for i := n; i < len(b); i++ {
		b[i] = 0xff
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), b, 0o644))
}
