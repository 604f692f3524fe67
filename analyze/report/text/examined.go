package text

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"tcpwarm/analyze/plural"
	"tcpwarm/analyze/report/examined"
	"tcpwarm/analyze/verdict"
)

// WriteExamined writes what came of many scenarios, for a person at a terminal: the outcome
// first, then a row for each, and what to do about those that failed.
func WriteExamined(w io.Writer, r *examined.Report, o Options) error {
	p := newPage(w, o.Width, o.Color)
	p.outcome(r)
	if r.Problem != "" {
		p.wrap("  !  ", 5, statement(r.Problem), mark{"  !  ", red})
	}
	p.judgedBy(r)
	p.line("")
	p.scenarios(r)
	p.remedies(r)
	p.remarks(r)
	return p.flush()
}

var outcomes = map[verdict.Outcome]struct {
	word  string
	style style
}{
	verdict.Passed:    {"PASS", green},
	verdict.Failed:    {"FAIL", red},
	verdict.Undecided: {"NOT KNOWN", yellow},
}

// outcome counts the verdicts.
func (p *page) outcome(r *examined.Report) {
	var parts []string
	for _, v := range []examined.Verdict{examined.Failed, examined.Passed, examined.NotKnown, examined.Declined, examined.LeftOut} {
		if n := r.Count(v); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, strings.ReplaceAll(string(v), "-", " ")))
		}
	}
	o := outcomes[r.Outcome]
	text := fmt.Sprintf("%s: %s.", plural.Count(int64(len(r.Rows)), "scenario"), strings.Join(parts, ", "))
	p.wrap(o.word+"   ", len(o.word)+3, text, mark{o.word, o.style})
}

func (p *page) judgedBy(r *examined.Report) {
	if r.Evidence == examined.OnTheWire {
		p.wrap("judged ", 7, "on the wire, by the packets")
		return
	}
	text := "by what the server saw: counts and closers, no packets"
	if r.Because != "" {
		text += " (" + statement(r.Because) + ")"
	}
	p.wrap("judged ", 7, text)
}

var rowStyles = map[examined.Verdict]style{examined.Failed: red, examined.NotKnown: yellow}

// scenarios writes the table.
func (p *page) scenarios(r *examined.Report) {
	wide := len("scenario")
	for _, w := range r.Rows {
		wide = max(wide, len(w.Scenario))
	}
	p.line(fmt.Sprintf("  %-*s  asked  opened  ideal  verdict    cause", wide, "scenario"))
	for _, w := range r.Rows {
		requests, connections, needed := fmt.Sprint(w.Requests), fmt.Sprint(w.Connections), w.NeededBounds().String()
		if w.Verdict == examined.LeftOut || w.Requests == 0 {
			requests, connections, needed = "-", "-", "-"
		}
		word := strings.ReplaceAll(string(w.Verdict), "-", " ")
		p.line(fmt.Sprintf("  %-*s  %5s  %6s  %5s  %-9s  %s", wide, name(w.Scenario), requests, connections, needed, word, name(w.Cause)),
			mark{word, rowStyles[w.Verdict]})
	}
}

// remedies says what to do about each cause, once, and where it was met.
func (p *page) remedies(r *examined.Report) {
	var causes []string
	for _, w := range r.Rows {
		if w.Cause != "" && !slices.Contains(causes, w.Cause) {
			causes = append(causes, w.Cause)
		}
	}
	if len(causes) == 0 {
		return
	}
	p.line("")
	title := "what to do"
	for _, w := range r.Rows {
		if w.Client != "" {
			title += "   (the client calls itself " + name(w.Client) + ")"
			break
		}
	}
	p.line(title)
	for _, cause := range causes {
		var where []string
		knob := "tcpwarm explain " + cause
		for _, w := range r.Rows {
			if w.Cause != cause {
				continue
			}
			where = append(where, name(w.Scenario))
			if w.Knob != "" {
				knob = statement(w.Knob)
			}
		}
		p.wrap(fmt.Sprintf("  %s  ", name(cause)), 4, fmt.Sprintf("%s   [%s]", knob, strings.Join(where, ", ")))
	}
}

// remarks gives the reasons of those that did not pass, each once, and the expectations that did
// not hold.
func (p *page) remarks(r *examined.Report) {
	var texts []string
	about := map[string][]string{}
	say := func(scenario, text string) {
		if about[text] == nil {
			texts = append(texts, text)
		}
		about[text] = append(about[text], name(scenario))
	}
	for _, w := range r.Rows {
		if w.Why != "" {
			say(w.Scenario, w.Why)
		}
		if w.About != "" {
			say(w.Scenario, w.About)
		}
		if w.Exit != 0 && w.Verdict == examined.Passed {
			say(w.Scenario, fmt.Sprintf("the command fetched all, and ended with exit code %d", w.Exit))
		}
		for _, e := range w.Expectations {
			if e.Held == nil || !*e.Held {
				say(w.Scenario, fmt.Sprintf("%s: measured %s", e.Text, e.Measured))
			}
		}
	}
	for i, text := range texts {
		if i == 0 {
			p.line("")
		}
		p.wrap("  ", 4, strings.Join(about[text], ", ")+": "+statement(text))
	}
}
