package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"
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
