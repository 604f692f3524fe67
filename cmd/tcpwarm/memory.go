package main

import (
	"fmt"
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"tcpwarm/analyze"
)

// memorySize is a flag that takes a number of bytes, as GOMEMLIMIT does.
type memorySize int64

// leastMemory is the least that an analysis can do with.
const leastMemory = 16 << 20

// besideMemory is what the process takes beside what an analysis is permitted: blocks of the
// file, rings, and what is not swept yet. With less the garbage collector, which must then
// stay below the limit, would run all the time.
const besideMemory = 96 << 20

var memoryUnits = []struct {
	name string
	size int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40}, {"B", 1}, {"", 1}}

// String returns the value in the largest unit that divides it.
func (m *memorySize) String() string {
	for i := 3; i >= 0; i-- {
		if u := memoryUnits[i]; *m > 0 && int64(*m)%u.size == 0 {
			return strconv.FormatInt(int64(*m)/u.size, 10) + u.name
		}
	}
	return strconv.FormatInt(int64(*m), 10)
}

// Type names the flag's values in help.
func (m *memorySize) Type() string { return "size" }

// Set takes a number with a unit: B, KiB, MiB, GiB or TiB; without one it is bytes.
func (m *memorySize) Set(s string) error {
	for _, u := range memoryUnits {
		digits, ok := strings.CutSuffix(s, u.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(digits, 10, 64)
		if err != nil || n <= 0 || n > math.MaxInt64/u.size {
			return fmt.Errorf("must be a size like 256MiB")
		}
		if n*u.size < leastMemory {
			return fmt.Errorf("must be 16MiB or more")
		}
		*m = memorySize(n * u.size)
		return nil
	}
	return nil // the last unit is none
}

var _ pflag.Value = (*memorySize)(nil)

// memoryFlag adds --memory to f.
func (m *memorySize) flag(f *pflag.FlagSet) {
	*m = analyze.DefaultMemory
	f.Var(m, "memory", "bytes that what is known of connections may take; beyond it those idle longest are given up, and counted")
}

// obey has the garbage collector hold the process near what m permits, whatever is not
// counted. GOMEMLIMIT overrides it.
func (m memorySize) obey() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(int64(m) + besideMemory)
	}
}
