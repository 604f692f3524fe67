package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"tcpwarm/analyze/report"
	"tcpwarm/cmd/tcpwarm/internal/liveview"
)

// besideVerify is verify of a shell script on a terminal, with nothing asked of the view. The script finds this program's
// client in $SELF; cmd's folder is where it runs.
func besideVerify(t *testing.T, binary, script string, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	args = append(append([]string{"verify", "-i", "lo", "--expect", "connections<=4"}, args...), "--", "sh", "-c", script)
	ctx, end := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(end)
	cmd := exec.CommandContext(ctx, binary, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "SELF="+self)
	return cmd
}

// untilNext is untilDone for scripts in which it comes more than once.
const untilNext = untilDone + "rm done; "

// goOn lets the command of a trial go on from untilDone.
func goOn(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(cmd.Dir, "done"), nil, 0o666); err != nil {
		t.Fatal(err)
	}
}

// rule is what a view below what a command prints begins with.
const rule = "────────"

// isShown waits for such a view in the last lines, and there only.
func (s *seat) isShown(what string) {
	s.t.Helper()
	var shown []string
	for range 200 {
		s.mu.Lock()
		columns, lines := s.screen.Width(), s.screen.Height()
		shown = strings.Split(s.screen.String(), "\n")
		s.mu.Unlock()
		begins := slices.IndexFunc(shown, func(l string) bool { return strings.HasPrefix(l, rule) })
		all := strings.Join(shown, "\n")
		if begins == lines-liveview.RowsOf(columns, lines) && strings.Count(all, rule) == columns/8 &&
			strings.Contains(all, "4 requests on 4 connections: 1 needed, ") && strings.Contains(shown[lines-1], "Ctrl-C end") {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.t.Errorf("%s: there is no view, or elsewhere\n%s", what, strings.Join(shown, "\n"))
}

// untilNot waits for the screen to show text no more.
func (s *seat) untilNot(what, text string) {
	s.t.Helper()
	for range 200 {
		if !strings.Contains(s.shown(), text) {
			return
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.t.Errorf("%s: there still is %q in\n%s", what, text, s.shown())
}

// isWhole checks that what is printed scrolls through all lines of the terminal, and nothing of a view is left there.
func (s *seat) isWhole(what string) {
	s.t.Helper()
	s.mu.Lock()
	lines := s.screen.Height()
	s.mu.Unlock()
	io.WriteString(s.theirs, strings.Repeat("\n", lines)+"the last line")
	shown := strings.Split(s.until(what, "the last line"), "\n")
	if len(shown) != lines || !strings.HasPrefix(shown[lines-1], "the last line") || strings.Contains(strings.Join(shown, ""), rule) {
		s.t.Errorf("%s: it scrolls otherwise:\n%s", what, strings.Join(shown, "\n"))
	}
}

// Without being asked, verify shows below what its command prints what goes on, at three sizes: lines come as they are
// printed, the view keeps its place while they scroll, and also on a terminal of another size. In the end all of them
// have come, then the report that there is without a view.
func TestVerifyShowsBelowWhatIsPrinted(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for _, size := range [][2]int{{60, 20}, {100, 30}, {200, 60}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			t.Parallel()
			port, request, _ := eachItsOwn(t)
			s := newSeat(t, size[0], size[1])
			before := s.modes()
			cmd := besideVerify(t, binary, "test -t 1 && echo one; echo two >&2; "+fourOnFour+untilNext+
				`seq 1 100; printf 'a \033[31mbar: 50'; `+untilNext+`printf '\rthe bar\033[m\n'; set -- $(stty size <&2); echo "$* left"; `+untilNext)
			s.start(cmd)
			request() // is not the command's
			s.until("after requests", "one", "two", "lanes of 127.0.0.1", "missed, so far")
			s.isShown("after requests")
			if s.altScreen() || s.modes() != before || strings.Contains(s.shown(), ":"+port) {
				t.Errorf("on a screen of its own, in another mode, or with another's connections:\n%s", s.shown())
			}
			goOn(t, cmd)
			s.until("what is printed", "98", "99", "100", "a bar: 50")
			s.isShown("while lines scroll")
			goOn(t, cmd)
			n := liveview.RowsOf(size[0], size[1])
			s.until("the bar, in its place", "100", "the bar50", fmt.Sprintf("%d %d left", size[1]-n, size[0]))
			s.isShown("while a bar moves")
			s.resize(size[0]+17, size[1]+5)
			s.isShown("on a larger terminal")
			goOn(t, cmd)
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
			s.until("the report", "seen ")
			s.isBack(before)
			s.isWhole("in the end")
			all := strings.ReplaceAll(controls.ReplaceAllString(s.came(), ""), "\r", "")
			if !strings.Contains(all, "\n98\n99\n100\n") || strings.Count(all, "PASS   4 requests used 4 connections") != 1 {
				t.Errorf("not all is there: %q", all)
			}
		})
	}
}

// A command has the terminal as it would without a view: it is in the foreground, and reads. Where it takes keys one by
// one, a password, or the whole screen, be it by the one or the other side, the view goes away and stays away.
func TestVerifyBesideReads(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for what, x := range map[string]struct {
		script, keys, says string
		stays              bool
	}{
		"a line":          {`printf 'name? '; read a; echo "it is $a"`, "bob\r", "it is bob", true},
		"the foreground":  {`set -- $(cat /proc/$$/stat); test $5 = $8 && echo "in front"`, "", "in front", true},
		"clears":          {`printf 'gone\033[H\033[2Jcleared\n'`, "", "cleared", true},
		"/dev/tty":        {`printf 'who? ' >/dev/tty; read a </dev/tty; echo "it is $a"`, "eve\r", "it is eve", true},
		"a password":      {`printf 'secret? '; stty -echo; read a; stty echo; echo; echo "of ${#a}"`, "word\r", "of 4", false},
		"keys":            {`m=$(stty -g); stty -icanon -echo min 1; echo press; dd bs=1 count=1 2>/dev/null; stty $m; echo " was it"`, "k", "k was it", false},
		"by what it has":  {`stty -icanon -echo min 1 <&1; echo press; dd bs=1 count=1 2>/dev/null; stty echo <&1; echo " was it"`, "k", "k was it", false},
		"the screen":      {`printf '\033[?1049h\033[5;5Hfull'; sleep 0.2; stty size <&1; read a; printf '\033[?1049lback\n'`, "\r", "back", false},
		"part of a word":  {`printf '\033[?10'; sleep 0.2; printf '49hfull'; read a; printf '\033[?1049lback\n'`, "\r", "back", false},
		"a pager":         {`seq 1 100 | LESS= less; echo "and on"`, "q", "and on", false},
		"a cursor it has": {`printf 'here\0337 there\0338!\n'; sleep 0.1; echo saved`, "", "here!there", false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath("less"); err != nil && strings.Contains(x.script, "less") {
				t.Skip("less is not here")
			}
			s := newSeat(t, 100, 30)
			before := s.modes()
			cmd := besideVerify(t, binary, fourOnFour+untilNext+x.script+"; "+untilNext)
			s.start(cmd)
			s.isShown("at first")
			goOn(t, cmd)
			if x.keys != "" {
				for _, sign := range []string{"name?", "who?", "secret?", "press", "full", "29"} {
					if strings.Contains(x.script, sign) || sign == "29" && what == "a pager" {
						s.until("a question", sign)
					}
				}
				if !x.stays {
					s.untilNot("a question", rule)
				}
				s.press(x.keys)
			}
			s.until("an answer", x.says)
			if x.stays {
				s.isShown("afterwards")
			} else if strings.Contains(s.shown(), rule) {
				t.Errorf("the view is back:\n%s", s.shown())
			}
			goOn(t, cmd)
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
			s.until("the report", "seen ")
			s.isBack(before)
			s.isWhole("in the end")
			if what == "the screen" && !strings.Contains(s.came(), "\n30 100\r") {
				t.Errorf("not all of the screen: %q", s.came())
			}
		})
	}
}

// However it is ended, or its viewer, the terminal is as it was, and exit codes are as they are without a view.
func TestVerifyBesideEnds(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for name, x := range map[string]struct {
		end  func(s *seat, cmd *exec.Cmd)
		code int
	}{
		"by itself":        {func(s *seat, cmd *exec.Cmd) { goOn(s.t, cmd) }, exitCommand},
		"viewer is killed": {func(s *seat, cmd *exec.Cmd) { syscall.Kill(viewerOf(cmd), syscall.SIGKILL) }, exitCommand},
		"Ctrl-C":           {func(s *seat, cmd *exec.Cmd) { s.press("\x03") }, exitInput},
		"SIGTERM":          {func(s *seat, cmd *exec.Cmd) { cmd.Process.Signal(syscall.SIGTERM) }, exitInput},
		"SIGHUP":           {func(s *seat, cmd *exec.Cmd) { cmd.Process.Signal(syscall.SIGHUP) }, exitInput},
		"SIGKILL":          {func(s *seat, cmd *exec.Cmd) { cmd.Process.Kill() }, -1},
		"SIGKILL to all": {func(s *seat, cmd *exec.Cmd) {
			syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		}, -1},
		"viewer is stopped": {func(s *seat, cmd *exec.Cmd) {
			syscall.Kill(viewerOf(cmd), syscall.SIGSTOP)
			goOn(s.t, cmd)
		}, exitCommand},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSeat(t, 100, 30)
			before := s.modes()
			cmd := besideVerify(t, binary, "echo first; "+fourOnFour+untilDone+"echo last; exit 7", "--format", "json", "--report", "json=report")
			s.start(cmd)
			s.isShown("at first")
			x.end(s, cmd)
			if name == "viewer is killed" {
				s.until("without the view", "the view has ended (signal: killed)")
				s.untilNot("without the view", rule)
				goOn(t, cmd)
			}
			cmd.Wait()
			if code := cmd.ProcessState.ExitCode(); code != x.code {
				t.Errorf("exit code %d, want %d", code, x.code)
			}
			s.isBack(before)
			s.isWhole("in the end")
			if came := s.came(); !strings.Contains(came, "first\r") || strings.Contains(came, "last\r") != (x.code == exitCommand) {
				t.Errorf("what was printed: %q", came)
			}
			if x.code == -1 {
				return
			}
			var r report.Report
			if err := json.Unmarshal(readAll(t, filepath.Join(cmd.Dir, "report")), &r); err != nil || r.Totals.Transactions != 4 || r.Command.Exit == 0 {
				t.Errorf("%v, %+v", err, r.Command)
			}
		})
	}
}

