package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
)

// What hugePages has advised the system about stays the heap's.
func TestHugePages(t *testing.T) {
	if _, err := os.Stat("/sys/kernel/mm/transparent_hugepage"); err != nil {
		t.Skip("this kernel has no transparent huge pages")
	}
	before := advised(t)
	hugePages()
	if n := advised(t) - before; n < hugeHeap>>10 {
		t.Errorf("%d kB more are advised about, want %d", n, hugeHeap>>10)
	}
}

// Where the system refuses so much memory the program goes on without.
func TestHugePagesRefused(t *testing.T) {
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_DATA, &before); err != nil {
		t.Fatal(err)
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	_, data, _ := strings.Cut(string(status), "VmData:")
	used := uint64(0)
	if _, err := fmt.Sscan(data, &used); err != nil {
		t.Fatal(err)
	}
	was := advised(t)
	few := before
	few.Cur = used<<10 + hugeHeap/2
	if err := syscall.Setrlimit(syscall.RLIMIT_DATA, &few); err != nil {
		t.Skip(err)
	}
	defer syscall.Setrlimit(syscall.RLIMIT_DATA, &before)
	hugePages()
	if n := advised(t) - was; n > 0 {
		t.Errorf("%d kB were had where they are refused", n)
	}
}

// advised returns how much of this process's memory asks for huge pages, in kB.
func advised(t *testing.T) (sum int64) {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	size := int64(0)
	for s := bufio.NewScanner(f); s.Scan(); {
		fmt.Sscanf(s.Text(), "Size: %d kB", &size)
		if flags, ok := strings.CutPrefix(s.Text(), "VmFlags:"); ok && strings.Contains(flags, " hg") {
			sum += size
		}
	}
	return sum
}
