package capture

import (
	"os"
	"slices"

	"tcpwarm/capture/segment"
)

// inOrder returns the names of captures in order of their first packets, so that the parts of
// one that a shell lists in another order follow each other, and how many were given before
// an earlier one. What has no packet keeps its place behind the one before it. Nothing is
// changed where one of them is no file that can be read twice.
func inOrder(names []string) (sorted []string, later int64) {
	if len(names) < 2 {
		return names, 0
	}
	type part struct {
		name  string
		first segment.Time
	}
	all := make([]part, len(names))
	for i, name := range names {
		if st, err := os.Stat(name); name == "-" || err != nil || !st.Mode().IsRegular() {
			return names, 0
		}
		first, ok := firstTime(name)
		if !ok && i > 0 {
			first = all[i-1].first
		}
		all[i] = part{name, first}
		if i > 0 && first < all[i-1].first {
			later++
		}
	}
	slices.SortStableFunc(all, func(a, b part) int {
		switch {
		case a.first < b.first:
			return -1
		case a.first > b.first:
			return 1
		}
		return 0
	})
	sorted = make([]string, len(all))
	for i, p := range all {
		sorted[i] = p.name
	}
	return sorted, later
}

// mostLooked bounds how far into a file a packet's time is looked for.
const mostLooked = 1 << 20

// firstTime returns the time of a capture's first packet. It is not ok if there is none near
// its beginning, or the file cannot be read: that is said when its turn comes.
func firstTime(name string) (at segment.Time, ok bool) {
	f, err := os.Open(name)
	if err != nil {
		return 0, false
	}
	defer f.Close()
	r := newReader(nil)
	if r.start(f) != nil {
		return 0, false
	}
	b := make([]byte, 0, readSize)
	for used := 0; ; {
		n, err := r.format.record(b[used:], &r.packet)
		if err != nil || n > mostLooked {
			return 0, false
		}
		if n <= len(b)-used {
			used += n
			if !r.packet.none {
				return r.packet.time, r.packet.timed
			}
			continue
		}
		b = slices.Grow(b, max(readSize, n))
		got, err := r.read(b[len(b):cap(b)])
		if b = b[:len(b)+got]; err != nil || len(b) > mostLooked {
			return 0, false
		}
	}
}