// What Ctrl-Z stops is stopped as without a view, which is not there while the shell has the terminal.
func TestVerifyBesideIsSuspended(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	s := newSeat(t, 100, 30)
	before := s.modes()
	ctx, end := context.WithTimeout(t.Context(), time.Minute)
	defer end()
	verify := besideVerify(t, binary, fourOnFour+untilNext+"echo went on; "+untilNext)
	cmd := exec.CommandContext(ctx, "bash", append([]string{"-mc", `"$@"; echo "stopped: $?"; read line; echo "have $line"; fg; echo "code $?"`, "bash"}, verify.Args...)...)
	if cmd.Err != nil {
		t.Skip("bash is not here")
	}
	cmd.Dir, cmd.Env = verify.Dir, verify.Env
	s.start(cmd)
	s.isShown("at first")
	s.press("\x1a")
	s.until("stopped", "stopped: 147")
	goesAway := !strings.Contains(s.shown(), rule)
	goOn(t, cmd)
	s.press("some\r")
	if s.until("stopped", "have some"); !goesAway {
		t.Errorf("the view was still there when the shell had the terminal")
	}
	s.until("goes on", "went on")
	s.isShown("goes on")
	goOn(t, cmd)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	s.until("the end", "code 0")
	s.isBack(before)
	s.isWhole("in the end")
}

