package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"tcpwarm/analyze/report"
)

// The filters of a page show in tshark what they stand beside.
func TestPageFiltersInTshark(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark is not here")
	}
	if testing.Short() {
		t.Skip("short")
	}
	path := filepath.Join(t.TempDir(), "page.html")
	var r report.Report
	if err := json.Unmarshal([]byte(analyzedFile(t, sample, "--format", "json", "--report", "html="+path)), &r); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	page, err := html.Parse(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	shown := func(filter string) string {
		out, err := exec.Command("tshark", "-r", sample, "-Y", filter, "-T", "fields", "-e", "frame.number").CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v %s", filter, err, out)
		}
		var numbers []string
		for _, word := range strings.Fields(string(out)) {
			if _, err := strconv.Atoi(word); err == nil { // else a warning about root
				numbers = append(numbers, word)
			}
		}
		return strings.Join(numbers, " ")
	}
	evidence := slices.Sorted(slices.Values(r.Connections[1].OpenedBecause.Packets))
	want := map[string]bool{fmt.Sprint(evidence): true} // what is not seen yet
	var data struct {
		Pools []struct {
			Lanes []struct{ I, Q any }
		}
	}
	for n := range page.Descendants() {
		switch {
		case n.Type != html.TextNode:
		case n.Parent.Data == "code" && len(n.Parent.Attr) > 0:
			delete(want, "["+shown(n.Data)+"]")
		case n.Parent.Data == "script" && strings.HasPrefix(n.Data, "{"):
			if err := json.Unmarshal([]byte(n.Data), &data); err != nil {
				t.Fatal(err)
			}
		}
	}
	if len(want) > 0 {
		t.Errorf("no filter shows the packets %v", want)
	}
	for i, l := range data.Pools[0].Lanes {
		c := r.Connections[i]
		if got := int64(len(strings.Fields(shown(l.Q.(string))))); got != c.ClientToServer.Packets+c.ServerToClient.Packets {
			t.Errorf("#%d: %s shows %d packets", c.ID, l.Q, got)
		}
	}
}

// analyzedFile returns what is written of a saved capture.
func analyzedFile(t *testing.T, path string, flags ...string) string {
	var out, errs bytes.Buffer
	if code := run(t.Context(), append(append([]string{"analyze"}, flags...), path), nil, &out, &errs); code != 0 {
		t.Fatalf("%v: exit code %d: %s", flags, code, errs.String())
	}
	return out.String()
}
