//go:build unix

package outfile

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// folder returns a folder, and a file elsewhere that must never be changed by what
// is done in the folder.
func folder(t *testing.T, shared bool) (dir, canary string) {
	t.Helper()
	dir, canary = t.TempDir(), filepath.Join(t.TempDir(), "canary")
	mode := os.FileMode(0o755)
	if shared {
		mode = 0o777 | os.ModeSticky
	}
	if err := os.Chmod(dir, mode); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(canary, []byte("canary"), 0o640); err != nil {
		t.Fatal(err)
	}
	return dir, canary
}

func unchanged(t *testing.T, canary string) {
	t.Helper()
	b, err := os.ReadFile(canary)
	st, serr := os.Lstat(canary)
	if err != nil || serr != nil || string(b) != "canary" || st.Mode() != 0o640 {
		t.Errorf("canary: %q, %v, %v, %v", b, st, err, serr)
	}
}

func publish(t *testing.T, name, text string, o Options) {
	t.Helper()
	f, err := Create(name, o)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Discard()
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Commit(); err != nil {
		t.Fatal(err)
	}
}

func holds(t *testing.T, name, want string) {
	t.Helper()
	if b, err := os.ReadFile(name); err != nil || string(b) != want {
		t.Errorf("%s: %q, %v; want %q", filepath.Base(name), b, err, want)
	}
}

// Where others may write, links are replaced, under both names.
func TestLinksOfOthersAreNotFollowed(t *testing.T) {
	for _, replace := range []bool{false, true} {
		dir, canary := folder(t, true)
		name := filepath.Join(dir, "out")
		for _, link := range []string{name, name + ".partial"} {
			if err := os.Symlink(canary, link); err != nil {
				t.Fatal(err)
			}
		}
		publish(t, name, "text", Options{0o600, replace})
		unchanged(t, canary)
		st, err := os.Lstat(name)
		if err != nil || st.Mode() != 0o600 {
			t.Errorf("replace %v: %v, %v", replace, st, err)
		}
		holds(t, name, "text")
		if left, _ := os.ReadDir(dir); len(left) != 1 {
			t.Errorf("replace %v: left %v", replace, left)
		}
	}
}

// A link that takes the file's place while it is written gets nothing, not even a
// new name.
func TestLinkPutThereMeanwhile(t *testing.T) {
	dir, canary := folder(t, true)
	name := filepath.Join(dir, "out")
	f, err := Create(name, Options{0o600, true})
	if err != nil {
		t.Fatal(err)
	}
	os.Remove(name + ".partial")
	os.Symlink(canary, name+".partial")
	f.WriteString("text")
	if err := f.Publish(); err == nil || !strings.Contains(err.Error(), "took it away") {
		t.Error(err)
	}
	f.Discard()
	unchanged(t, canary)
	if _, err := os.Lstat(name + ".partial"); err != nil {
		t.Errorf("what is not ours was taken away: %v", err)
	}
}

// The folder's name may be given to another folder.
func TestFolderIsHeld(t *testing.T) {
	dir, canary := folder(t, false)
	in := filepath.Join(dir, "in")
	os.Mkdir(in, 0o777)
	f, err := Create(filepath.Join(in, "canary"), Options{0o600, true})
	if err != nil {
		t.Fatal(err)
	}
	os.Rename(in, in+"2")
	os.Symlink(filepath.Dir(canary), in)
	f.WriteString("text")
	if err := f.Publish(); err != nil {
		t.Error(err)
	}
	f.Close()
	unchanged(t, canary)
	holds(t, filepath.Join(in+"2", "canary"), "text")
}

// In a folder of one's own a link is one's own wish; with Replace it is replaced
// all the same, and what a killed program left does not matter.
func TestOwnFolder(t *testing.T) {
	dir, _ := folder(t, false)
	target, link := filepath.Join(dir, "target"), filepath.Join(dir, "link")
	os.WriteFile(target, []byte("old and longer"), 0o640)
	os.Symlink("target", link)
	publish(t, link, "text", Options{0o644, false})
	holds(t, target, "text")
	if st, _ := os.Stat(target); st.Mode() != 0o640 {
		t.Errorf("mode %v of a file that was there", st.Mode())
	}
	os.WriteFile(link+".partial", []byte("rest"), 0o644)
	publish(t, link, "new", Options{0o600, true})
	holds(t, target, "text")
	holds(t, link, "new")
	if st, _ := os.Lstat(link); st.Mode() != 0o600 {
		t.Errorf("mode %v of a new file", st.Mode())
	}
	publish(t, "/dev/null", "text", Options{0o600, true})
	if st, err := os.Lstat("/dev/null"); err != nil || st.Mode()&os.ModeDevice == 0 {
		t.Errorf("/dev/null: %v, %v", st, err)
	}
}

