//go:build unix

package capture

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"tcpwarm/capture/assigned"
	"tcpwarm/capture/segment"
)

// A set of rotated files follows no link that others have put there, and stays in
// the folder that it was begun in.
func TestRotationFollowsNoLink(t *testing.T) {
	dir, canary := t.TempDir(), filepath.Join(t.TempDir(), "out1")
	if err := os.WriteFile(canary, []byte("canary"), 0o644); err != nil {
		t.Fatal(err)
	}
	shared := filepath.Join(dir, "shared")
	if err := os.Mkdir(shared, 0o777); err != nil {
		t.Fatal(err)
	}
	os.Chmod(shared, 0o777) // whatever the umask
	for _, name := range []string{"out", "out.partial", "out1", "out1.partial", "out2.partial"} {
		os.Symlink(canary, filepath.Join(shared, name))
	}
	w := NewWriter(WriteOptions{Name: filepath.Join(shared, "out"), Bytes: 100})
	for i := range 9 {
		f := &Frame{Data: make([]byte, 60), Wire: 60, Link: assigned.LinkEthernet, Time: segment.Time(int64(i) * int64(time.Second))}
		if err := w.Write(f); err != nil {
			t.Fatal(err)
		}
		if i == 2 {
			os.Rename(shared, shared+" moved")
			os.Symlink(filepath.Dir(canary), shared)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"out", "out1", "out2", "out3", "out4"} {
		st, err := os.Lstat(filepath.Join(shared+" moved", name))
		if err != nil || !st.Mode().IsRegular() {
			t.Errorf("%s: %v, %v", name, st, err)
		}
	}
	if b, err := os.ReadFile(canary); err != nil || string(b) != "canary" {
		t.Errorf("canary: %q, %v", b, err)
	}
	if left, _ := os.ReadDir(filepath.Dir(canary)); len(left) != 1 {
		t.Errorf("left beside the canary: %v", left)
	}
}
