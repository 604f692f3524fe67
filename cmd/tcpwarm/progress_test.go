package main

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"tcpwarm/capture"
	"tcpwarm/capture/segment"
)

const sample = "../../pcaps/axios-two-agents.pcap"

// How far it is stands on one line, which is empty again before the report.
func TestProgress(t *testing.T) {
	content, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range []struct {
		name, want string
	}{
		{sample, " packets, 100 %"},
		{"-", " packets"}, // nobody knows how much will come
	} {
		src, err := capture.OpenAll([]string{x.name}, bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		var line bytes.Buffer
		p := newProgress(src, &line)
		if p.to != nil {
			t.Fatal("what is no terminal is told")
		}
		p.to, p.next = &line, time.Time{}
		for err == nil {
			err = p.Fill(new(segment.Batch))
		}
		if err != io.EOF {
			t.Fatal(err)
		}
		told := line.String()
		p.clear()
		if !strings.HasPrefix(told, "\r") || !strings.HasSuffix(told, x.want) {
			t.Errorf("%s: told %q, want a line that ends with %q", x.name, told, x.want)
		}
		if rest, want := strings.TrimPrefix(line.String(), told), "\r"+strings.Repeat(" ", len(told)-1)+"\r"; rest != want {
			t.Errorf("%s: cleared by %q after %q", x.name, rest, told)
		}
		src.Close()
	}
}