// An error names the file as it was asked for.
func TestErrorsNameTheFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "absent", "out")
	if _, err := Create(name, Options{0o600, true}); err == nil || !strings.Contains(err.Error(), name+": no such file") {
		t.Error(err)
	}
}

func TestDiscardLeavesNothing(t *testing.T) {
	dir, _ := folder(t, false)
	f, err := Create(filepath.Join(dir, "out"), Options{0o600, true})
	if err != nil {
		t.Fatal(err)
	}
	f.Discard()
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("left %v", left)
	}
	for _, name := range []string{dir, dir + "/", filepath.Join(dir, "..")} {
		if f, err := Create(name, Options{0o600, true}); err == nil {
			t.Errorf("%s: created %s", name, f.Name())
		}
	}
}

// What was not written to its end is not there, and nothing of it is in a file that was there before.
func TestDiscardLeavesNoPart(t *testing.T) {
	for _, shared := range []bool{false, true} {
		for _, before := range []string{"nothing", "file", "link"} {
			dir, _ := folder(t, shared)
			name, target := filepath.Join(dir, "out"), filepath.Join(dir, "target")
			switch before {
			case "file":
				os.WriteFile(name, []byte("old"), 0o640)
			case "link":
				os.WriteFile(target, []byte("old"), 0o640)
				os.Symlink("target", name)
			}
			f, err := Create(name, Options{0o644, false})
			if err != nil {
				t.Fatal(err)
			}
			f.WriteString("a part")
			f.Discard()
			_, err = os.Lstat(name)
			b, _ := os.ReadFile(name)
			if there := err == nil; there != (before != "nothing") || there && string(b) != map[bool]string{true: "old"}[shared] {
				t.Errorf("shared %v, before %s: there %v, %q", shared, before, there, b)
			}
			publish(t, name, "whole", Options{0o644, false})
			holds(t, name, "whole")
		}
	}
}

// A FIFO takes what is written if it has a reader, and does not hang if it has none.
// One of somebody else's is refused where others may write.
func TestFIFO(t *testing.T) {
	for _, shared := range []bool{false, true} {
		dir, _ := folder(t, shared)
		name := filepath.Join(dir, "fifo")
		if err := syscall.Mkfifo(name, 0o600); err != nil {
			t.Skip("no FIFOs here:", err)
		}
		if _, err := Create(name, Options{0o600, true}); err == nil || !strings.Contains(err.Error(), "nobody reads") {
			t.Error(err)
		}
		r, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		r.SetReadDeadline(time.Now().Add(5 * time.Second))
		if os.Geteuid() == 0 {
			os.Lchown(name, 65534, 65534)
			f, err := Create(name, Options{0o600, true})
			if (err != nil) != shared {
				t.Errorf("shared %v: a FIFO of somebody else's: %v", shared, err)
			}
			if err == nil {
				f.Close()
			}
			os.Lchown(name, 0, 0)
		}
		publish(t, name, "text", Options{0o600, true})
		if b, err := io.ReadAll(r); err != nil || string(b) != "text" {
			t.Errorf("read %q, %v", b, err)
		}
	}
}

// What a Write has failed to is not whole: nothing follows the gap, and it gets no name.
func TestFailedWriteIsNotCommitted(t *testing.T) {
	for _, shared := range []bool{true, false} {
		dir, _ := folder(t, shared)
		name := filepath.Join(dir, "results")
		f, err := Create(name, Options{Perm: 0o600})
		if err != nil {
			t.Fatal(err)
		}
		real := f.File
		if f.File, err = os.Open(os.DevNull); err != nil { // which takes nothing, being opened for reading
			t.Fatal(err)
		}
		if _, err := f.Write([]byte("a")); err == nil {
			t.Fatal("written")
		}
		f.File.Close()
		f.File = real
		if n, err := f.Write([]byte("b")); n != 0 || err == nil {
			t.Errorf("%d bytes behind the gap, %v", n, err)
		}
		if err := f.Commit(); err == nil {
			t.Error("committed")
		}
		f.Discard()
		if left, err := os.ReadDir(dir); len(left) != 0 || err != nil {
			t.Errorf("left: %v %v", left, err)
		}
	}
}
