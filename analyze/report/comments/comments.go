// Package comments says beside the packets of a capture what a report rests on them for: each packet
// that a finding names or that an opening is blamed by has a sentence, and the whole has a summary. Where
// they are written to is another's business: they are text, fit to be shown.
package comments

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
	"tcpwarm/analyze/report/text"
	"tcpwarm/analyze/verdict/explain"
)

// First is what each comment begins with, so that a filter finds them.
const First = "tcpwarm"

// Bounds of what is shown.
const (
	mostStated   = 600 // columns of a statement: it may have a name of any length in it
	summaryWidth = 100 // columns of a line
	summaryPools = 10
)

// Comments are those of a report.
type Comments struct {
	summary string
	rest    []rest // in order of packets
}

// A rest is a packet that something in the report rests on: one of the two.
type rest struct {
	packet  int64
	opening *report.Connection
	finding *report.Finding
}

// Of returns the comments that r gives rise to. They are put into words when they are asked for.
func Of(r *report.Report) *Comments {
	c := &Comments{summary: summary(r)}
	other := map[int64]bool{}
	for _, p := range r.Pools {
		other[p.ID] = p.Other
	}
	for _, conn := range r.Connections {
		if b := conn.OpenedBecause; b != nil && !other[conn.Pool] && !conn.Other {
			c.add(conn)
		}
	}
	for _, p := range r.WorstFirst() {
		for _, conn := range p.Opened(nil) {
			c.add(conn)
		}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		for _, packet := range f.Packets {
			c.rest = append(c.rest, rest{packet: packet, finding: f})
		}
	}
	slices.SortStableFunc(c.rest, func(a, b rest) int { return cmp.Compare(a.packet, b.packet) })
	return c
}

// add has an opening's packets be commented on, if somebody could change that it was needed.
func (c *Comments) add(conn *report.Connection) {
	if !explain.Actionable(conn.OpenedBecause.Cause) {
		return
	}
	for _, packet := range conn.OpenedBecause.Packets {
		c.rest = append(c.rest, rest{packet: packet, opening: conn})
	}
}

// Summary is what there is to say of all of it.
func (c *Comments) Summary() string { return c.summary }

// Packet returns what is to be said of a packet, nothing of most.
func (c *Comments) Packet(packet int64) (list []string) {
	i, _ := slices.BinarySearchFunc(c.rest, packet, func(r rest, n int64) int { return cmp.Compare(r.packet, n) })
	for ; i < len(c.rest) && c.rest[i].packet == packet; i++ {
		if s := c.rest[i].words(); !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// words says what rests on the packet.
func (r *rest) words() string {
	if f := r.finding; f != nil {
		return head(f.ID, string(f.Confidence)) + statement(f.Title) + ": " + statement(f.Text) + refuted(f.RefutedBy)
	}
	b := r.opening.OpenedBecause
	start := head(string(b.Cause), string(b.Confidence))
	because := explain.Because(b.Cause, b.InsteadOf)
	if r.packet == b.Packets[0] {
		return fmt.Sprintf("%s#%d was opened here because %s: %s%s",
			start, r.opening.ID, because, statement(b.Text), refuted(b.RefutedBy))
	}
	return fmt.Sprintf("%s#%d was opened in packet %d because %s, as this packet shows",
		start, r.opening.ID, b.Packets[0], because)
}

// head is "tcpwarm missed (certain): ".
func head(id, confidence string) string {
	s := First + " " + printable.Clean(id)
	if confidence != "" {
		s += " (" + printable.Clean(confidence) + ")"
	}
	return s + ": "
}

func refuted(by string) string {
	if by == "" {
		return "."
	}
	return ". Refuted if: " + strings.TrimSuffix(statement(by), ".") + "."
}

// statement makes a sentence fit to be shown that may have a name from a packet in it.
func statement(s string) string { return printable.Cut(printable.Clean(s), mostStated) }

// summary is what text says first, and how the comments are found.
func summary(r *report.Report) string {
	var b strings.Builder
	b.WriteString(First + ": ")
	text.WriteSummary(&b, r, text.Options{Width: summaryWidth, Limit: summaryPools}) // to a string: it does not fail
	b.WriteString("\nPackets that this rests on have comments: frame.comment contains \"" + First + "\"")
	return b.String()
}
