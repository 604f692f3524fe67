package main

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The limits that README names are those that the program has.
func TestREADMELimits(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	words := strings.Join(strings.Fields(string(readme)), " ")
	for _, x := range []struct {
		says string // in README, a number in brackets
		file string
		is   string // there, likewise
	}{
		{`takes (\d+) MiB at most \(.--memory.\)`, "analyze/engine/limits.go", `const DefaultMemory = (\d+) << 20`},
		{`At most ([\d ]+) closed connections`, "analyze/engine/limits.go", `set\(&l\.KeptConnections, ([\d_]+)\)`},
		{`closed connections, ([\d ]+) transactions`, "analyze/engine/limits.go", `set\(&l\.KeptTransactions, ([\d_]+)\)`},
		{`and about ([\d ]+) pools are kept in full`, "analyze/engine/limits.go", `set\(&l\.KeptPools, ([\d_]+)\)`},
		{`which draws few: (\d+) and [\d ]+\)`, "cmd/tcpwarm/analyze.go", `textConnections += ([\d_]+)`},
		{`which draws few: \d+ and ([\d ]+)\)`, "cmd/tcpwarm/analyze.go", `textTransactions += ([\d_]+)`},
		{`those of the latest ([\d ]+) connections are kept`, "analyze/app/tls/keys.go", `const mostKept = ([\d_]+)`},
		{`PROXY protocol; up to (\d+) at one address`, "analyze/pool/identity.go", `const maxIdentities = ([\d_]+)`},
		{`(\d+) kB in each of \d+ shards`, "analyze/conn/recent.go", `maxRecentBytes += (\d+) << 10`},
		{`\d+ kB in each of (\d+) shards`, "analyze/engine/shard.go", `const shards = (\d+)`},
		{`put together, within (\d+) MiB`, "capture/fragment.go", `mostFragmentBytes = (\d+) << 20`},
		{`Teredo, up to (\d+) headers deep`, "capture/link.go", `const maxLayers = (\d+)`},
		{`waits for it, for (\d+) ms at most`, "analyze/stream/stream.go", `const Grace = (\d+) \* time\.Millisecond`},
		{`It draws at most (\d+) connections`, "analyze/report/html/lane.go", `mostLanes += (\d+)`},
		{`the windows of the (\d+) directions`, "analyze/report/html/series.go", `const mostSeries = (\d+)`},
		{`time-sequence graphs of the (\d+) connections`, "analyze/report/html/sequence.go", `mostSequences = (\d+)`},
		{`instead of the worst (\d+)\.`, "analyze/report/html/view.go", `mostPools += (\d+)`},
	} {
		b, err := os.ReadFile("../../" + x.file)
		if err != nil {
			t.Fatal(err)
		}
		if says, is := number(t, words, x.says), number(t, string(b), x.is); says != is {
			t.Errorf("README: %s says %d, in %s it is %d", x.says, says, x.file, is)
		}
	}
}

// number returns the number that a pattern finds in a text, just once.
func number(t *testing.T, text, pattern string) int {
	t.Helper()
	all := regexp.MustCompile(pattern).FindAllStringSubmatch(text, -1)
	if len(all) != 1 {
		t.Errorf("%s is found %d times", pattern, len(all))
		return -1
	}
	n, err := strconv.Atoi(strings.NewReplacer(" ", "", "_", "").Replace(all[0][1]))
	if err != nil {
		t.Error(err)
	}
	return n
}
