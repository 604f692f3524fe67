package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/comments"
	"tcpwarm/analyze/report/jsonreport"
)

// judgedJSON is what analyze makes of files, as JSON without their names.
func judgedJSON(t *testing.T, args ...string) ([]byte, *report.Report) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), append([]string{"analyze", "--format", "json"}, args...), strings.NewReader(""), &out, &errs); code != exitOK {
		t.Fatalf("%v: exit code %d, %s", args, code, &errs)
	}
	r, err := jsonreport.Read(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var whole map[string]any
	if err := json.Unmarshal(out.Bytes(), &whole); err != nil {
		t.Fatal(err)
	}
	of := whole["capture"].(map[string]any)
	delete(of, "files")
	delete(of, "problems") // that several files were put in order is said of them only
	plain, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return plain, r
}

// halves writes the two halves of a pcap of the usual byte order, in gzip and in zstd, and returns their names.
func halves(t *testing.T, name string) (names []string) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	at := 24
	for at < len(b)/2 {
		at += 16 + int(uint32(b[at+8])|uint32(b[at+9])<<8|uint32(b[at+10])<<16)
	}
	for i, part := range [][]byte{b[:at], slices.Concat(b[:24], b[at:])} {
		var out bytes.Buffer
		var z io.WriteCloser = gzip.NewWriter(&out)
		if i == 1 {
			if z, err = zstd.NewWriter(&out); err != nil {
				t.Fatal(err)
			}
		}
		z.Write(part)
		z.Close()
		names = append(names, filepath.Join(t.TempDir(), strconv.Itoa(i)))
		if err := os.WriteFile(names[i], out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return names
}

// annotatedSamples are captures that somebody is to blame in, some of them TLS that keys open, and one in parts.
func annotatedSamples(t *testing.T) map[string][]string {
	all := map[string][]string{"parts": halves(t, "../../pcaps/axios/axios-each.pcap")}
	for _, name := range []string{"axios-two-agents", "proxy/dumb-proxy", "axios/axios-each-tls", "agentkeepalive/agentkeepalive-unread"} {
		all[name] = []string{"../../pcaps/" + name + ".pcap"}
		if keys := "../../pcaps/" + name + ".keys"; exists(keys) {
			all[name] = append(all[name], "--tls-keys", keys)
		}
	}
	return all
}

func exists(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// What is annotated is judged as before, and tshark reads each comment that there is to make, beside its packet.
func TestAnnotatedCaptures(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	_, missing := exec.LookPath("tshark")
	if missing != nil {
		t.Log("tshark is not here: it does not read the comments")
	}
	commented := 0
	for name, args := range annotatedSamples(t) {
		out := filepath.Join(t.TempDir(), "out.pcapng")
		before, r := judgedJSON(t, append([]string{"--report", "pcapng=" + out}, args...)...)
		again := []string{out}
		if i := slices.Index(args, "--tls-keys"); i > 0 {
			again = append(again, args[i:]...)
		}
		if after, _ := judgedJSON(t, again...); !bytes.Equal(before, after) {
			t.Errorf("%s: annotated it is judged otherwise", name)
		}
		if missing != nil {
			continue
		}
		got := tsharkComments(t, out)
		c := comments.Of(r)
		for n := int64(1); n <= r.Capture.Packets; n++ {
			want := c.Packet(n)
			commented += len(want)
			if !slices.Equal(got[n], want) {
				t.Errorf("%s: packet %d: tshark reads %q, want %q", name, n, got[n], want)
			}
		}
		section, err := exec.Command("capinfos", "-k", out).Output()
		if err == nil && !strings.Contains(string(section), strings.SplitN(c.Summary(), "\n", 2)[0]) {
			t.Errorf("%s: capinfos reads %s", name, section)
		}
	}
	if missing == nil && commented < 10 {
		t.Errorf("%d comments in all", commented)
	}
}

// tsharkComments returns the comments that tshark reads, by packet.
func tsharkComments(t *testing.T, name string) map[int64][]string {
	t.Helper()
	out, err := exec.Command("tshark", "-n", "-r", name, "-T", "json", "-e", "frame.number", "-e", "frame.comment").Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []struct {
		Source struct {
			Layers struct {
				Number  []string `json:"frame.number"`
				Comment []string `json:"frame.comment"`
			}
		} `json:"_source"`
	}
	if err := json.Unmarshal(out, &list); err != nil {
		t.Fatal(err)
	}
	all := map[int64][]string{}
	for _, p := range list {
		n, err := strconv.ParseInt(strings.Join(p.Source.Layers.Number, ""), 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		all[n] = p.Source.Layers.Comment
	}
	return all
}
