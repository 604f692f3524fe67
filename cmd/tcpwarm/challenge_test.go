//go:build unix

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	validator "github.com/santhosh-tekuri/jsonschema/v6"

	"tcpwarm/analyze/report/examined"
	"tcpwarm/pcaps/scenario"
)

// Tests wait for less: their clients start at once.
func init() {
	clientPatience.First, clientPatience.Next, clientPatience.Then = 3*time.Second, time.Second, 300*time.Millisecond
}

// examine has the challenge examine a client of this test program.
func examine(t *testing.T, kind string, args ...string) (r *examined.Report, code int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return examineCommand(t, []string{"env", challengeClient + "=" + kind, self}, args...)
}

// examineCommand has the challenge examine a command, and its JSON be that of the schema.
func examineCommand(t *testing.T, command []string, args ...string) (r *examined.Report, code int) {
	t.Helper()
	all := slices.Concat([]string{"challenge", "--format", "json"}, args, []string{"--"}, command)
	var out, errs bytes.Buffer
	code = run(context.Background(), all, strings.NewReader(""), &out, &errs)
	r = new(examined.Report)
	if err := json.Unmarshal(out.Bytes(), r); err != nil {
		t.Fatalf("%s: %v\n%s%s", command, err, out.String(), errs.String())
	}
	schema, err := validator.UnmarshalJSON(bytes.NewReader(examined.SchemaJSON))
	if err != nil {
		t.Fatal(err)
	}
	compiler := validator.NewCompiler()
	if err := compiler.AddResource("challenge", schema); err != nil {
		t.Fatal(err)
	}
	report, err := validator.UnmarshalJSON(bytes.NewReader(out.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := compiler.MustCompile("challenge").Validate(report); err != nil {
		t.Errorf("%s: the JSON is not that of the schema: %v", command, err)
	}
	return r, code
}

// rows writes verdicts and causes as NAME VERDICT CAUSE, passed ones left out.
func rows(r *examined.Report) (all []string) {
	for _, w := range r.Rows {
		if w.Verdict != examined.Passed {
			all = append(all, strings.TrimSpace(fmt.Sprint(w.Scenario, " ", w.Verdict, " ", w.Cause)))
		}
	}
	return all
}

// names returns those scenarios' names that a function holds for.
func names(fits func(*scenario.Scenario) bool) (all []string) {
	for i := range scenario.All {
		if s := &scenario.All[i]; fits(s) {
			all = append(all, s.Name)
		}
	}
	return all
}

// quick are the scenarios without pauses.
const quick = "[^ih]*,head,http10,http2-[ogs]*"

// needsNoReuse are scenarios in which a connection for each URL is right.
var needsNoReuse = []string{"idle-beyond-announced", "idle-beyond-unannounced", "http10"}

// Each scenario is passed by a client that is good, and failed by one that is bad: by each that
// is bad at it, and by no other. What the server saw and what the wire showed of the same
// connections agree.
func TestChallengeTellsGoodFromBad(t *testing.T) {
	if testing.Short() {
		t.Skip("short: TestChallengeInShort has some")
	}
	each := []string{}
	for _, name := range names(func(s *scenario.Scenario) bool { return s.Family != scenario.H2C && !s.Pauses() }) {
		switch {
		case name == "tls-resumption":
			each = append(each, name+" failed tls-not-resumed")
		case !slices.Contains(needsNoReuse, name):
			each = append(each, name+" failed missed")
		}
	}
	for _, c := range []struct {
		kind     string
		only     string // globs
		families []scenario.Family
		want     []string
	}{
		{kind: "good"},
		{kind: "each", only: quick, want: each},
		{kind: "go", only: "[fnortu]*,http2-[ogs]*",
			want: []string{"five-at-once-twice failed client-closed", "tls-resumption failed tls-not-resumed"}},
		{kind: "gives up", only: "one*,idle-beyond*,close*,http10,[hnru]*", families: []scenario.Family{scenario.HTTP1},
			want: slices.Concat(declined("head", "not-modified", "redirect-chain", "unauthorized"),
				[]string{"idle-beyond-announced failed stale-reuse-race", "idle-beyond-unannounced failed stale-reuse-race",
					"close-announced failed stale-reuse-race", "close-unannounced failed stale-reuse-race",
					"close-on-request failed stale-reuse-race", "http10 failed stale-reuse-race"})},
		{kind: "said close", only: "one-after-another,chunked",
			want: []string{"one-after-another failed client-said-close", "chunked failed client-said-close"}},
		{kind: "http1", families: []scenario.Family{scenario.HTTP2, scenario.TLS},
			want: declined("http2-one-connection", "http2-stream-limit", "http2-goaway", "http2-ping")},
		{kind: "h2c", only: "h2c*"},
		{kind: "good", only: "h2c*", want: declined("h2c-one-connection")},
	} {
		t.Run(c.kind+" "+c.only, func(t *testing.T) {
			t.Parallel()
			r := examineBoth(t, c.kind, c.only, c.families)
			if got := rows(r); !slices.Equal(got, c.want) {
				t.Errorf("got  %q\nwant %q", got, c.want)
			}
		})
	}
}

func declined(list ...string) (all []string) {
	for _, name := range list {
		all = append(all, name+" declined")
	}
	return all
}

// examineBoth has a client of this test program examined, and judged by what the server saw: and
// on the wire, too, if that can be captured.
func examineBoth(t *testing.T, kind, only string, families []scenario.Family) *examined.Report {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	var globs []string
	if only != "" {
		globs = strings.Split(only, ",")
	}
	chosen, err := scenario.Choose(globs, families)
	if err != nil {
		t.Fatal(err)
	}
	x := &examination{evidence: choice{value: "auto"}}
	s, err := x.play(t.Context(), chosen, []string{"env", challengeClient + "=" + kind, self})
	if err != nil || s.err != nil {
		t.Fatal(err, s.err)
	}
	defer s.close()
	if s.rec == nil {
		t.Log("judged by the server only:", s.noRec)
	}
	r := new(examined.Report)
	for _, p := range s.runs {
		server, err := x.judge(t.Context(), p, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Rows = append(r.Rows, server)
		if s.rec == nil {
			continue
		}
		wire, err := x.judge(t.Context(), p, s.rec, s.ended)
		if err != nil {
			t.Fatal(err)
		}
		agreed := *server
		if wire.Needed >= server.Needed && wire.NeededHigh <= server.NeededHigh { // the server may know bounds only
			agreed.Needed, agreed.NeededHigh = wire.Needed, wire.NeededHigh
		}
		if !reflect.DeepEqual(wire, &agreed) {
			t.Errorf("%s:\nserver %+v\nwire   %+v", wire.Scenario, server, wire)
		}
	}
	return r
}

// A client that does not do what is asked never passes.
func TestChallengeInShort(t *testing.T) {
	t.Parallel()
	const few = "one-after-another,tls-one-after-another"
	not := "one-after-another not-known,tls-one-after-another not-known"
	for _, c := range []struct {
		kind, want string
		code       int
	}{
		{"good", "", exitOK},
		{"each", "one-after-another failed missed,tls-one-after-another failed missed", exitFinding},
		{"nothing", not, exitUnknown},
		{"half", not, exitUnknown},
		{"twice", not, exitUnknown},
		{"other", not, exitUnknown},
		{"untrusting", "tls-one-after-another not-known", exitUnknown},
	} {
		r, code := examine(t, c.kind, "--evidence", "server", "--only", few)
		if got := strings.Join(rows(r), ","); got != c.want || code != c.code {
			t.Errorf("%s: exit code %d, want %d\ngot  %q\nwant %q", c.kind, code, c.code, got, c.want)
		}
	}
}

// examples are the README's commands, the program that each needs, and what it printed.
var examples = regexp.MustCompile("(?m)^    (tcpwarm challenge (.*) -- (\\S+)(.*))\n\n```\n(?s:(.*?))^```\n")

// The README says of Node, without a table, which scenarios it fails.
func TestREADMEOnNode(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not here")
	}
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Parallel()
	_, said, _ := strings.Cut(string(b), "\nNode passes all that it does not decline but three:")
	said, _, _ = strings.Cut(said, "\n\n")
	args := []string{"challenge", "--only", "one*,five*,redirect*,close*", "--", "node", "../../pcaps/lab/clients/node/lines.mjs"}
	var out bytes.Buffer
	run(t.Context(), args, strings.NewReader(""), &out, io.Discard)
	failed := 0
	for _, row := range regexp.MustCompile(`(?m)^  (\S+) .* failed +(\S+)$`).FindAllStringSubmatch(out.String(), -1) {
		failed++
		for _, word := range row[1:] {
			if !strings.Contains(said, "`"+word+"`") {
				t.Errorf("%s is not in %q", word, said)
			}
		}
	}
	if failed != 3 {
		t.Errorf("%d scenarios failed\n%s", failed, out.String())
	}
}

// The README's tables are true, where its clients are here in the same version.
func TestREADMEOnChallenge(t *testing.T) {
	b, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	all := examples.FindAllStringSubmatch(string(b), -1)
	if len(all) != 2 {
		t.Fatalf("%d commands with a table, want 2", len(all))
	}
	played, err := scenario.Choose(nil, nil)
	if err != nil || !strings.Contains(string(b), fmt.Sprintf("each of %d scenarios", len(played))) {
		t.Errorf("there are %d scenarios (%v)", len(played), err)
	}
	for i := range played {
		if !strings.Contains(index(), played[i].Name) {
			t.Errorf("%s is in no family that the index has", played[i].Name)
		}
	}
	if !strings.Contains(string(b), "```\n"+index()+"```\n") {
		t.Errorf("the scenarios are others:\n%s", index())
	}
	for _, p := range programs {
		text, err := os.ReadFile(lab + p.source)
		if err != nil || !strings.Contains(string(b), "```"+p.language+"\n"+string(text)+"```\n") {
			t.Errorf("the program in %s is another one (%v)", p.language, err)
		}
	}
	if testing.Short() {
		t.Skip("short")
	}
	for _, m := range all {
		t.Run(m[3], func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(m[3]); err != nil {
				t.Skip(m[3], "is not here")
			}
			args := append([]string{"challenge"}, strings.Fields(strings.ReplaceAll(m[2], "'", ""))...)
			args = append(append(args, "--", m[3]), strings.Fields(strings.ReplaceAll(m[4], "pcaps/", "../../pcaps/"))...)
			var out, errs bytes.Buffer
			run(t.Context(), args, strings.NewReader(""), &out, &errs)
			if got, want := clientIn(out.String()), clientIn(m[5]); got != want {
				t.Skipf("this is %q, the README has %q", got, want)
			}
			if got, want := tableIn(out.String()), tableIn(m[5]); got != want {
				t.Errorf("%s: the README shows\n%s\nthe command gives\n%s", m[1], want, got)
			}
		})
	}
}

// lab is where the lab's clients are.
const lab = "../../pcaps/lab/clients/"

// programs are the README's, and what makes and runs them.
var programs = []struct {
	language, source string
	build            []string // {out} is a file that it makes
	run              []string
}{
	{"python", "python/lines.py", []string{"python3", "-c", "import requests"}, []string{"python3", lab + "python/lines.py"}},
	{"js", "node/lines.mjs", []string{"node", "--version"}, []string{"node", lab + "node/lines.mjs"}},
	{"go", "go/lines/main.go", []string{"go", "build", "-o", "{out}", lab + "go/lines/main.go"}, []string{"{out}"}},
	{"rust", "rust/lines/main.rs", []string{"cargo", "build", "--quiet", "--locked", "--manifest-path", lab + "rust/lines/Cargo.toml"},
		[]string{lab + "rust/lines/target/debug/lines"}},
}

// The README's programs speak the contract: they do what is asked of them, in clear and in TLS.
func TestREADMEsPrograms(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	for _, p := range programs {
		t.Run(p.language, func(t *testing.T) {
			t.Parallel()
			out := filepath.Join(t.TempDir(), "lines")
			in := func(words []string) (all []string) {
				for _, w := range words {
					all = append(all, strings.ReplaceAll(w, "{out}", out))
				}
				return all
			}
			build := in(p.build)
			if said, err := exec.CommandContext(t.Context(), build[0], build[1:]...).CombinedOutput(); err != nil && p.language != "go" {
				t.Skipf("its language, or what it needs of it, is not here: %v\n%s", err, said)
			} else if err != nil {
				t.Fatalf("%v\n%s", err, said)
			}
			r, code := examineCommand(t, in(p.run), "--evidence", "server", "--only",
				"one-after-another,chunked,error-bodies,close-announced,close-unannounced,http10,tls-one-after-another")
			if code != exitOK || r.Count(examined.Passed) != 7 {
				t.Errorf("exit code %d: %q", code, rows(r))
			}
		})
	}
}

// clientIn is what the client calls itself.
func clientIn(text string) string {
	_, after, _ := strings.Cut(text, "calls itself ")
	name, _, _ := strings.Cut(after, ")")
	return name
}

// tableIn is the table, without what verdicts rest on.
func tableIn(text string) string {
	_, table, _ := strings.Cut(text, "\n\n")
	table, _, _ = strings.Cut(table, "\n\n")
	return table
}

// A command that does not end is ended, with what it has started, and no scenario is passed by
// it. After some the rest is left out.
func TestChallengeEndsWhatHangs(t *testing.T) {
	old := clientPatience
	clientPatience.First, clientPatience.End = 100*time.Millisecond, 100*time.Millisecond
	defer func() { clientPatience = old }()
	marker := filepath.Join(t.TempDir(), "started")
	script := "echo $$ >>" + marker + "; sleep 1000 & wait"
	var out, errs bytes.Buffer
	args := []string{"challenge", "--evidence", "server", "--only", "[one]*", "--http1", "--", "sh", "-c", script}
	code := run(t.Context(), args, strings.NewReader(""), &out, &errs)
	if n := strings.Count(out.String(), " not known"); code != exitUnknown || n < mostHung || strings.Contains(out.String(), " passed") ||
		!strings.Contains(out.String(), "several times") {
		t.Errorf("exit code %d\n%s%s", code, out.String(), errs.String())
	}
	pids, err := os.ReadFile(marker)
	if err != nil || len(strings.Fields(string(pids))) != mostHung {
		t.Errorf("%q %v", pids, err)
	}
	for _, pid := range strings.Fields(string(pids)) {
		n, err := strconv.Atoi(pid)
		if err != nil || syscall.Kill(-n, 0) == nil {
			t.Errorf("something of process group %s is left (%v)", pid, err)
		}
	}
}

// Under sudo root is given up before judging, and nothing that was root's is left behind.
func TestChallengeUnderSudoLeavesNothing(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	binary := liveBinary(t)
	temp := t.TempDir()
	if err := os.Chmod(filepath.Dir(temp), 0o755); err != nil { // so that it serves for what others have to read
		t.Fatal(err)
	}
	cmd := exec.Command(binary, "challenge", "--only", "chunked", "--", "sh", "-c", "id -u >&2; test -r $TCPWARM_CA || echo cannot read >&2")
	cmd.Env = append(os.Environ(), "SUDO_UID=65534", "SUDO_GID=65534", "SUDO_USER=nobody", "TMPDIR="+temp)
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != exitUnknown || !strings.Contains(string(out), "the command said: 65534") {
		t.Errorf("%v\n%s", err, out)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left: %v %v", left, err)
	}
}
