package text

import (
	"tcpwarm/analyze/report"
	"tcpwarm/analyze/report/printable"
)

// Content is what Write tells, in its words but not yet in lines: for writers whose page is no
// terminal. Strings are fit to be shown, but for those of the report itself.
type Content struct {
	Word         string // the verdict, or the outcome: NOT REUSED, PASS
	Tone         Tone   // of the word
	Sentence     string
	Sources      []string // what was read
	Setbacks     []string // why what follows is not the whole
	Expectations []report.Expectation
	Several      bool   // there is more than one pool
	Count        int64  // of all pools, those included of which there are only sums
	Tally        string // how many pools have which verdict
	Clients      bool   // the pools are of more than one client
	Agent        string // what the client calls itself, where Help is for one
	Help         []*Help
	Pools        []PoolContent // the worst first
	Notices      []Notice      // of no pool
	Seen         []string
	Notes        []string
	Until        report.Instant // when the capture ended, 0: not known, or not all connections were followed to there
}

// PoolContent is what is told of a pool.
type PoolContent struct {
	*report.Pool
	Kept          []*report.Connection // its connections, but those of which there are only sums
	Label         string               // of its verdict
	Tone          Tone                 // of the verdict
	Destination   string
	Whose         string // its client
	Circumstances []string
	Identity      []string
	Facts         []Fact
	Why           string             // "-" if nothing is the matter
	First         *report.Connection // that was blamed, nil if none was, or none is kept
	Request       string             // that First was opened for, "" if it was not read
	Enough        string             // how many idle connections would have done, "" if that is no question
	Margin        string             // how close reuse came to the server's idle timeout, "" if that is not known
	Reasons       []Reason
	Notices       []Notice
}

// A Tone is what a word's colour says: good, bad, warn or plain.
type Tone string

func toneOf(st style) Tone {
	switch st {
	case green:
		return "good"
	case red:
		return "bad"
	case yellow:
		return "warn"
	}
	return "plain"
}

// ContentOf returns what is told of r, of all its pools.
func ContentOf(r *report.Report) *Content {
	x, pools := newIndex(r), r.WorstFirst()
	word, st := headline(r)
	c := &Content{Word: word, Tone: toneOf(st), Sentence: sentence(r), Sources: sources(r),
		Several: several(r), Count: poolCount(r), Clients: len(pools) > 0 && manyClients(pools), Notices: notices(x.findings[0], x),
		Seen: seenOf(r), Notes: notes(&r.Capture), Until: x.until}
	for _, s := range r.Setbacks() {
		c.Setbacks = append(c.Setbacks, statement(s.Text))
	}
	for _, e := range r.Expectations {
		e.Text, e.Measured, e.Note = name(e.Text), statement(e.Measured), statement(e.Note)
		c.Expectations = append(c.Expectations, e)
	}
	if c.Several {
		c.Tally = tally(r)
		c.Help, c.Agent = helps(troubled(pools), x)
	}
	for _, pl := range pools {
		c.Pools = append(c.Pools, x.content(pl))
	}
	return c
}

func (x *index) content(pl *report.Pool) PoolContent {
	kept := x.connections[pl.ID]
	opened, st := pl.Opened(kept), verdictStyle(pl.Verdict)
	c := PoolContent{Pool: pl, Kept: kept, Label: label(pl.Verdict), Tone: toneOf(st),
		Destination: pl.Authority().Label(name), Whose: x.client(pl), Circumstances: x.circumstances(pl, kept),
		Identity: identity(pl), Facts: facts(pl), Why: whyBad(pl), First: firstBlamed(pl, opened), Margin: marginOf(pl),
		Reasons: reasonsOf(opened, pl.Causes, x.about[pl.ID], advice{pl.UserAgent, x.vantage}),
		Notices: notices(x.findings[pl.ID], x)}
	if len(troubled([]*report.Pool{pl})) == 0 {
		c.Why, c.First = "-", nil
	}
	if c.First != nil {
		c.Request = RequestOf(c.First)
	}
	if pl.Avoidable > 0 && len(pl.Curve) > 1 {
		c.Enough = enough(pl)
	}
	return c
}

// RequestOf is the method and target of the first request on c, fit to be shown among other things,
// "" if none was read.
func RequestOf(c *report.Connection) string { return requestOf(c, mostTarget) }

// Name makes a name from a packet fit to stand inside a line.
func Name(s string) string { return name(s) }

// Statement makes a sentence that may have a name from a packet in it fit to be shown.
func Statement(s string) string { return statement(s) }

// Target makes a request's target fit to be shown where there is room for it.
func Target(s string) string { return printable.Cut(printable.Clean(s), mostStated) }
