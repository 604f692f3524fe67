package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// shared returns the folder of captures with known truth, and a binary to hold
// against it.
func shared(t *testing.T) (dir, binary string) {
	dir = "../../../shared"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the captures with known truth are not here")
	}
	if _, err := exec.LookPath("python3"); err != nil {
		t.Skip("python3 is not here")
	}
	if testing.Short() {
		t.Skip("short")
	}
	binary, err := builtOnce()
	if err != nil {
		t.Fatal(err)
	}
	return dir, binary
}

// Every capture of real clients is as its server recorded it,
// with its pools and causes.
func TestAsServersRecorded(t *testing.T) {
	dir, binary := shared(t)
	truth := filepath.Join(dir, "truth/clients")
	out, err := exec.Command("python3", filepath.Join(truth, "judge.py"), binary, truth, "--pools", filepath.Join(truth, "pools.json")).CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// disputed are public captures of which something else is stated than tcpwarm says, and why it
// keeps to that.
var disputed = map[string]string{
	"zeek/tcp__reassembly.pcap": "bytes lack within the head of a request, as the client's own ACKs and " +
		"sequence numbers show: others count no request, tcpwarm counts the one that begins, and judges nothing",
	"zeek/modbus__modbus-and-non-modbus-p502.pcap": "a scanner sends a request 16 s after its own RST, and is " +
		"reset: RFC 9293 section 3.10.7.1 has the server discard it, so it is counted as late, not as a request",
}

// Every public capture holds, but for what is disputed.
func TestPublicCaptures(t *testing.T) {
	dir, binary := shared(t)
	corpus := filepath.Join(dir, "corpus")
	out, _ := exec.Command("python3", filepath.Join(corpus, "check.py"), binary, filepath.Join(corpus, "captures"), filepath.Join(corpus, "manifest.json")).CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var good, all int
	if _, err := fmt.Sscanf(lines[len(lines)-1], "%d of %d captures hold", &good, &all); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	met := 0
	for id := range disputed {
		if strings.Contains(string(out), id+" ") {
			met++
		}
	}
	if all == 0 || good+len(disputed) != all || met != len(disputed) || strings.Contains(string(out), "crash") {
		t.Errorf("%s", out)
	}
}

// What people met where nothing was there to judge, or nowhere to write.
func TestFieldCasesWithoutEvidence(t *testing.T) {
	dir, binary := shared(t)
	out, err := exec.Command("python3", filepath.Join(dir, "field/check.py"), binary, "-v", "noserver", "nofilter", "junitnoserver", "wdir").CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "4 of 4 ") {
		t.Errorf("%v\n%s", err, out)
	}
}
