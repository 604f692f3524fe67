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

// An Examined is what a person is told of a client that was examined with many scenarios. Its
// texts are fit to be shown.
type Examined struct {
	Word      string // the outcome
	Tone      Tone
	Sentence  string // how many scenarios have which verdict
	Problem   string // what kept it from coming to its end, "" if nothing did
	Evidence  string // what the verdicts rest on, after "judged"
	Client    string // what it calls itself, "" if nothing
	Scenarios []ExaminedScenario
	Remedies  []ExaminedRemedy // for each cause, as met first
	Remarks   []ExaminedRemark
}

// An ExaminedScenario is a row of the table.
type ExaminedScenario struct {
	Name                 string
	Asked, Opened, Ideal string // requests and connections, "-" where none was asked
	Word                 string // the verdict
	Tone                 Tone
	Cause                string
}

// An ExaminedRemedy is what to do about a cause.
type ExaminedRemedy struct {
	Cause, Text string
	Scenarios   []string // in which it was met
}

// An ExaminedRemark is why scenarios did not pass, or which expectation did not hold.
type ExaminedRemark struct {
	Scenarios []string
	Text      string
}

// ExaminedOf returns what a person is told of r.
func ExaminedOf(r *examined.Report) *Examined {
	o := outcomes[r.Outcome]
	x := &Examined{Word: o.word, Tone: toneOf(o.style), Sentence: verdictCounts(r), Problem: statement(r.Problem), Evidence: judgedBy(r)}
	for _, w := range r.Rows {
		x.Scenarios = append(x.Scenarios, examinedScenario(w))
		if x.Client == "" && w.Client != "" {
			x.Client = name(w.Client)
		}
	}
	x.Remedies, x.Remarks = remedies(r), remarks(r)
	return x
}

// WriteExamined writes what came of many scenarios, for a person at a terminal: the outcome
// first, then a row for each, and what to do about those that failed.
func WriteExamined(w io.Writer, r *examined.Report, o Options) error {
	p, x := newPage(w, o.Width, o.Color), ExaminedOf(r)
	p.wrap(x.Word+"   ", len(x.Word)+3, x.Sentence, mark{x.Word, outcomes[r.Outcome].style})
	if x.Problem != "" {
		p.wrap("  !  ", 5, x.Problem, mark{"  !  ", red})
	}
	p.wrap("judged ", 7, x.Evidence)
	p.line("")
	p.scenarios(r, x)
	p.remedies(x)
	for i, remark := range x.Remarks {
		if i == 0 {
			p.line("")
		}
		p.wrap("  ", 4, strings.Join(remark.Scenarios, ", ")+": "+remark.Text)
	}
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

// verdictCounts says how many scenarios have which verdict.
func verdictCounts(r *examined.Report) string {
	var parts []string
	for _, v := range []examined.Verdict{examined.Failed, examined.Passed, examined.NotKnown, examined.Declined, examined.LeftOut} {
		if n := r.Count(v); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, verdictWord(v)))
		}
	}
	return fmt.Sprintf("%s: %s.", plural.Count(int64(len(r.Rows)), "scenario"), strings.Join(parts, ", "))
}

func verdictWord(v examined.Verdict) string { return strings.ReplaceAll(string(v), "-", " ") }

// judgedBy says what the verdicts of r rest on.
func judgedBy(r *examined.Report) string {
	if r.Evidence == examined.OnTheWire {
		return "on the wire, by the packets"
	}
	text := "by what the server saw: counts and closers, no packets"
	if r.Because != "" {
		text += " (" + statement(r.Because) + ")"
	}
	return text
}

var rowStyles = map[examined.Verdict]style{examined.Failed: red, examined.NotKnown: yellow}

func examinedScenario(w *examined.Row) ExaminedScenario {
	s := ExaminedScenario{Name: name(w.Scenario), Asked: fmt.Sprint(w.Requests), Opened: fmt.Sprint(w.Connections),
		Ideal: w.NeededBounds().String(), Word: verdictWord(w.Verdict), Tone: toneOf(rowStyles[w.Verdict]), Cause: name(w.Cause)}
	if w.Verdict == examined.LeftOut || w.Requests == 0 {
		s.Asked, s.Opened, s.Ideal = "-", "-", "-"
	}
	return s
}

// scenarios writes the table.
func (p *page) scenarios(r *examined.Report, x *Examined) {
	wide := len("scenario")
	for _, s := range x.Scenarios {
		wide = max(wide, len(s.Name))
	}
	p.line(fmt.Sprintf("  %-*s  asked  opened  ideal  verdict    cause", wide, "scenario"))
	for i, s := range x.Scenarios {
		p.line(fmt.Sprintf("  %-*s  %5s  %6s  %5s  %-9s  %s", wide, s.Name, s.Asked, s.Opened, s.Ideal, s.Word, s.Cause),
			mark{s.Word, rowStyles[r.Rows[i].Verdict]})
	}
}

// remedies returns what to do about each cause, once, and where it was met.
func remedies(r *examined.Report) (all []ExaminedRemedy) {
	for _, w := range r.Rows {
		if w.Cause == "" {
			continue
		}
		cause := name(w.Cause)
		i := slices.IndexFunc(all, func(m ExaminedRemedy) bool { return m.Cause == cause })
		if i < 0 {
			i = len(all)
			all = append(all, ExaminedRemedy{Cause: cause, Text: "tcpwarm explain " + cause})
		}
		all[i].Scenarios = append(all[i].Scenarios, name(w.Scenario))
		if w.Knob != "" {
			all[i].Text = statement(w.Knob)
		}
	}
	return all
}

func (p *page) remedies(x *Examined) {
	if len(x.Remedies) == 0 {
		return
	}
	p.line("")
	title := "what to do"
	if x.Client != "" {
		title += "   (the client calls itself " + x.Client + ")"
	}
	p.line(title)
	for _, m := range x.Remedies {
		p.wrap(fmt.Sprintf("  %s  ", m.Cause), 4, fmt.Sprintf("%s   [%s]", m.Text, strings.Join(m.Scenarios, ", ")))
	}
}

// remarks returns the reasons of those that did not pass, each once, and the expectations that did
// not hold.
func remarks(r *examined.Report) (all []ExaminedRemark) {
	say := func(w *examined.Row, text string) {
		text = statement(text)
		i := slices.IndexFunc(all, func(m ExaminedRemark) bool { return m.Text == text })
		if i < 0 {
			i = len(all)
			all = append(all, ExaminedRemark{Text: text})
		}
		all[i].Scenarios = append(all[i].Scenarios, name(w.Scenario))
	}
	for _, w := range r.Rows {
		if w.Why != "" {
			say(w, w.Why)
		}
		if w.About != "" {
			say(w, w.About)
		}
		if w.Exit != 0 && w.Verdict == examined.Passed {
			say(w, fmt.Sprintf("the command fetched all, and ended with exit code %d", w.Exit))
		}
		for _, e := range w.Expectations {
			if e.Held == nil || !*e.Held {
				say(w, fmt.Sprintf("%s: measured %s", e.Text, e.Measured))
			}
		}
	}
	return all
}
