package jsonreport

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"tcpwarm/analyze/report"
)

// Read reads a report that Write has written.
func Read(r io.Reader) (*report.Report, error) {
	var rep report.Report
	if err := json.NewDecoder(r).Decode(&rep); err != nil {
		return nil, err
	}
	if rep.Schema != report.Schema {
		return nil, fmt.Errorf("schema %q, not %q", rep.Schema, report.Schema)
	}
	// The schema has them in each report: without, it is none, and nothing may be said of it.
	if rep.Connections == nil && rep.Pools == nil {
		return nil, errors.New("the report has neither connections nor pools: it is not whole")
	}
	whole(&rep)
	return &rep, nil
}

// usualSegment is what a segment carries on most paths: Ethernet's, with timestamps.
const usualSegment = 1448

// mostParts is how many values are taken of how a window went: more than any report of ours has, and no
// more than a line shows.
const mostParts = 128

// thin leaves out some of list, if it is long, all over it.
func thin(list []int64) []int64 {
	if len(list) <= mostParts {
		return list
	}
	few := make([]int64, mostParts)
	for i := range few {
		few[i] = list[i*len(list)/mostParts]
	}
	return few
}

// whole sees to what writers count on, and another's JSON, or that of an earlier version, may lack.
func whole(r *report.Report) {
	r.Pools = slices.DeleteFunc(r.Pools, func(p *report.Pool) bool { return p == nil })
	r.Connections = slices.DeleteFunc(r.Connections, func(c *report.Connection) bool { return c == nil })
	for _, c := range r.Connections {
		segment := int64(usualSegment)
		for _, w := range []*report.HalfWindow{c.ClientToServer.Window, c.ServerToClient.Window} {
			if w == nil {
				continue
			}
			if w.Segment <= 0 {
				w.Segment = max(1, w.Initial/max(1, w.InitialSegments))
			}
			segment = w.Segment // in the end the server's, who sends most
			w.Growth, w.Phases = thin(w.Growth), w.Phases[:min(mostParts, len(w.Phases))]
		}
		for _, w := range []*report.KernelWindow{c.ClientToServer.KernelWindow, c.ServerToClient.KernelWindow} {
			if w != nil && w.Segment <= 0 {
				w.Segment = segment
			}
		}
		lists := []*[]*report.Transaction{&c.Transactions}
		if c.Tunnel != nil {
			lists = append(lists, &c.Tunnel.Transactions)
		}
		for _, list := range lists {
			*list = slices.DeleteFunc(*list, func(t *report.Transaction) bool { return t == nil })
			for _, t := range *list {
				if t.WindowAtStart != nil && t.WindowAtStart.Segment <= 0 {
					t.WindowAtStart.Segment = segment
				}
			}
		}
	}
}
