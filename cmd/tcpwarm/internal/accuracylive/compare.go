package main

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
)

// A line is what a series says of a half at an instant: an estimate, or the kernel's answer.
type line struct {
	at     float64
	half   string
	kernel bool
	window float64 // bytes, 0: not known
	basis  string
}

// readSeries reads the lines of a series that tell of a window.
func readSeries(r io.Reader) ([]line, error) {
	all, err := csv.NewReader(r).ReadAll()
	if err != nil || len(all) == 0 {
		return nil, fmt.Errorf("the series cannot be read: %w", err)
	}
	column := map[string]int{}
	for i, name := range all[0] {
		column[name] = i
	}
	var lines []line
	for _, cells := range all[1:] {
		cell := func(name string) string { return cells[column[name]] }
		event := cell("event")
		if event != "window" && event != "kernel" {
			continue
		}
		at, err := strconv.ParseFloat(cell("time_epoch_s"), 64)
		if err != nil {
			return nil, fmt.Errorf("the series cannot be read: %w", err)
		}
		window, _ := strconv.ParseFloat(cell("cwnd_bytes"), 64) // an empty cell: not known
		half := cell("connection") + " " + cell("src") + " " + cell("sport")
		lines = append(lines, line{at, half, event == "kernel", window, cell("basis")})
	}
	return lines, nil
}

// A deviation of an estimate is how far it was from the kernel's window, in parts of that.
type deviation struct {
	by    float64
	basis string
}

// deviations compares each of the kernel's answers with the estimate in force then.
func deviations(lines []line) (list []deviation) {
	slices.SortStableFunc(lines, func(a, b line) int {
		switch {
		case a.at < b.at:
			return -1
		case a.at > b.at:
			return 1
		}
		return 0
	})
	latest := map[string]line{}
	for _, l := range lines {
		switch e, known := latest[l.half]; {
		case !l.kernel:
			latest[l.half] = l
		case known && e.window > 0 && l.window > 0:
			list = append(list, deviation{(e.window - l.window) / l.window, e.basis})
		}
	}
	return list
}

// show prints what deviations come to, in all and by basis.
func show(w io.Writer, list []deviation) {
	fmt.Fprintf(w, "%-10s %8s %12s %8s %8s\n", "basis", "answers", "within 10 %", "median", "p90")
	for _, basis := range []string{"all", "observed", "inferred", "assumed"} {
		var off []float64
		near := 0
		for _, d := range list {
			if basis == "all" || basis == d.basis {
				if off = append(off, math.Abs(d.by)); math.Abs(d.by) <= 0.1 {
					near++
				}
			}
		}
		if len(off) == 0 {
			continue
		}
		slices.Sort(off)
		fmt.Fprintf(w, "%-10s %8d %10.1f %% %6.1f %% %6.1f %%\n", basis, len(off), 100*float64(near)/float64(len(off)),
			100*off[len(off)/2], 100*off[(len(off)-1)*9/10])
	}
}
