package report

import (
	"fmt"
	"strings"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/verdict"
	"tcpwarm/capture/segment"
)

// Lack notes that something of what was asked for is missing: nothing passes with it.
func (r *Report) Lack(p segment.Problem) {
	r.Capture.Problems = append(r.Capture.Problems, Problem(p))
	r.Withdraw()
}

// Ran notes the command that was run. Of one that failed, nothing passes.
func (r *Report) Ran(c *Command) {
	if r.Command = c; c.Exit != 0 {
		r.Withdraw()
	}
}

// Withdraw takes back what has passed: the evidence is only a part. What has failed
// failed by what was seen, and stays.
func (r *Report) Withdraw() {
	if r.Outcome == verdict.Passed {
		r.Outcome = verdict.Undecided
	}
	for i := range r.Expectations {
		if e := &r.Expectations[i]; e.Held != nil && *e.Held {
			e.Held = nil
		}
	}
}

// Lacking returns the problems by which not all was done that was asked for.
func (c *Capture) Lacking() []Problem {
	var list []Problem
	for _, p := range c.Problems {
		if segment.Lacking(p.Kind) {
			list = append(list, p)
		}
	}
	return list
}

// mostNamed bounds how many protocols NotRead names.
const mostNamed = 5

// NotRead says by name what was met instead of TCP, or may hold it and is not read, and in
// how many packets; "" if there was nothing else.
func (c *Capture) NotRead() string {
	var all []string
	for _, p := range c.Problems {
		if p.Kind == segment.NotRead || p.Kind == segment.UnknownLinkType {
			all = append(all, plural.Count(p.Count, "packet")+": "+p.Text)
		}
	}
	for _, o := range c.Others {
		all = append(all, plural.Count(o.Packets, "packet")+": "+o.Protocol)
	}
	if n := len(all) - mostNamed; n > 0 {
		all = append(all[:mostNamed], plural.Count(int64(n), "protocol")+" more")
	}
	return strings.Join(all, "; ")
}

// says is a problem in words. One that ended the reading is a sentence; of dropped
// packets there is a number.
func (p *Problem) says() string {
	if p.Count == 1 && p.Kind != segment.KernelDropped {
		return p.Text
	}
	return fmt.Sprintf("%s: %d: %s", p.Kind, p.Count, p.Text)
}

// Failed says what became of a command that failed, "" of another.
func (c *Command) Failed() string {
	switch {
	case c == nil || c.Exit == 0:
		return ""
	case c.Error != "":
		return "the command could not be started: " + c.Error
	case c.Signal != "":
		return "the command failed: " + c.Signal
	}
	return fmt.Sprintf("the command failed: exit code %d", c.Exit)
}

// A Setback is a reason, beside the expectations, why a report is no pass.
type Setback struct{ Name, Text string }

// Setbacks returns what has left the evidence a part: problems, then a command that failed.
func (r *Report) Setbacks() []Setback {
	var all []Setback
	for _, p := range r.Capture.Lacking() {
		all = append(all, Setback{p.Kind, p.says()})
	}
	if text := r.Command.Failed(); text != "" {
		all = append(all, Setback{"command", text})
	}
	return all
}
