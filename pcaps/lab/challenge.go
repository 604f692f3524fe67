package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"tcpwarm/analyze/report/examined"
	servers "tcpwarm/pcaps/scenario"
)

// challenged are the clients that tcpwarm challenge examines: each fetches URLs as linesMode says.
var challenged = []string{
	"node18", "node", "node24", "axios", "request", "agentkeepalive", "superagent", "got", "node-fetch",
	"undici", "undici8", "fetch", "fetch24", "ky", "reqwest11", "reqwest12", "reqwest", "hyper14", "hyper", "ureq",
	"go", "resty", "fasthttp", "curl", "wget", "phpcurl", "guzzle", "nethttp", "faraday",
	"requests", "urllib3", "httpx", "aiohttp", "boto3", "httpclient",
	"java", "urlconnection", "okhttp4", "okhttp", "apache4", "apache", "chromium"}

// atOnceChallenged is how many clients are examined at once: they wait more than they work.
const atOnceChallenged = 3

// An examination is what tcpwarm challenge says of a client: the JSON beside its samples.
type examination struct {
	Client    string            `json:"client"` // with its version
	Evidence  examined.Evidence `json:"evidence"`
	Scenarios []examinedRow     `json:"scenarios"` // each outcome is a row
}

// examinedRow is of the command's row what a table shows.
type examinedRow struct {
	Scenario    string           `json:"scenario"`
	Verdict     examined.Verdict `json:"verdict"`
	Requests    int64            `json:"requests"`
	Connections int64            `json:"connections"`
	Needed      int64            `json:"needed"`
	NeededHigh  int64            `json:"needed_high"`
	Cause       string           `json:"cause,omitempty"`
	Why         string           `json:"why,omitempty"`
}

// examinationFile is where what was said of a client is in dir.
func examinationFile(dir, client string) string {
	return filepath.Join(dir, clients[client].folder, client+".challenge.json")
}

// challengeHere has tcpwarm challenge examine clients, and writes what it says of each.
func challengeHere(out string, b bench, chosen []string, r races) error {
	var running sync.WaitGroup
	slots := make(chan struct{}, atOnceChallenged)
	failed := make([]error, len(chosen))
	missing := strings.Split(os.Getenv(missingTools), ",")
	for i, client := range chosen {
		if slices.Contains(missing, clients[client].tool) {
			fmt.Printf("%-28s skipped\n", client)
			continue
		}
		running.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			file := examinationFile(out, client)
			examine := b.examineAgain
			if r.times > 0 {
				examine = func(client, file string) (*examination, []string, error) { return b.race(client, file, r) }
			}
			e, other, err := examine(client, file)
			if err == nil {
				err = e.write(file)
			}
			if err != nil {
				failed[i] = fmt.Errorf("%s: %w", client, err)
				return
			}
			fmt.Printf("%-28s examined   %s\n", client, e.Client)
			for _, row := range other {
				fmt.Printf("%-28s ANOTHER THAN BEFORE: %s\n", client, row)
			}
		})
	}
	running.Wait()
	return errors.Join(failed...)
}

// examineAgain examines a client. Scenarios in which it comes out in another way than file says of the same
// version are played again, as often as a recording is tried: some hang on which of its threads is faster. other
// are those that stay different.
func (b *bench) examineAgain(client, file string) (e *examination, other []string, err error) {
	if e, err = b.examine(client); err != nil {
		return nil, nil, err
	}
	before, err := readExamination(file)
	if err != nil || before.Client != e.Client { // a new client, or a new version
		return e, nil, nil
	}
	for range tries - 1 {
		if other = e.others(before); len(other) == 0 {
			break
		}
		again, err := b.examine(client, other...)
		if err != nil {
			return nil, nil, err
		}
		e.takeFrom(again, before)
	}
	other = e.others(before)
	e.keepOutcomes(before)
	return e, other, nil
}

// keepOutcomes puts the other outcomes that before has of a scenario beside the one that e has, if that is among them.
func (e *examination) keepOutcomes(before *examination) {
	var all []examinedRow
	for _, row := range e.Scenarios {
		if before.has(row) {
			all = append(all, before.outcomes(row.Scenario)...)
		} else {
			all = append(all, row)
		}
	}
	e.Scenarios = all
}

// races says how often clients are examined to find all outcomes of some scenarios.
type races struct {
	times int
	only  []string
}

// race examines a client in some scenarios several times, and keeps every outcome beside those in file.
func (b *bench) race(client, file string, r races) (e *examination, other []string, err error) {
	if e, err = readExamination(file); err != nil {
		return nil, nil, err
	}
	for range r.times {
		again, err := b.examine(client, r.only...)
		if err != nil {
			return nil, nil, err
		}
		if again.Client != e.Client {
			return nil, nil, fmt.Errorf("%s was examined before, %s is here", e.Client, again.Client)
		}
		other = append(other, e.add(again)...)
	}
	return e, other, nil
}

// has reports whether row is as e says. Where that knows several outcomes of a scenario, which hang on a race, one
// with the same verdict will do.
func (e *examination) has(row examinedRow) bool {
	known := e.outcomes(row.Scenario)
	return slices.ContainsFunc(known, func(own examinedRow) bool {
		return own == row || len(known) > 1 && own.Verdict == row.Verdict
	})
}

