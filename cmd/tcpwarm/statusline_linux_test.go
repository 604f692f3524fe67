package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"tcpwarm/analyze/report/printable"
)

// pseudoTerminal opens one of so many columns: what is written to the second comes out of the first.
func pseudoTerminal(t *testing.T, columns uint16) (ours, theirs *os.File) {
	t.Helper()
	ours, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { ours.Close() })
	if err := unix.IoctlSetPointerInt(int(ours.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(ours.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { theirs.Close() })
	if err := unix.IoctlSetWinsize(int(theirs.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns}); err != nil {
		t.Fatal(err)
	}
	return ours, theirs
}

// On a terminal a line says how a capture stands, and never wraps; where the lines go elsewhere, one comes every so
// often.
func TestStandingOnATerminal(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for _, columns := range []uint16{40, 80, 200} {
		ours, theirs := pseudoTerminal(t, columns)
		cmd := exec.Command(binary, "capture", "-i", "lo", "--duration", "2500ms", "--every", "700ms")
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, theirs
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		theirs.Close()
		shown := make(chan string, 1)
		go func() {
			b, _ := io.ReadAll(ours) // ends with an error when the other side is closed
			shown <- string(b)
		}()
		time.Sleep(300 * time.Millisecond)
		client := exec.Command(self)
		client.Env = append(os.Environ(), "TCPWARM_SCENARIO=client each")
		if err := client.Run(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		screen := <-shown
		_, status, _ := strings.Cut(screen, "listening on lo\r\n")
		drawn := 0
		for part := range strings.SplitSeq(strings.ReplaceAll(status, "\r\n", "\r"), "\r") {
			if printable.Columns(part) > int(columns)-1 && strings.Contains(part, "request") {
				t.Errorf("%d columns: %q", columns, part)
			}
			if strings.HasPrefix(part, "4 requests on 4 connections, 3 too man") {
				drawn++
			}
		}
		if drawn == 0 || !strings.Contains(screen, "no request so far") || !strings.Contains(screen, " packets captured\r\n") {
			t.Errorf("%d columns: %q", columns, screen)
		}
		if n := strings.Count(out.String(), "4 requests on 4 connections, 3 too many   "); n < 1 || n > 4 {
			t.Errorf("%d lines of how all stands in\n%s", n, &out)
		}
	}
}