// Where nobody looks, where it is not wanted, or for a command that soon ends, there is no view; and but for the last
// nothing is between the command and its terminal or file.
func TestVerifyBesideIsNotForAll(t *testing.T) {
	binary := liveBinary(t)
	rooted(t)
	for what, x := range map[string]struct {
		args   []string
		script string
		tall   int
		output bool
		direct bool
	}{
		"soon over":      {nil, fourOnFour, 30, false, false},
		"not wanted":     {[]string{"--live", "never"}, fourOnFour + "sleep 1.5", 30, false, true},
		"to a file":      {nil, fourOnFour + "sleep 1.5", 30, true, true},
		"a low terminal": {nil, fourOnFour + "sleep 1.5", 12, false, false},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newSeat(t, 100, x.tall)
			cmd := besideVerify(t, binary, `test $(readlink /proc/self/fd/2) = $(readlink /proc/self/fd/0) && echo direct || echo between; `+x.script, x.args...)
			if x.output {
				cmd.Stdout = io.Discard
			}
			began := time.Now()
			s.start(cmd)
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); !x.direct && x.tall > 12 && took > viewAfter {
				t.Skipf("the machine is busy: the command was not soon over, but took %v", took)
			}
			says := map[bool]string{true: "direct", false: "between"}[x.direct]
			s.isWhole("in the end")
			if came := s.came(); !strings.Contains(came, says) || strings.Contains(came, rule) || strings.Contains(came, "\x1b7") {
				t.Errorf("%q", came)
			}
		})
	}
}

// Under sudo the viewer has given root up, and the command, which runs as the same user, may open what it prints to by
// its name.
func TestVerifyBesideUnderSudo(t *testing.T) {
	s := newStage(t, liveBinary(t))
	at := newSeat(t, 100, 30)
	before := at.modes()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	client := filepath.Join(filepath.Dir(s.own), "client")
	if err := os.WriteFile(client, readAll(t, self), 0o755); err != nil { // where it is, the caller may not enter
		t.Fatal(err)
	}
	cmd := s.verify("echo by name >/dev/stderr; id -u; "+fourOnFour+untilDone, "--expect", "connections<=4")
	cmd.Env = append(cmd.Env, "SELF="+client)
	at.start(cmd)
	at.until("what is printed", "by name", "65534")
	at.isShown("at first")
	status := string(readAll(t, fmt.Sprintf("/proc/%d/status", viewerOf(cmd))))
	if !strings.Contains(status, "Uid:\t65534\t65534\t65534\t65534\n") || !strings.Contains(status, "CapEff:\t0000000000000000\n") {
		t.Error(status)
	}
	goOn(t, cmd)
	if err := cmd.Wait(); err != nil {
		t.Error(err, at.came())
	}
	at.isBack(before)
	s.untouched(t)
	if left := s.left(t); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}
