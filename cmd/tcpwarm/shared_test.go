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
	binary = filepath.Join(t.TempDir(), "tcpwarm")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
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

// wantPublic is how many of the public captures hold. Raise it, never lower it.
const wantPublic = 190

func TestPublicCaptures(t *testing.T) {
	dir, binary := shared(t)
	corpus := filepath.Join(dir, "corpus")
	out, _ := exec.Command("python3", filepath.Join(corpus, "check.py"), binary, filepath.Join(corpus, "captures"), filepath.Join(corpus, "manifest.json")).CombinedOutput()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	var good, all int
	if _, err := fmt.Sscanf(lines[len(lines)-1], "%d of %d captures hold", &good, &all); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if good < wantPublic || strings.Contains(string(out), "crash") {
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
