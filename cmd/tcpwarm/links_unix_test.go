//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
)

// A report follows no link in a folder where others may write, and takes nobody
// else's file to write to; in a folder of one's own it does.
func TestReportsFollowNobodyElsesLinks(t *testing.T) {
	for _, shared := range []bool{true, false} {
		dir, own := t.TempDir(), t.TempDir()
		if shared {
			os.Chmod(dir, 0o777|os.ModeSticky)
		} else {
			os.Chmod(dir, 0o755) // whatever the umask
		}
		canary := filepath.Join(own, "canary")
		if err := os.WriteFile(canary, []byte("canary"), 0o640); err != nil {
			t.Fatal(err)
		}
		name := filepath.Join(dir, "out")
		for _, args := range [][]string{{"--report", "json=" + name}, {"--series", name}} {
			os.Remove(name)
			if err := os.Symlink(canary, name); err != nil {
				t.Fatal(err)
			}
			var out, errs bytes.Buffer
			args = append([]string{"analyze", "../../pcaps/node-shared-agent.pcap"}, args...)
			if code := run(context.Background(), args, nil, &out, &errs); code != exitOK {
				t.Fatalf("%v: exit code %d, %s", args, code, errs.String())
			}
			b, err := os.ReadFile(canary)
			if err != nil || (string(b) == "canary") != shared {
				t.Errorf("shared %v, %v: the link's target has %.40q, %v", shared, args[2:], b, err)
			}
			if st, err := os.Stat(name); err != nil || st.Size() < 100 {
				t.Errorf("shared %v, %v: %v, %v", shared, args[2:], st, err)
			}
			os.WriteFile(canary, []byte("canary"), 0o640)
		}
	}
}