// add puts outcomes of again with another verdict than those of e behind them, and names their scenarios.
func (e *examination) add(again *examination) (names []string) {
	for _, row := range again.Scenarios {
		if slices.ContainsFunc(e.outcomes(row.Scenario), func(own examinedRow) bool { return own.Verdict == row.Verdict }) {
			continue
		}
		names = append(names, row.Scenario)
		at := len(e.Scenarios)
		for i, own := range e.Scenarios {
			if own.Scenario == row.Scenario {
				at = i + 1
			}
		}
		e.Scenarios = slices.Insert(e.Scenarios, at, row)
	}
	return names
}

// others names the scenarios in which e has an outcome that before has not.
func (e *examination) others(before *examination) (names []string) {
	for _, row := range e.Scenarios {
		if !before.has(row) {
			names = append(names, row.Scenario)
		}
	}
	return names
}

// takeFrom puts those rows of again into e that are as before.
func (e *examination) takeFrom(again, before *examination) {
	for _, row := range again.Scenarios {
		if before.has(row) {
			i := slices.IndexFunc(e.Scenarios, func(own examinedRow) bool { return own.Scenario == row.Scenario })
			e.Scenarios[i] = row
		}
	}
}

// outcomes are the rows of one scenario: several, where the client races with itself.
func (e *examination) outcomes(scenario string) (rows []examinedRow) {
	for _, row := range e.Scenarios {
		if row.Scenario == scenario {
			rows = append(rows, row)
		}
	}
	return rows
}

// examine has tcpwarm challenge examine a client in some scenarios, or in all.
func (b *bench) examine(client string, only ...string) (*examination, error) {
	title, err := b.title(client)
	if err != nil {
		return nil, err
	}
	program := clients[client].command
	words := []string{"{work}/tcpwarm", "challenge", "--as-root", "--format", "json"}
	if len(only) > 0 {
		words = append(words, "--only", strings.Join(only, ","))
	}
	words = append(words, "--", b.command(program...).Args[0])
	words = append(append(words, program[1:]...), linesMode)
	if slices.Contains(takesArgs, client) {
		words = append(words, "{urls}")
	}
	c := b.command(words...)
	c.Env = append(os.Environ(), "NODE_NO_WARNINGS=1")
	var out, said bytes.Buffer
	c.Stdout, c.Stderr = &out, &said
	err = c.Run()
	var code *exec.ExitError
	if err != nil && !errors.As(err, &code) {
		return nil, err
	}
	r := new(examined.Report)
	if err := json.Unmarshal(out.Bytes(), r); err != nil {
		return nil, fmt.Errorf("%w: %s", err, lastLine(said.Bytes()))
	}
	if r.Problem != "" {
		return nil, errors.New(r.Problem)
	}
	e := &examination{Client: title, Evidence: r.Evidence}
	for _, w := range r.Rows {
		row := examinedRow{w.Scenario, w.Verdict, w.Requests, w.Connections, w.Needed, w.NeededHigh, w.Cause, ""}
		if w.Verdict == examined.NotKnown || w.Verdict == examined.Failed && w.Cause == "" {
			row.Why = w.Why
		}
		e.Scenarios = append(e.Scenarios, row)
	}
	return e, nil
}

func (e *examination) write(file string) error {
	b, err := json.MarshalIndent(e, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

func readExamination(file string) (*examination, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	e := new(examination)
	return e, json.Unmarshal(b, e)
}

// A part is some of the scenarios, a table each, since all are too many for one: those from first on.
type part struct {
	title, first string
	all          []*servers.Scenario
}

func parts() []part {
	all := []part{
		{title: "Bodies and statuses", first: "one-after-another"},
		{title: "Pauses, and who ends", first: "idle-below-announced"},
		{title: "TLS and HTTP/2", first: "tls-one-after-another"},
	}
	at := -1
	for i := range servers.All {
		s := &servers.All[i]
		if at+1 < len(all) && s.Name == all[at+1].first {
			at++
		}
		if s.Family != servers.H2C {
			all[at].all = append(all[at].all, s)
		}
	}
	return all
}

// examinedTables returns the tables of what tcpwarm challenge says of all clients.
func examinedTables(dir string) (string, error) {
	var b strings.Builder
	for _, p := range parts() {
		fmt.Fprintf(&b, "\n### %s\n\n| client |", p.title)
		for _, s := range p.all {
			fmt.Fprintf(&b, " %s |", s.Name)
		}
		b.WriteString("\n|---|" + strings.Repeat(":-:|", len(p.all)) + "\n")
		for _, client := range challenged {
			e, err := readExamination(examinationFile(dir, client))
			if err != nil {
				return "", err
			}
			fmt.Fprintf(&b, "| %s |", e.Client)
			for _, s := range p.all {
				cell := e.cell(s.Name)
				if cell == "" {
					return "", fmt.Errorf("%s was not examined in %s", client, s.Name)
				}
				fmt.Fprintf(&b, " %s |", cell)
			}
			b.WriteString("\n")
		}
	}
	return b.String() + "\n", nil
}

// cell is what a table shows of one scenario: an outcome of each verdict, the one that came first ahead. It is empty
// where the scenario was not examined.
func (e *examination) cell(scenario string) string {
	var cells []string
	for _, row := range e.outcomes(scenario) {
		cells = append(cells, row.cell())
	}
	return strings.Join(cells, " or ")
}

// cell is what a table shows of one outcome.
func (w *examinedRow) cell() string {
	switch w.Verdict {
	case examined.Passed:
		return fmt.Sprint(w.Connections)
	case examined.Failed:
		if w.Connections == w.Needed || w.Needed != w.NeededHigh {
			return fmt.Sprintf("**%d** ✗", w.Connections)
		}
		return fmt.Sprintf("**%d**/%d ✗", w.Connections, w.Needed)
	case examined.NotKnown:
		return "?"
	}
	return "–"
}
