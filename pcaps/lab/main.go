package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	servers "tcpwarm/pcaps/scenario"
)

// workFolder tells the process in the namespace where the other has prepared.
const workFolder = "TCPWARM_LAB_WORK"

func main() {
	out := pflag.StringP("out", "o", "pcaps", "folder for captures and truths")
	dir := pflag.String("clients", "pcaps/lab/clients", "folder of the clients")
	pattern := pflag.String("run", ".", "record only scenarios that match this regular expression")
	list := pflag.Bool("list", false, "print the scenarios' names")
	examine := pflag.Bool("challenge", false, "instead have tcpwarm challenge examine the clients that match --run")
	var r races
	pflag.IntVar(&r.times, "times", 0, "with --challenge, examine so often and keep every outcome beside those that are there")
	pflag.StringSliceVar(&r.only, "only", nil, "with --times, only in these scenarios of tcpwarm challenge")
	readme := pflag.Bool("readme", false, "put the tables into README.md of the folder")
	pflag.Parse()
	if err := run(*out, *dir, *pattern, *list, *examine, *readme, r); err != nil {
		fmt.Fprintln(os.Stderr, "lab:", err)
		os.Exit(1)
	}
}

func run(out, dir, pattern string, list, examine, readme bool, r races) error {
	re, err := regexp.Compile(pattern)
	if err != nil {
		return err
	}
	job := chosenOf(re, examine, r)
	if list {
		for _, name := range job.names {
			fmt.Println(name)
		}
		return nil
	}
	if out, err = filepath.Abs(out); err != nil {
		return err
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return err
	}
	if err := recordAll(out, bench{clients: dir}, job); err != nil {
		return err
	}
	if readme && os.Getenv(inside) == "" {
		return putTables(out)
	}
	return nil
}

// A job is what is to be done in the namespace, and the toolchains that it needs.
type job struct {
	names []string
	tools map[string]bool
	do    func(out string, b bench) error
}

// chosenOf is the recording of the scenarios that match, or the examination of the clients that do.
func chosenOf(re *regexp.Regexp, examine bool, r races) job {
	j := job{tools: map[string]bool{}}
	if examine {
		j.tools["tcpwarm"] = true
		for _, name := range challenged {
			if re.MatchString(name) {
				j.names = append(j.names, name)
				j.tools[clients[name].tool] = true
			}
		}
		j.do = func(out string, b bench) error { return challengeHere(out, b, j.names, r) }
		return j
	}
	var chosen []*scenario
	for i := range scenarios {
		if s := &scenarios[i]; re.MatchString(s.name) {
			chosen = append(chosen, s)
			j.names = append(j.names, s.name)
			j.tools[clients[s.client].tool] = true
			if t := s.relayTool(); t != "" {
				j.tools[t] = true
			}
		}
	}
	j.do = func(out string, b bench) error { return recordHere(out, b, chosen) }
	return j
}

// recordAll prepares the toolchains here and does the job in the namespace.
func recordAll(out string, b bench, j job) error {
	if b.work = os.Getenv(workFolder); b.work != "" {
		if _, err := isolate(); err != nil {
			return err
		}
		return j.do(out, b)
	}
	if _, err := exec.LookPath("tcpdump"); err != nil {
		return errors.New("tcpdump is not here")
	}
	work, err := os.MkdirTemp("", "tcpwarm-lab")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	b.work = work
	var missing []string
	for name := range j.tools {
		if err := b.prepare(name); err != nil {
			fmt.Fprintf(os.Stderr, "skipped: all of %s: %v\n", name, err)
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	_, err = isolate(workFolder+"="+work, missingTools+"="+strings.Join(missing, ","))
	return err
}

// missingTools tells the process in the namespace which toolchains are not here.
const missingTools = "TCPWARM_LAB_MISSING"

// recordHere records and says of each whether it came out as declared.
func recordHere(out string, b bench, chosen []*scenario) error {
	r := &recorder{bench: b, out: out, certFile: filepath.Join(b.work, "cert.pem")}
	var err error
	if r.vouches, err = servers.NewAuthority(); err != nil {
		return err
	}
	if err := os.WriteFile(r.certFile, r.vouches.PEM, 0o644); err != nil {
		return err
	}
	missing := strings.Split(os.Getenv(missingTools), ",")
	wrong := 0
	for _, s := range chosen {
		if slices.Contains(missing, clients[s.client].tool) || s.relayTool() != "" && slices.Contains(missing, s.relayTool()) {
			fmt.Printf("%-28s skipped\n", s.name)
			continue
		}
		t, problems, err := r.recordAgain(s)
		if err != nil {
			fmt.Printf("%-28s FAILED: %v\n", s.name, err)
			wrong++
			continue
		}
		fmt.Printf("%-28s %d connections for %d requests   %s\n", s.name, t.Verdict.Used, t.Verdict.Transactions, t.Client)
		if len(problems) > 0 {
			fmt.Printf("%-28s NOT AS DECLARED: %s\n", s.name, strings.Join(problems, "; "))
			wrong++
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d scenarios are not as declared", wrong)
	}
	return nil
}
