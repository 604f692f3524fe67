package main

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
)

// README shows real output: its first command must give just what stands there.
func TestREADME(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	const command = "    go run ./cmd/tcpwarm analyze pcaps/axios-two-agents.pcap\n"
	_, after, ok := strings.Cut(string(b), command)
	if !ok {
		t.Fatalf("README lacks %q", command)
	}
	_, block, _ := strings.Cut(after, "```\n")
	want, _, _ := strings.Cut(block, "```\n")
	var out, errs bytes.Buffer
	if code := run(context.Background(), []string{"analyze", sample}, nil, &out, &errs); code != exitOK {
		t.Fatalf("exit code %d: %s", code, errs.String())
	}
	if out.String() != want {
		t.Errorf("README shows\n%s\nthe command gives\n%s", want, out.String())
	}
}

// The second excerpt stands in its command's output as it is.
func TestREADMEOnWarmth(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, after, ok := strings.Cut(string(b), "    tcpwarm analyze pcaps/path-warm.pcap\n")
	if !ok {
		t.Fatal("README lacks the command")
	}
	_, block, _ := strings.Cut(after, "```\n")
	want, _, _ := strings.Cut(block, "```\n")
	var out bytes.Buffer
	run(context.Background(), []string{"analyze", "../../pcaps/path-warm.pcap"}, nil, &out, &out)
	if want == "" || !strings.Contains(out.String(), want) {
		t.Errorf("README shows\n%s\nthe command gives\n%s", want, out.String())
	}
}
