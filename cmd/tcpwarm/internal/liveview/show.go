package liveview

import (
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	tea "charm.land/bubbletea/v2"
	"golang.org/x/term"

	"tcpwarm/analyze/report/printable"
)

// Options say how a View is shown.
type Options struct {
	Title string
	In    *os.File // a terminal's, which has the keys; nil: somebody else gets them
	Out   *os.File // a terminal's
	Color bool
	End   func() // asks for the capture's end, as Ctrl-C does
	Leave func() // is for q; nil: that is End, too
	Save  func(text string) (name string, err error)
	Said  func() (last string, lines int64) // what a command that is watched prints; nil: there is none

	beside bool // a command has the terminal, too
}

// terminal is the terminal that there is in any case.
func (o *Options) terminal() *os.File {
	if o.In != nil {
		return o.In
	}
	return o.Out
}

// A View is shown on a terminal until it is closed.
type View struct {
	program *tea.Program
	tty     *os.File
	was     *term.State
	guard   *guard // nil: there is none
	ended   chan struct{}
	once    sync.Once
}

// closing is how long a terminal may take to be given back: one whose output is held up by Ctrl-S takes nothing.
const closing = 200 * time.Millisecond

// leavesView is written to leave what a view may have left on: an update that is shown at once in its end, the protocols
// of keys, the screen of its own, pastes in brackets, and clusters of characters (xterm's control sequences, and kitty's
// keyboard protocol).
const leavesView = "\x1b[?2026l\x1b[>4m\x1b[<1u\x1b[?1049l\x1b[?2004l\x1b[?2027l"

// Show begins to show w. Close gives the terminal back; so does the signal SIGQUIT, before it does what it does,
// and, where the program calls Guard first of all, whatever else may end it.
func Show(w *Watch, o Options) (*View, error) {
	tty := o.terminal()
	was, err := term.GetState(int(tty.Fd()))
	if err != nil {
		return nil, err
	}
	m := &model{Options: o, watch: w, title: printable.Clean(o.Title), snap: w.Latest()}
	v := &View{tty: tty, was: was, ended: make(chan struct{})}
	v.guard, _ = startGuard(tty, o.Out, leavesView) // without one the view is as good while nothing goes wrong
	var keys io.Reader                              // nil: bubbletea takes none
	if o.In != nil {
		keys = o.In
	}
	v.program = tea.NewProgram(m, tea.WithInput(keys), tea.WithOutput(o.Out), tea.WithoutSignalHandler(), tea.WithFPS(20))
	go func() {
		defer close(v.ended)
		v.program.Run() // its error is that the terminal is gone: the capture goes on without it
	}()
	go v.quit()
	return v, nil
}

// quit gives the terminal back before SIGQUIT ends the program.
func (v *View) quit() {
	quits := make(chan os.Signal, 1)
	signal.Notify(quits, syscall.SIGQUIT)
	defer signal.Stop(quits)
	select {
	case <-v.ended:
	case <-quits:
		v.Close()
		signal.Reset(syscall.SIGQUIT)
		if self, err := os.FindProcess(os.Getpid()); err == nil {
			self.Signal(syscall.SIGQUIT)
		}
	}
}

// Close ends the view and gives the terminal back as it was. It may be called more than once, also while another
// call has not returned, and of nil.
func (v *View) Close() {
	if v == nil {
		return
	}
	v.once.Do(func() {
		go v.program.Quit()
		select {
		case <-v.ended:
		case <-time.After(closing):
			v.program.Kill()
			select {
			case <-v.ended:
			case <-time.After(closing):
			}
		}
		term.Restore(int(v.tty.Fd()), v.was)
		v.guard.release()
	})
}
